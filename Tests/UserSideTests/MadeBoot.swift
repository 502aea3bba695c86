import Linux

@testable import Boot

/// Records of boots that nobody made.
enum MadeBoot {
    static let user = People.User(
        name: "jane", groupName: "lab", home: "/home/jane", shell: "/bin/zsh",
        credentials: Credentials(user: 1000, group: 2000, groups: [4, 27]))

    /// A boot with every outcome: it took 12.5 ms, and says when each change began.
    static let usual = record([
        change("identity", "user jane (uid 1000); group lab (gid 2000)", "changed", at: 1800, for: 1450),
        change("identity", "passwordless sudo for user 1000", "changed", at: 3260, for: 420),
        change("scratch", "directory /scratch/homes/jane (1770)", "already", "user 1000:2000", at: 3700, for: 95),
        change(
            "scratch", "directory /scratch/hf_cache (2770)", "failed", "user 1000:2000",
            reason: "cannot create /scratch/hf_cache: permission denied (mkdirat EACCES as user 1000:2000)", at: 3800,
            for: 2210),
        change(
            "links", "link /home/jane/.vscode to /scratch/homes/jane/.vscode", "changed", "user 1000:2000",
            remark: "what was in its place moved to /scratch/homes/jane/.vscode", at: 6050, for: 310),
        change("ssh", "files in /home/jane/.ssh", "unneeded", reason: "no SSH_* is set", at: 6400, for: 3),
        change("steps.d/10-proxy", "run /etc/entrypoint/steps.d/10-proxy", "skipped", reason: "off", at: 6410, for: 0),
        change("user-steps.d/20-sync", "run /etc/entrypoint/user-steps.d/20-sync", "changed", at: 6420, for: 5600),
    ])

    static let end = EndRecord(exitCode: 143, id: "command.ended", message: "the command was ended by TERM")

    /// The same boot as a version before this one has kept it.
    static let old = record(usual.changes.map { change in change.at(nil) })

    /// A pod that wishes the reader ill, and a record that nobody has written so.
    static var hostile: BootRecord {
        let texts = [
            "</text></svg><script>alert(1)</script>", "'\" onload=\"alert(1)", "]]><!-- &amp; &lt;",
            "a\u{0}b\u{1B}[31mc\u{7}",
            "\u{202E}gnp.exe\u{2066}", "\u{FFFE}\u{FFFF}\u{85}", String(repeating: "x<", count: 1 << 19),
            "שלום مرحبا 你好 🚀", "\n\r\t\u{2028}", "",
        ]
        let times: [(Int64?, Int64)] = [(.min, .max), (.max, .min), (0, .max), (.max, .max), (-5, -5)]
        let changes = texts.enumerated().map { index, text in
            let (began, duration) = times[index % times.count]
            return BootRecord.Change(
                step: text, goal: text, identity: text, outcome: text, remark: text, reason: text, began: began,
                microseconds: duration)
        }
        return BootRecord(
            version: texts[0], start: texts[1],
            user: People.User(
                name: texts[0], groupName: texts[2], home: FilePath(texts[4]), shell: FilePath(texts[1]),
                credentials: Credentials(user: .max, group: .max, groups: [.max])), seed: texts[0], changes: changes,
            exports: texts.map { BootRecord.Export(name: $0, value: $0) },
            warnings: texts.map { BootRecord.Message(id: $0, step: $0, text: $0) },
            failure: BootRecord.Message(id: texts[0], step: texts[1], text: texts[6]), changed: .max, microseconds: .min
        )
    }

    static let hostileEnd = EndRecord(exitCode: .min, id: "</p>", message: "</p><script>alert(1)</script>")

    static func record(_ changes: [BootRecord.Change], failure: BootRecord.Message? = nil) -> BootRecord {
        BootRecord(
            version: "0.1.0", start: "root", user: user, seed: "1001:2000", changes: changes,
            exports: [
                BootRecord.Export(name: "SCRATCH_HOME", value: "/scratch/homes/jane"),
                BootRecord.Export(name: "HF_TOKEN", value: ""),
            ],
            warnings: [
                BootRecord.Message(
                    id: "scratch.permission-denied", step: "scratch",
                    text: "cannot create /scratch/hf_cache: permission denied; ask \"them\"")
            ], failure: failure, changed: 4, microseconds: 12_500)
    }

    static func change(
        _ step: String, _ goal: String, _ outcome: String, _ identity: String = "root", remark: String = "",
        reason: String = "", at began: Int64?, for microseconds: Int64
    ) -> BootRecord.Change {
        BootRecord.Change(
            step: step, goal: goal, identity: identity, outcome: outcome, remark: remark, reason: reason, began: began,
            microseconds: microseconds)
    }
}

extension BootRecord.Change {
    func at(_ began: Int64?) -> BootRecord.Change {
        BootRecord.Change(
            step: step, goal: goal, identity: identity, outcome: outcome, remark: remark, reason: reason, began: began,
            microseconds: microseconds)
    }
}
