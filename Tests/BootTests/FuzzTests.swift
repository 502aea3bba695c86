import Foundation
import Linux
import Programs
import Testing
import Text

@testable import Boot

/// Settings and account files that nobody would write: whatever they are, they are taken or refused, and end no program.
///
/// Each round depends on the seed and its number alone. Tests/BootTests/fuzz runs as many as there is time for.
struct FuzzTests {
    private static let variables = ProcessInfo.processInfo.environment
    private static let seed = variables["ENTRYPOINT_FUZZ_SEED"].flatMap { UInt64($0) } ?? 20_261_121
    private static let first = variables["ENTRYPOINT_FUZZ_FIRST"].flatMap { UInt64($0) } ?? 0
    /// How long; without it, some rounds.
    private static let seconds = variables["ENTRYPOINT_FUZZ_SECONDS"].flatMap { Int($0) }

    private func rounds(_ name: String, _ count: UInt64, _ body: (inout SeededGenerator) -> String?) {
        let end = Self.seconds.map { ContinuousClock.now + .seconds($0) }
        var number = Self.first
        while end.map({ ContinuousClock.now < $0 }) ?? (number < Self.first + count) {
            // A crash leaves no other trace of the round that it was in.
            if end != nil && number % 1000 == 0 { FileHandle.standardError.write(Data("\(name) \(number)\n".utf8)) }
            var random = SeededGenerator(Self.seed &* 0x1_0000_0001 &+ number)
            if let violation = body(&random) {
                Issue.record("\(name), seed \(Self.seed), round \(number): \(violation)")
                return
            }
            number += 1
        }
        if end != nil { FileHandle.standardError.write(Data("\(name): \(number - Self.first) rounds\n".utf8)) }
    }

    @Test func `files and environments of any kind are settings, or are refused in lines`() {
        rounds("settings", 1000) { Self.settingsViolation(&$0) }
    }

    @Test func `account files of any kind have a plan, after which nothing is left to do, or are refused`() {
        rounds("accounts", 1000) { Self.accountsViolation(&$0) }
    }

    @Test func `sources of rights of any kind are read, and what is mentioned is in them`() {
        rounds("names", 3000) { Self.namesViolation(&$0) }
    }

    // MARK: Sources of rights

    private static let grammars: [NameGrammar] = [
        .passwd, .group, .shadow, .gshadow, .nameService, .sudoers, .sudo, .doas, .polkit, .polkitAuthority, .pam,
        .limits,
        .capabilities, .seusers, .settings, .names, .subordinateIDs, .empty, .sshd, .dbus, .presence,
    ]

    private static let sources = [
        "root ALL=(ALL:ALL) ALL\n%sudo, #5 , b ALL = NOPASSWD: /bin/x, ALL : H=ALL\n",
        "User_Alias A = #1000, b : C = %d\nDefaults:b !x, env_keep += \"A B\"\n@include /a/b # c\n",
        "permit nopass :wheel as root cmd ls\n", "passwd: files systemd\n", "Plugin sudoers_policy sudoers.so\n",
        "polkit.addRule(function(action, subject) { if (subject.user == \"b\") { return polkit.Result.YES; } });\n",
        "polkit.addAdminRule(function(action, subject) { return [\"unix-group:sudo\"]; }); // c\n/* d */\n",
        "auth [success=1 default=ignore] pam_unix.so nullok\nauth required pam_wheel.so group=b\n@include c\n",
        "b - nice 5\ncap_x b @c *\nb:1:2\n", "AllowUsers b c\nMatch User d,e Host *\nInclude /a/*.conf\n",
        "<!DOCTYPE busconfig PUBLIC \"a\"><busconfig><!-- x --><policy user=\"b\"><allow own='c'/></policy></busconfig>\n",
        "root:x:0:0::/:/bin/sh\nadm:x:4:a,b\n", "team (h,b,-) c # d\n",
        "%b ALL=/home/*/x, ~b/x, \"/h[o]me/./b c\", /b/../[[:a:]]\\ /c\\\n",
    ]

    /// Whatever the text: it is read to its end, problems are one line each, and no name comes from nowhere.
    private static func namesViolation(_ random: inout SeededGenerator) -> String? {
        let text = mutated(Array((sources.randomElement(using: &random) ?? "").utf8), &random)
        let grammar = grammars.randomElement(using: &random) ?? .sudoers
        var findings = SourceFindings(SourceText(text, of: "/f", comments: grammar.comments))
        grammar.read(&findings)
        let shown = "\(grammar) '\(text.shown(limit: 2000))'"
        for mention in findings.mentions {
            switch mention.subject {
            case .user(let name), .group(let name):
                let isThere = AccountName(name).isWord(of: text[...]) || name == "wheel"
                if !isThere { return "'\(name)' is mentioned: \(shown)" }
            case .everyone, .everyHome: break
            }
        }
        var homes = HomeSearch(tree: FileTree(root: "/nonexistent"), isRoot: true, mount: nil)
        findings.nameHomes(&homes, grammar)
        findings.nameHomes(&homes, except: 1000)
        if homes.isExhausted { return "a short text has too many paths: \(shown)" }
        return lineViolation(in: findings.problems.map(\.text)).map { "\($0): \(shown)" }
    }

    // MARK: Settings

    private static let tokens: [String] =
        [
            "", " ", ":", ": ", "- ", "[", "]", "{", "}", ",", "#", "'", "\"", "|", ">", "&a", "*a", "!t", "?", "%",
            "\\", "~",
            "null", "true", "false", "0", "7", "007", "0770", "0o7", "1e3", "-1", "65534", "4294967295", "99999999999",
            "/",
            "/a", "/a/../b", "a/b", "..", "none", "*", "*_X", "A*", "\n", "\r\n", "\t", "\u{0}", "\u{FEFF}", "\u{2028}",
            "\u{1B}[2J", "é", "jane", "root", "ALL", "1000:2000", "TERM:INT", "TERM:0", "CAP_NET_RAW", "$HOME", "<<: ",
            String(repeating: "x", count: 300), String(repeating: "[", count: 70), String(repeating: "/a", count: 2100),
        ] + BootSequence.groups.fileSettings.compactMap(\.key)
        + BootSequence.groups.sections.flatMap { [$0.name] + $0.keys }

    private static let texts =
        ConfigurationProblemTests.texts + FileSettingTests.cases.map(\.text) + [
            ConfigurationReference(of: BootSequence.groups).example, "",
        ]

    private static let names =
        BootSequence.groups.variables.map(\.name) + [
            "HOME", "PIP_CACHE_DIR", "A_TOKEN", "ENTRYPOINT_X", "ENTRYPOINT_LOGS", "=", "",
        ]

    private static func settingsViolation(_ random: inout SeededGenerator) -> String? {
        var configuration = Configuration()
        var files: [[UInt8]] = []
        for number in 0..<Int.random(in: 0...2, using: &random) {
            let text = (0..<Int.random(in: 1...3, using: &random)).map { _ in texts.randomElement(using: &random) ?? ""
            }
            files.append(mutated(Array(text.joined(separator: "\n").utf8), &random))
            configuration.add(files[number], name: "f\(number)")
        }
        var variables: [String: [UInt8]] = [:]
        for _ in 0..<Int.random(in: 0...6, using: &random) {
            let value = (0..<Int.random(in: 1...3, using: &random)).map { _ in
                tokens.randomElement(using: &random) ?? ""
            }
            variables[names.randomElement(using: &random) ?? ""] = mutated(Array(value.joined().utf8), &random)
        }
        let missing =
            Int.random(in: 0..<5, using: &random) == 0 ? Pod.required.keys.sorted().randomElement(using: &random) : nil
        let environment = Pod.environment(
            variables.mapValues { $0.filter { $0 != 0 } }, without: Set([missing].compactMap { $0 }))
        let contents: SettingsReader.Contents =
            Bool.random(using: &random) ? .expected(FileTree(root: "/nowhere")) : .ignored
        let isElevated = Int.random(in: 0..<4, using: &random) == 0
        func read() -> Result<Settings, SettingsError> {
            Result { () throws(SettingsError) in
                try Settings.read(
                    from: environment, configuration: configuration, contents: contents, isElevated: isElevated)
            }
        }
        let shown = "\(files.map { String(decoding: $0, as: UTF8.self) }) \(environment.entries.map(\.text))"
        switch (read(), read()) {
        case (.failure(let error), .failure(let again)):
            if error != again { return "other problems at the second reading: \(shown)" }
            if error.problems.isEmpty { return "refused without a reason: \(shown)" }
            return lineViolation(in: (error.problems + error.notices).map(\.whole)).map { "\($0): \(shown)" }
        case (.success(let settings), .success):
            return (lineViolation(in: settings.notices.map(\.whole)) ?? planViolation(settings)).map {
                "\($0): \(shown)"
            }
        default: return "once taken and once refused: \(shown)"
        }
    }

    private static func lineViolation(in lines: [String]) -> String? {
        for line in lines {
            if line.isEmpty || line.utf8.count > 10_000 { return "a line of \(line.utf8.count) bytes" }
            let isOdd = line.unicodeScalars.contains {
                $0.value < 0x20 || (0x7F...0x9F).contains($0.value) || $0 == "\u{2028}"
            }
            if isOdd { return "a control character in '\(line)'" }
        }
        return nil
    }

    private static func planViolation(_ settings: Settings) -> String? {
        guard settings[Identity.self] != nil, let context = try? PlanFacts.context(settings) else { return nil }
        let plan = Plan(settings, context.people, context.host)
        for change in plan.changes {
            if change.planned.by.isEmpty && change.step != Scratch.name {
                return "nobody makes \(change.planned.change.goal)"
            }
            if let violation = lineViolation(in: [change.planned.change.goal]) { return violation }
            if let path = change.planned.change.path, !path.isAbsolute || !path.isLexicallyNormal {
                return "the path \(path)"
            }
        }
        for export in plan.exports where !export.name.isVariableName { return "the variable \(export.name)" }
        return lineViolation(in: plan.warnings.map(\.note.whole))
    }

    // MARK: Account files

    private static func accountsViolation(_ random: inout SeededGenerator) -> String? {
        var files = AccountFiles.random(&random)
        files.passwd = files.passwd.map { mutated($0, &random) }
        files.group = files.group.map { mutated($0, &random) }
        files.shadow = files.shadow.map { mutated($0, &random) }
        files.gshadow = files.gshadow.map { mutated($0, &random) }
        let request = AccountRequest.random(&random)
        for name in ["jane", "root", "", ":", "é"] {
            _ = files.account(named: name)
            _ = files.groups(ofUserNamed: name)
            _ = files.groupID(named: name)
        }
        _ = files.loginShell(ofUserID: 1000)
        do {
            let plan = try AccountPlan.plan(request, on: files)
            // A file that has a name twice, which no tool writes, may take a second plan; then nothing is left to do.
            var last = plan
            for _ in 0..<2 where !last.changes.isEmpty {
                do {
                    last = try AccountPlan.plan(request, on: last.files)
                } catch {
                    return "refused after a plan: \(error.refusals.map(\.reason)) \(request)\n\(files.shown)"
                }
            }
            let again = last.changes.isEmpty ? last : try AccountPlan.plan(request, on: last.files)
            if !again.changes.isEmpty || again.files != last.files {
                return "never done: \(again.changes) \(request)\n\(files.shown)\n\(last.files.shown)"
            }
            return lineViolation(in: plan.changes + plan.warnings).map { "\($0): \(files.shown)" }
        } catch {
            if error.refusals.isEmpty { return "refused without a reason: \(files.shown)" }
            return lineViolation(in: error.refusals.map(\.reason)).map { "\($0): \(files.shown)" }
        }
    }

    /// Bytes with some taken away, doubled, changed or added.
    private static func mutated(_ bytes: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
        var bytes = bytes
        if Int.random(in: 0..<3, using: &random) == 0 { return bytes }
        for _ in 0..<Int.random(in: 1...6, using: &random) {
            let start = Int.random(in: 0...bytes.count, using: &random)
            let end = Int.random(in: start...min(bytes.count, start + 20), using: &random)
            switch Int.random(in: 0..<5, using: &random) {
            case 0: bytes.removeSubrange(start..<end)
            case 1: bytes.insert(contentsOf: Array(bytes[start..<end]), at: start)
            case 2: bytes.insert(UInt8.random(in: 0...255, using: &random), at: start)
            case 3 where start < bytes.count: bytes[start] ^= 1 << UInt8.random(in: 0...7, using: &random)
            default: bytes.insert(contentsOf: Array((tokens.randomElement(using: &random) ?? "").utf8), at: start)
            }
        }
        return bytes
    }
}
