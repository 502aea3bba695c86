import Linux
import Programs
import Testing

@testable import Boot

/// Plans of the first steps as text.
struct PlanTests {
    /// The changes, exports and warnings of a step, one line each.
    private func text(
        _ step: String, _ changes: [String: String] = [:], environment more: [String] = [], on host: Host
    ) throws -> String {
        let environment = Pod.environment(changes.mapValues { Array($0.utf8) })
        let settings = try Settings.read(from: .init(environment.entries + more.map(string)))
        let people = try Pod.people(changes, on: host)
        let plan = Plan(settings, people, host)
        let type = try #require(BootSequence.steps.first { $0.name == step })
        let lines =
            plan.changes.filter { $0.step == step }.map { line($0.planned) }
            + plan.exports.filter { type.exports.contains($0.name) }.map { "export \($0.name)=\(value($0.value))" }
            + plan.warnings.filter { $0.step == step }.map { "warning: \($0.note.text)" }
        return lines.joined(separator: "\n")
    }

    private func line(_ planned: PlannedChange) -> String {
        let actors = planned.by.map(\.rawValue).joined(separator: ", ")
        var text = "\(actors), else \(planned.onFailure): \(planned.change.goal)"
        if case .directory(let change) = planned.change {
            text += " \(change.made.owner.map { "\($0)" } ?? "-"):\(change.made.group), use \(change.use)"
            if change.made.isShared { text += ", shared" }
            if change.place.isOnVolume { text += ", on a volume" }
            if let neighbour = change.place.neighbour { text += ", beside \(neighbour.path) or at \(neighbour.inside)" }
            if !change.fallbacks.isEmpty { text += ", or \(change.fallbacks.map(\.string).joined(separator: ", "))" }
        }
        if case .file(let change) = planned.change { text += "\n" + String(decoding: change.content, as: UTF8.self) }
        return planned.consequence.isEmpty ? text : "\(text) (\(planned.consequence))"
    }

    private func value(_ value: Export.Value) -> String {
        switch value {
        case .text(let text): text
        case .directory(let path): "what becomes of \(path)"
        case .place(let path): "\(path), if it is made"
        case .placeOrText(let path, let text): "\(path), or \(text)"
        case .textWhenApart(let text, let one, let other): "\(text), if \(one) and \(other) are apart"
        }
    }

    private static let accounts =
        "else warn: user jane (uid 254321) added; group lab (gid 83070) added; user jane joined group sudo; "
        + "user jane joined group adm"
    private static let accountsWithoutSudo = accounts.replacing("user jane joined group sudo; ", with: "")
    private static let consequence = "(programs that look up the user, such as sudo and ssh, will not work)"

    @Test func `identity plans a start as root`() throws {
        expectSame(
            try text("identity", on: .made()),
            """
            root, \(Self.accounts) \(Self.consequence)
            root, else warn: file /etc/sudoers.d/90-entrypoint (0440): passwordless sudo for user 254321
            # Written at every start of the container.
            #254321 ALL=(ALL:ALL) NOPASSWD: ALL
            Defaults:#254321 umask=0022, umask_override
             (the user has no sudo)
            root, else warn: directory /home/jane (0750) 254321:83070, use none, or /scratch/homes/jane
            """)
    }

    /// Why there is no sudo.
    enum NoSudo: CaseIterable {
        case notWanted, notInTheImage, notPermitted, neitherWantedNorPermitted

        var changes: [String: String] {
            self == .notWanted || self == .neitherWantedNorPermitted ? ["IDENTITY_SUDO": "none"] : [:]
        }

        var host: Host {
            .made(
                .root(noNewPrivileges: self == .notPermitted || self == .neitherWantedNorPermitted),
                sudo: self == .notInTheImage ? nil : "/usr/bin/sudo")
        }

        var warning: String {
            self == .notPermitted
                ? "\nwarning: sudo is not granted: the pod spec sets allowPrivilegeEscalation: false, "
                    + "under which it cannot work" : ""
        }
    }

    @Test(arguments: NoSudo.allCases) func `identity plans a user without sudo`(reason: NoSudo) throws {
        expectSame(
            try text("identity", reason.changes, on: reason.host),
            """
            root, \(reason.changes.isEmpty ? Self.accounts : Self.accountsWithoutSudo) \(Self.consequence)
            root, else stop: no file /etc/sudoers.d/90-entrypoint: the user has no sudo
            root, else warn: directory /home/jane (0750) 254321:83070, use none, or /scratch/homes/jane\(reason.warning)
            """)
    }

    @Test func `identity tells what the image lacks`() throws {
        let host = Host.made(
            shells: ["/bin/sh"], sudoReadsDirectory: false,
            problems: [
                Note(
                    .identityAccountsUnreadable, "cannot read /etc/shadow: permission denied", detail: "openat EACCES")
            ])
        let lines = try text("identity", on: host).split(separator: "\n").filter { $0.hasPrefix("warning: ") }
        #expect(
            lines == [
                "warning: cannot read /etc/shadow: permission denied",
                "warning: the image has no /bin/zsh: the login shell is /bin/sh",
                "warning: /etc/sudoers does not include /etc/sudoers.d: sudo will ask for a password; "
                    + "add the line @includedir /etc/sudoers.d",
            ])
    }

    @Test func `identity plans a start without privileges`() throws {
        let host = Host.made(.bare(user: 254_321, group: 83070), sudo: nil)
        expectSame(
            try text("identity", environment: ["HOME=/given"], on: host),
            """
            user, else warn: user jane (uid 254321) added \(Self.consequence)
            user, else warn: directory /home/jane (0750) 254321:83070, use write, or /given, /scratch/homes/jane
            """)
        for home in ["/", "relative", "", "/home/jane"] {
            #expect(
                try text("identity", environment: ["HOME=\(home)"], on: host)
                    .hasSuffix("use write, or /scratch/homes/jane"))
        }
    }

    @Test func `scratch plans for a pod with a seed`() throws {
        expectSame(
            try text("scratch", ["SCRATCH_SEED_USER": "site-admin"], on: .made()),
            """
            user, seed, else stop: directory /scratch/homes/jane (1770) -:83070, use write, on a volume
            user, seed, else stop: directory /scratch/homes/jane/work (0770) -:83070, use enter, on a volume
            user, seed, else warn: directory /scratch/hf_cache (2770) -:83070, use write, shared, on a volume, \
            beside /scratch/homes or at /scratch/homes/hf_cache, or /scratch/homes/jane/.cache/huggingface
            user, else warn: place /home/jane/.cache/huggingface/token ends with the container, and is nobody else's \
            (HF_TOKEN_PATH is /dev/null: no token is kept, which would outlive the container)
            export SCRATCH_HOME=/scratch/homes/jane
            export WORKING_DIR=/scratch/homes/jane/work
            export HF_HOME=what becomes of /scratch/hf_cache
            export HF_TOKEN_PATH=/home/jane/.cache/huggingface/token, or /dev/null
            """)
    }

    @Test func `scratch plans for a pod without a seed, with another umask and other places`() throws {
        let changes = [
            "SCRATCH_UMASK": "077", "SCRATCH_HOME": "/h", "WORKING_DIR": "/w", "HF_HOME": "/c", "HF_TOKEN_PATH": "/t",
        ]
        expectSame(
            try text("scratch", changes, on: .made(accounts: AccountFiles())),
            """
            user, else stop: directory /h (1700) -:83070, use write, on a volume
            user, else stop: directory /w (0700) -:83070, use enter, on a volume
            user, else warn: directory /c (2770) -:83070, use write, shared, on a volume, or /h/.cache/huggingface
            export SCRATCH_HOME=/h
            export WORKING_DIR=/w
            export HF_HOME=what becomes of /c
            export HF_TOKEN_PATH=/t
            """)
    }

    @Test func `handoff plans what the command finds`() throws {
        expectSame(
            try text("handoff", on: .made()),
            """
            export HOME=what becomes of /home/jane
            export USER=jane
            export LOGNAME=jane
            export SHELL=/bin/zsh
            export ENTRYPOINT_SESSION=1
            """)
    }

    @Test func `no step exports what it has not declared, and no two the same`() throws {
        let host = Host.made()
        let settings = try Pod.settings()
        let exports = Plan(settings, try Pod.people(on: host), host).exports.map(\.name)
        #expect(Set(exports).count == exports.count)
        #expect(Set(exports).isSubset(of: BootSequence.steps.flatMap { $0.exports }))
        let declared = BootSequence.steps.flatMap { $0.exports }
        #expect(Set(declared).count == declared.count)
    }

    @Test func `nothing that is planned shows a secret`() throws {
        let host = Host.made()
        let text = try BootSequence.steps.map {
            try self.text($0.name, environment: ["HF_TOKEN=hunter2", "DB_PASSWORD=hunter2"], on: host)
        }
        #expect(!text.joined().contains("hunter2"))
    }
}
