import Boot
internal import Linux
internal import Text

/// Process 1 of the container, which has to reap every process whose parent has ended, and gets the signal to stop.
struct FirstProcess {
    /// What it is to the container.
    enum Kind: Equatable {
        /// `entrypoint`.
        case entrypoint
        /// Another program that is made for it.
        case initProgram
        /// The pod's own, where its containers share their processes.
        case pause
        /// A program that was not made for it.
        case other
    }

    let status: ProcessStatus
    let kind: Kind
    /// The name of its program, and of its script, fit to be shown. Its arguments are not: they may be secret.
    let words: String

    /// Programs that are made to be process 1, by the names that the kernel keeps.
    private static let initPrograms = [
        "tini", "tini-static", "docker-init", "dumb-init", "catatonit", "s6-svscan", "s6-overlay-suexe", "runit",
        "systemd", "init", "containerd-init",
    ]

    /// - Parameter entrypoint: the program that boots.
    /// - Returns: `nil` where `/proc` does not show process 1.
    init?(in tree: FileTree, entrypoint: FilePath) {
        guard let status = ProcessStatus(1, in: tree) else { return nil }
        // Of another user's process, only the name can be seen.
        let file = (try? tree.linkTarget("/proc/1/exe", links: .follow)) ?? nil
        let program = file?.lastComponent?.string ?? status.name
        let script = Self.script(in: tree)
        self.status = status
        words = ([program] + (script.map { [$0] } ?? [])).map { $0.shown(limit: 64) }.joined(separator: " ")
        kind =
            switch program {
            case entrypoint.lastComponent?.string: .entrypoint
            case "pause": .pause
            case _ where Self.initPrograms.contains(program) || Self.initPrograms.contains(status.name): .initProgram
            default: .other
            }
    }

    /// The path of the script that an interpreter runs as process 1.
    private static func script(in tree: FileTree) -> String? {
        guard let bytes = (try? tree.read("/proc/1/cmdline", limit: 4096)) ?? nil else { return nil }
        let arguments = bytes.split(separator: 0)
        guard arguments.count > 1 else { return nil }
        let second = String(decoding: arguments[1], as: UTF8.self)
        return second.hasPrefix("/") && second.hasSuffix(".sh") ? second : nil
    }
}
