package import Linux

// What a plan of an image cannot know.
extension Scratch {
    /// The directories of which nobody knows what is there before the pod has mounted its volumes.
    ///
    /// - Parameters:
    ///   - tree: the files of an image; whoever has stated what is mounted in it knows.
    ///   - home: the user's home, which a boot makes.
    @export(interface) package func unknownPlaces(in tree: FileTree, besides home: FilePath) -> [FilePath] {
        if tree.isRealRoot { return [] }
        let further = directories.filter { $0.owner != .root }.map { self.home.pushing($0.path) }
        var unknown: [FilePath] = []
        for place in [self.home, cache, workingDirectory] + further {
            let isCovered = place.starts(with: home) || unknown.contains { place.starts(with: $0) }
            if isCovered || Self.isOnVolume(place, in: tree) { continue }
            // What the image has in other places may be meant as it is.
            let isShared = place == self.home || place == cache
            if isShared || (try? tree.status(place, links: .follow)) == .some(nil) { unknown.append(place) }
        }
        return unknown
    }

    /// Whether a place, or the next directory above it that is there, lies on a mount of its own in a container that runs,
    /// or on what stands for a volume.
    private static func isOnVolume(_ place: FilePath, in tree: FileTree) -> Bool {
        if tree.isInVolume(place) { return true }
        guard let root = try? tree.open("/", [.pathOnly, .directory], links: .follow).mount else { return false }
        var place = place
        while true {
            do throws(SystemCallError) {
                return try tree.open(place, .pathOnly, links: .follow).mount != root
            } catch  where error.errno == .noSuchFileOrDirectory {
                guard place.removeLastComponent() else { return false }
            } catch {
                return false
            }
        }
    }
}
