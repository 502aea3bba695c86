private import CLinux

extension FilePath {
    /// A name in a path: at least one byte, and neither a slash nor NUL (path_resolution(7)).
    ///
    /// The bytes need not be UTF-8. A component of a path is a part of the path's storage, so nothing is copied for it.
    package struct Component: Sendable {
        /// The storage of the path that the component is a part of.
        let storage: [UInt8]
        /// The offset of the first byte.
        private let start: Int
        /// The offset behind the last byte.
        private let end: Int

        /// A component of a path.
        ///
        /// - Parameters:
        ///   - storage: the storage of the path.
        ///   - start: the offset of the component's first byte.
        ///   - end: the offset behind its last byte.
        init(_ storage: [UInt8], _ start: Int, _ end: Int) {
            self.storage = storage
            self.start = start
            self.end = end
        }

        /// The only component of a path; `nil` for an absolute path, and for one without a component or with several.
        private init?(_ path: FilePath) {
            guard let name = path.lastComponent, name.start == 0 else { return nil }
            self = name
        }

        /// A component of some text.
        ///
        /// - Parameter text: slashes at its end, and what follows the first NUL, are left out. The result is `nil` if
        ///   nothing is left, or if what is left contains a slash.
        package init?(_ text: String) { self.init(FilePath(text)) }

        /// A component of bytes that need not be UTF-8.
        ///
        /// - Parameter platformString: bytes that end with a NUL. Slashes at their end are left out. The result is
        ///   `nil` if nothing is left, or if what is left contains a slash.
        package init?(platformString: UnsafePointer<CChar>) { self.init(FilePath(platformString: platformString)) }
    }
}

extension FilePath.Component {
    /// What a name means in a path (path_resolution(7)).
    package enum Kind: Sendable {
        /// `.`: the directory itself.
        case currentDirectory
        /// `..`: the directory above; the root directory is above itself.
        case parentDirectory
        /// The name of an entry of the directory.
        case regular
    }

    /// What the name means in a path.
    package var kind: Kind {
        if length > 2 || storage[start] != .dot { return .regular }
        if length == 1 { return .currentDirectory }
        return storage[start + 1] == .dot ? .parentDirectory : .regular
    }

    /// The bytes as text, with U+FFFD for anything that is not UTF-8.
    package var string: String { text(start, end) }

    /// What comes after the last dot; `nil` if there is none or only one at the beginning, and for `..`.
    var `extension`: String? { lastDot.map { text($0 + 1, end) } }

    /// What comes before the last dot; the whole name if it has no extension.
    var stem: String { text(start, lastDot ?? end) }

    /// Calls a function with the bytes and a NUL after them.
    ///
    /// The last component of a path has its NUL already. Any other is copied, which takes no memory but the stack's for
    /// a name that a file can have.
    ///
    /// - Parameter body: the function. The pointer is valid until it returns.
    /// - Returns: the result of the function.
    /// - Throws: the error of the function.
    package func withPlatformString<Result, Failure: Error>(
        _ body: (UnsafePointer<CChar>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        // An array that is an argument is passed as a pointer to its first element, which is never null.
        func call(_ bytes: UnsafeRawPointer) throws(Failure) -> Result {
            try body((bytes + start).assumingMemoryBound(to: CChar.self))
        }
        return storage[end] == 0 ? try call(storage) : try withCopy(body)
    }

    /// Calls a function with a copy of the bytes and a NUL after them.
    private func withCopy<Result, Failure: Error>(
        _ body: (UnsafePointer<CChar>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try withUnsafeTemporaryAllocation(of: CChar.self, capacity: length + 1) { copy throws(Failure) -> Result in
            for index in 0..<length { copy.initializeElement(at: index, to: CChar(bitPattern: storage[start + index])) }
            copy.initializeElement(at: length, to: 0)
            // The copy is not empty, so that its address is not null.
            return try body(UnsafePointer(copy.baseAddress.unsafelyUnwrapped))
        }
    }

    /// The number of bytes.
    private var length: Int { end - start }

    /// The offset of the dot before the extension.
    private var lastDot: Int? {
        guard kind == .regular, let dot = storage[start..<end].lastIndex(of: .dot), dot > start else { return nil }
        return dot
    }

    /// Some of the storage's bytes as text.
    private func text(_ start: Int, _ end: Int) -> String { String(decoding: storage[start..<end], as: UTF8.self) }

    /// Calls a function with the bytes.
    func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        storage.withUnsafeBufferPointer { body(UnsafeBufferPointer(rebasing: $0[start..<end])) }
    }
}

extension FilePath.Component: ExpressibleByStringLiteral, CustomStringConvertible {
    /// A component of some text.
    ///
    /// - Parameter text: one component; anything else is a mistake in the program, which ends it.
    package init(stringLiteral text: String) {
        guard let component = Self(text) else { preconditionFailure("a path's component is one name") }
        self = component
    }

    /// The bytes as text, with U+FFFD for anything that is not UTF-8.
    package var description: String { string }
}

extension FilePath.Component: Hashable {
    /// Whether two components have the same bytes.
    package static func == (one: Self, other: Self) -> Bool {
        // An array that is an argument is passed as a pointer to its first element.
        func isSame(_ bytes: UnsafeRawPointer, _ otherBytes: UnsafeRawPointer) -> Bool {
            memcmp(bytes + one.start, otherBytes + other.start, one.length) == 0
        }
        return one.length == other.length && isSame(one.storage, other.storage)
    }

    /// Feeds the bytes to a hash function.
    package func hash(into hasher: inout Hasher) {
        withBytes { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}

extension FilePath {
    /// The components of a path in order. They are found one by one where they are, and nothing is copied.
    package struct ComponentView: Sequence, IteratorProtocol, Sendable {
        /// The storage of the path.
        private let storage: [UInt8]
        /// The offset of the next component, which is the path's length after the last.
        private var position: Int

        /// The components of a path.
        init(_ path: FilePath) {
            storage = path.storage
            position = path.isAbsolute ? 1 : 0
        }

        /// Takes the next component out of the view.
        ///
        /// - Returns: the component; `nil` after the last.
        package mutating func next() -> Component? {
            let start = position
            while storage[position] != 0 && storage[position] != .slash { position += 1 }
            let end = position
            if end == start { return nil }
            if storage[end] == .slash { position += 1 }
            return Component(storage, start, end)
        }

        /// The number of components.
        package var count: Int {
            if storage[position] == 0 { return 0 }
            var count = 1
            for byte in storage[position...] where byte == .slash { count += 1 }
            return count
        }

        /// The number of components, which is exact, so that an array of them is made in one go.
        package var underestimatedCount: Int { count }

        /// Calls a function with the bytes of the components and the slashes between them.
        func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
            storage.withUnsafeBufferPointer { body(UnsafeBufferPointer(rebasing: $0[position..<($0.count - 1)])) }
        }
    }
}
