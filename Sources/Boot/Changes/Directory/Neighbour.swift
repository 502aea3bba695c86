package import Linux

extension DirectoryChange {
    /// A directory that another one is to lie beside, on the same mount: beside the top of a volume there is only the
    /// container's own file system.
    package struct Neighbour: Equatable, Sendable {
        /// The directory.
        package let path: FilePath
        /// Where the other one is if what is beside the directory is on another mount.
        package let inside: FilePath

        package init(_ path: FilePath, orInside inside: FilePath) {
            self.path = path
            self.inside = inside
        }
    }

    /// The directory beside its neighbour, or inside. A volume of its own, mounted beside the neighbour, is wanted there.
    func besideNeighbour(on bench: Workbench) -> DirectoryChange {
        guard let neighbour = place.neighbour else { return self }
        let isElsewhere = try? bench.actors.acting(as: .user) { () throws(SystemCallError) -> Bool in
            if bench.tree.isInsideMount(neighbour.path) { return false }
            let (mount, beside) = (bench.tree.mount(at: neighbour.path), bench.tree.mount(at: path.parent))
            if mount == 0 || beside == 0 || mount == beside { return false }
            return [0, beside].contains(bench.tree.mount(at: path))
        }
        return isElsewhere == true ? moved(to: neighbour.inside) : self
    }
}
