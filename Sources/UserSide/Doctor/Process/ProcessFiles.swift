import Boot
internal import Linux
internal import Programs
internal import Text

// The small files in which the kernel tells of itself.
extension FileTree {
    /// The text of a file that the kernel writes, without white space at its end; `nil` where it cannot be read.
    ///
    /// - Parameter limit: the maximum number of bytes to read.
    func kernelText(_ path: FilePath, limit: Int = 1 << 20) -> String? {
        guard let bytes = (try? read(path, limit: limit)) ?? nil else { return nil }
        var end = bytes.count
        while end > 0, bytes[end - 1].isSpace || bytes[end - 1] == 0 { end -= 1 }
        return String(decoding: bytes[..<end], as: UTF8.self)
    }

    /// The lines of such a file; none where it cannot be read.
    func kernelLines(_ path: FilePath) -> [Substring] { kernelText(path)?.split(separator: "\n") ?? [] }

    /// Whether there is anything at a path.
    func has(_ path: FilePath) -> Bool { ((try? status(path, links: .follow)) ?? nil) != nil }
}

extension Substring {
    /// The words of a line, as tabs and spaces separate them.
    var words: [Substring] { split { $0 == " " || $0 == "\t" } }
}

extension ContainerFacts {
    /// Whether the check runs as the user whom the container is for; whoever asks is taken for the user where nothing
    /// says who that is.
    var isUser: Bool { user.map { $0.credentials.user == actor.user } ?? true }

    /// The value of a variable as text; `nil` for one that is unset or empty.
    func variable(_ name: String) -> String? { environment.value(name).map { String(decoding: $0, as: UTF8.self) } }
}

extension Int {
    /// A number of things whose plural is not the singular with an s.
    func counted(_ one: String, _ many: String) -> String { "\(self) \(self == 1 ? one : many)" }
}
