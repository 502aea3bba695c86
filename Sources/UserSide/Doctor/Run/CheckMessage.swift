private import CLinux
package import Linux
internal import Text

/// What the process of a check tells the one that has started it: a line of JSON each, over a pipe.
enum CheckMessage: Equatable {
    /// As whom it acts now.
    case actor(String)
    /// What it looks at next, which may not answer.
    case place(String)
    /// Why it cannot act as whom it should.
    case absence(String)
    case finding(Finding)

    /// The line, without its newline.
    var text: String {
        let members: [(String, JSON)] =
            switch self {
            case .actor(let words): [("actor", .string(words))]
            case .place(let path): [("place", .string(path))]
            case .absence(let words): [("absence", .string(words))]
            case .finding(let finding):
                [
                    ("verdict", .string(finding.verdict.rawValue)), ("evidence", .string(finding.evidence)),
                    ("remedy", .string(finding.remedy)),
                ]
            }
        return JSON.object(members).text
    }

    /// Reads a line; `nil` for anything that ``text`` has not written.
    init?(reading line: some Collection<UInt8>) {
        guard let json = try? JSON(reading: line) else { return nil }
        if let words = json["actor"]?.string {
            self = .actor(words)
        } else if let path = json["place"]?.string {
            self = .place(path)
        } else if let words = json["absence"]?.string {
            self = .absence(words)
        } else if let verdict = json["verdict"]?.string.flatMap({ Finding.Verdict(rawValue: $0) }),
            let evidence = json["evidence"]?.string, let remedy = json["remedy"]?.string
        {
            self = .finding(Finding(verdict, evidence, remedy: remedy))
        } else {
            return nil
        }
    }
}

/// The way from the process of a check to the one that has started it.
package enum CheckProgress {
    /// The pipe; -1 in a process that is no check's. The process has one thread.
    nonisolated(unsafe) private static var pipe: CInt = -1

    /// Says what the check looks at next. If that does not answer, the finding names it, and its mount.
    ///
    /// - Parameter path: an absolute path.
    package static func look(at path: FilePath) { tell(.place(path.string)) }

    /// The process that has started this one.
    nonisolated(unsafe) private static var parent: Int32 = 0

    /// Begins a check's process.
    ///
    /// - Parameters:
    ///   - descriptor: the writing end of its pipe.
    ///   - parent: the process that has started it.
    static func open(_ descriptor: CInt, to parent: Int32) {
        pipe = descriptor
        self.parent = parent
        endWithParent()
    }

    /// Lets the process end when the one that has started it does. The kernel forgets it on a change of credentials.
    static func endWithParent() {
        CurrentProcess.setParentDeathSignal(.kill)
        // It may have ended before.
        if CurrentProcess.parent != parent { CurrentProcess.exit(1) }
    }

    static func tell(_ message: CheckMessage) {
        guard pipe >= 0 else { return }
        let bytes = Array((message.text + "\n").utf8)
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes {
                CLinux.write(pipe, $0.baseAddress.map { $0 + written }, $0.count - written)
            }
            if count < 0 && linux_errno() == EINTR { continue }
            // Nobody listens any more.
            if count <= 0 { CurrentProcess.exit(1) }
            written += count
        }
    }
}
