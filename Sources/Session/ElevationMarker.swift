internal import Linux

extension ElevatedStart {
    /// The name of a file that says that a container has been made ready in this life of it.
    struct Marker {
        /// Which start leaves a marker; the marker's name begins with it.
        enum Kind: String, CaseIterable {
            /// A start with the capabilities of the program's file.
            case elevated = "elevated."
            /// A start as root, after which there is nothing left to make ready.
            case root = "root."
        }

        private let life: ContainerLife

        /// The marker's name.
        let name: FilePath.Component

        /// The marker of a start of this kind; `nil` where it cannot be told from others.
        ///
        /// - Throws: the error of looking.
        init?(_ kind: Kind, in tree: FileTree) throws(SystemCallError) {
            guard let life = try ContainerLife(in: tree), let name = FilePath.Component(kind.rawValue + life.text)
            else { return nil }
            (self.life, self.name) = (life, name)
        }

        /// Whether a file's name says that this container has been made ready. A name that identifies the root
        /// directory's mount in the other way may also be this container's: the start that left it has met an error.
        func stands(for name: FilePath.Component) -> Bool {
            let text = name.string
            guard let kind = Kind.allCases.first(where: { text.hasPrefix($0.rawValue) }) else { return false }
            let rest = text.utf8.dropFirst(kind.rawValue.utf8.count)
            guard rest.starts(with: life.kernel.utf8) else { return false }
            let other = rest.dropFirst(life.kernel.utf8.count)
            return other.first != life.root.utf8.first || other.elementsEqual(life.root.utf8)
        }
    }
}
