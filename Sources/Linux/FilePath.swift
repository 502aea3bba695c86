private import CLinux

/// The path of a file: bytes without NUL (path_resolution(7)).
///
/// The bytes need not be UTF-8, and they stay as they are. Slashes are in normal form: there is one between two
/// components, and none at the end of anything but `/`. Nothing is lost by that, because the kernel takes repeated
/// slashes for one. A slash at the end only says that a directory is meant, for which the calls have a flag.
package struct FilePath: Sendable {
    /// The bytes and a NUL after them, so that C code can read them where they are.
    @usableFromInline let storage: [UInt8]

    /// A path of what ``joined(_:_:)`` or ``copied(_:_:_:)`` made, or of a constant.
    ///
    /// - Parameter storage: the bytes, with slashes in normal form, and one NUL at their end.
    init(storage: [UInt8]) { self.storage = storage }

    /// A path of some text.
    ///
    /// - Parameter text: slashes need not be in normal form. What follows the first NUL is left out.
    package init(_ text: String) {
        storage = text.utf8.span.withUnsafeBufferPointer { Self.joined(Self.nothing, $0) }
    }

    /// A path of bytes that need not be UTF-8.
    ///
    /// - Parameter platformString: bytes that end with a NUL. Slashes need not be in normal form.
    package init(platformString: UnsafePointer<CChar>) {
        let start = UnsafeRawPointer(platformString).assumingMemoryBound(to: UInt8.self)
        storage = Self.joined(Self.nothing, UnsafeBufferPointer(start: start, count: strlen(platformString)))
    }

    /// A path of some components.
    ///
    /// - Parameters:
    ///   - root: where the path begins; `nil` for a relative path.
    ///   - components: the components in order.
    package init(root: Root?, _ components: [Component]) {
        var path = Self.beginning(root)
        for component in components { path.append(component) }
        self = path
    }

    /// A path of the components of another.
    ///
    /// - Parameters:
    ///   - root: where the path begins; `nil` for a relative path.
    ///   - components: the components in order.
    package init(root: Root?, _ components: ComponentView) {
        self = Self.beginning(root).appending(components)
    }
}

extension FilePath {
    /// The root directory as the beginning of a path. There is only one, so it has no content.
    package struct Root: Hashable, Sendable {
        /// The root directory.
        init() {}
    }

    /// The root directory if the path begins there; `nil` for a relative path.
    package var root: Root? { isAbsolute ? Root() : nil }

    /// Whether the path begins at the root directory.
    package var isAbsolute: Bool { storage[0] == .slash }

    /// Whether the path has no bytes. The kernel finds nothing at such a path (path_resolution(7)).
    package var isEmpty: Bool { length == 0 }

    /// The number of bytes, without the NUL.
    var length: Int { storage.count - 1 }

    /// The bytes as text, with U+FFFD for anything that is not UTF-8.
    package var string: String { String(decoding: storage.dropLast(), as: UTF8.self) }

    /// Calls a function with the bytes and a NUL after them. They are not copied.
    ///
    /// - Parameter body: the function. The pointer is valid until it returns.
    /// - Returns: the result of the function.
    /// - Throws: the error of the function.
    @inlinable package func withPlatformString<Result, Failure: Error>(
        _ body: (UnsafePointer<CChar>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        // An array that is an argument is passed as a pointer to its first element, which is never null.
        func call(_ bytes: UnsafeRawPointer) throws(Failure) -> Result {
            try body(bytes.assumingMemoryBound(to: CChar.self))
        }
        return try call(storage)
    }
}

extension FilePath: ExpressibleByStringLiteral, CustomStringConvertible {
    /// A path of a literal, as ``init(_:)`` makes it.
    package init(stringLiteral text: String) { self.init(text) }

    /// The bytes as text, with U+FFFD for anything that is not UTF-8.
    package var description: String { string }
}

extension FilePath: Hashable {
    /// Whether two paths have the same bytes. Paths with different bytes may still lead to one file.
    package static func == (one: FilePath, other: FilePath) -> Bool {
        one.storage.count == other.storage.count && memcmp(one.storage, other.storage, one.storage.count) == 0
    }

    /// Feeds the bytes to a hash function.
    package func hash(into hasher: inout Hasher) {
        storage.withUnsafeBytes { hasher.combine(bytes: $0) }
    }
}

// Longer paths.
extension FilePath {
    /// The path with a component after it.
    package func appending(_ component: Component) -> FilePath {
        FilePath(storage: component.withBytes { Self.joined(storage, $0) })
    }

    /// The path with the components of another after it.
    package func appending(_ components: ComponentView) -> FilePath {
        FilePath(storage: components.withBytes { Self.joined(storage, $0) })
    }

    /// The path with some text after it.
    ///
    /// - Parameter text: slashes need not be in normal form. Those at its beginning do not lead to the root directory,
    ///   unless the path is empty. What follows the first NUL is left out.
    package func appending(_ text: String) -> FilePath {
        FilePath(storage: text.utf8.span.withUnsafeBufferPointer { Self.joined(storage, $0) })
    }

    /// Puts a component after the path.
    package mutating func append(_ component: Component) { self = appending(component) }

    /// Puts some text after the path, as ``appending(_:)`` does.
    package mutating func append(_ text: String) { self = appending(text) }

    /// What another path means in the directory of this one: the other path itself if it is absolute.
    package func pushing(_ other: FilePath) -> FilePath {
        other.isAbsolute ? other : appending(other.components)
    }
}

// Shorter paths.
extension FilePath {
    /// The components in order, without the root directory.
    package var components: ComponentView { ComponentView(self) }

    /// The last component; `nil` for `/` and for an empty path.
    package var lastComponent: Component? {
        lastStart == length ? nil : Component(storage, lastStart, length)
    }

    /// The path without its last component: `/` for `/` itself, and an empty path for a single component.
    package var parent: FilePath {
        switch lastStart {
        case 0: Self.beginning(nil)
        case 1: Self.beginning(Root())
        default: FilePath(storage: Self.copied(storage, 0, lastStart - 1))
        }
    }

    /// Takes the last component away.
    ///
    /// - Returns: whether there was one.
    @discardableResult
    package mutating func removeLastComponent() -> Bool {
        if lastStart == length { return false }
        self = parent
        return true
    }

    /// Whether the path begins as another does, component by component.
    ///
    /// - Parameter other: the other path. Every path begins as an empty one does.
    package func starts(with other: FilePath) -> Bool {
        let count = other.length
        if count == 0 { return true }
        guard count <= length, memcmp(storage, other.storage, count) == 0 else { return false }
        // Otherwise, the other path ends in the middle of a component.
        return storage[count] == 0 || storage[count] == .slash || storage[count - 1] == .slash
    }

    /// Takes the components of another path away from the beginning, so that a relative path is left.
    ///
    /// - Parameter prefix: the other path.
    /// - Returns: whether the path starts with the other, and both are absolute or both relative. If not, it stays as
    ///   it is.
    package mutating func removePrefix(_ prefix: FilePath) -> Bool {
        guard isAbsolute == prefix.isAbsolute, starts(with: prefix) else { return false }
        let end = prefix.length
        self = FilePath(storage: Self.copied(storage, storage[end] == .slash ? end + 1 : end, length))
        return true
    }

    /// Whether the path has no component `.`, and has `..` only at the beginning of a relative path.
    package var isLexicallyNormal: Bool {
        var mayBeParent = !isAbsolute
        for component in components {
            switch component.kind {
            case .currentDirectory: return false
            case .parentDirectory: if !mayBeParent { return false }
            case .regular: mayBeParent = false
            }
        }
        return true
    }

    /// The path without `.`, and without every `..` together with the component before it.
    ///
    /// The file system is not asked. Where a component is a link, the result may lead to another file.
    package func lexicallyNormalized() -> FilePath {
        if isLexicallyNormal { return self }
        var kept: [Component] = []
        for component in components {
            switch component.kind {
            case .currentDirectory: continue
            case .parentDirectory:
                if kept.last?.kind == .regular {
                    kept.removeLast()
                } else if !isAbsolute {
                    // The root directory is above itself. What is above another beginning is not known.
                    kept.append(component)
                }
            case .regular: kept.append(component)
            }
        }
        return FilePath(root: root, kept)
    }

    /// The last component without its extension; `nil` without a component.
    package var stem: String? { lastComponent?.stem }

    /// What comes after the last dot of the last component; `nil` without a component or an extension.
    package var `extension`: String? { lastComponent?.extension }

    /// The offset of the last component, which is behind the last slash: the path's length if it has no component.
    private var lastStart: Int { (storage.lastIndex(of: .slash) ?? -1) + 1 }
}

// The storage of paths.
extension FilePath {
    /// The storage of an empty path. It is a constant and takes no memory of its own.
    private static var nothing: [UInt8] { [0] }

    /// The path of a root directory, or an empty one. It is a constant, too.
    private static func beginning(_ root: Root?) -> FilePath {
        FilePath(storage: root == nil ? nothing : [.slash, 0])
    }

    /// The storage of a path with something after it.
    ///
    /// Many functions call it, so it is not repeated in each.
    ///
    /// - Parameters:
    ///   - path: the storage of the path.
    ///   - bytes: what comes after it. Slashes need not be in normal form. What follows the first NUL is left out.
    /// - Returns: new storage, with a slash between the two where one is needed.
    @inline(never)
    private static func joined(_ path: [UInt8], _ bytes: UnsafeBufferPointer<UInt8>) -> [UInt8] {
        let length = path.count - 1
        var storage: [UInt8] = []
        // There is room for all bytes, the slash and the NUL.
        storage.reserveCapacity(length + bytes.count + 2)
        storage.append(contentsOf: path[..<length])
        if length > 0 && storage[length - 1] != .slash { storage.append(.slash) }
        for byte in bytes {
            if byte == 0 { break }
            if byte != .slash || storage.last != .slash { storage.append(byte) }
        }
        if storage.last == .slash && storage.count > 1 { storage.removeLast() }
        storage.append(0)
        return storage
    }

    /// The storage of a part of a path.
    ///
    /// - Parameters:
    ///   - path: the storage of the path.
    ///   - start: the offset of the first byte.
    ///   - end: the offset behind the last byte.
    @inline(never)
    private static func copied(_ path: [UInt8], _ start: Int, _ end: Int) -> [UInt8] {
        var storage: [UInt8] = []
        storage.reserveCapacity(end - start + 1)
        storage.append(contentsOf: path[start..<end])
        storage.append(0)
        return storage
    }
}

extension UInt8 {
    /// What stands between the components of a path.
    static var slash: UInt8 { UInt8(ascii: "/") }

    /// What stands before an extension; `.` and `..` consist of it.
    static var dot: UInt8 { UInt8(ascii: ".") }
}
