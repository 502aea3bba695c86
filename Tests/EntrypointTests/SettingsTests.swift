import Boot
import TestSupport
import Testing

/// Settings that cannot be used: each is told by its exact line, and nothing is touched.
@Suite(.containers)
struct SettingsTests {
    /// A value and the line that tells what is wrong with it.
    struct Mistake {
        var variable: String
        var value: ByteString
        var line: String
    }

    static let noName =
        "not a name: a letter or _, then at most 30 letters, digits, _ . or -, and perhaps a $ at the end"
    static let taken = "not a usable name: sudo or the system gives it another meaning"
    static let noID = "not a decimal id from 1 to 4294967294, other than 65534, which is nobody's"
    static let relative = "not an absolute path"
    static let control = "not a path for this: it has a control character"
    static let noSeed = "not the name of an account, nor two decimal ids as uid:gid; root is neither"
    static let noTime = "is not a time; write seconds from 0 to 31536000, such as 10 or 0.5"
    static let noSignal = "is not a signal; write a name such as TERM or RTMIN+3, or a number from 1 to 64"

    /// What is wrong with `a`, a newline and `b`; with `a:b`; and with 128 KiB of `x`.
    static let ofEveryVariable: [(variable: String, newline: String, colon: String, long: String)] = [
        same("ENTRYPOINT_LOG", "not one of quiet, info, debug"),
        same("ENTRYPOINT_LOG_FORMAT", "not one of text, json"),
        same("ENTRYPOINT_MODE", "not one of exec, init"),
        quoting("ENTRYPOINT_FORWARD", "is not a receiver of signals; write group or child"),
        (
            "ENTRYPOINT_REWRITE_SIGNALS",
            "\"a\" is not a rule FROM:TO; write for example TERM:QUIT, or USR1:0 to drop USR1", "\"a\" \(noSignal)",
            "it is not a rule FROM:TO; write for example TERM:QUIT, or USR1:0 to drop USR1"
        ),
        (
            "ENTRYPOINT_REMAP_EXIT", "\"a\" is not an exit code; write a number from 0 to 255",
            "\"a:b\" is not an exit code; write a number from 0 to 255",
            "it is not an exit code; write a number from 0 to 255"
        ),
        same("ENTRYPOINT_WARN_REAPED", "neither true nor false"),
        quoting("ENTRYPOINT_PARENT_DEATH_SIGNAL", noSignal),
        quoting("ENTRYPOINT_GRACE", noTime),
        quoting("ENTRYPOINT_STOP_TIMEOUT", noTime),
        same("NB_USER", noName),
        same("NB_UID", noID),
        same("NB_GROUP", noName),
        same("NB_GID", noID),
        same("IDENTITY_SUDO", "not one of all, none"),
        same("IDENTITY_ON_COLLISION", "not one of rename, reuse, fail"),
        same("IDENTITY_WHEN_INCOMPLETE", "not one of fail, run"),
        same("IDENTITY_WHEN_MISSPELT", "not one of fail, warn"),
        same("SCRATCH_HOME_ROOT", relative),
        same("SCRATCH_HOME", relative),
        same("WORKING_DIR", relative),
        same("HF_HOME", relative),
        same("HF_TOKEN_PATH", relative),
        same("SCRATCH_UMASK", "not a umask: octal from 000 to 077"),
        same("SCRATCH_SEED_USER", noSeed),
        same("SCRATCH_TIMEOUT", "not whole seconds from 0 to 86400"),
    ]

    private static func same(_ variable: String, _ clause: String) -> (String, String, String, String) {
        (variable, clause, clause, clause)
    }

    private static func quoting(_ variable: String, _ clause: String) -> (String, String, String, String) {
        (variable, "it \(clause)", "\"a:b\" \(clause)", "it \(clause)")
    }

    static let ids: [ByteString] = [
        "0", "-1", "4294967295", "12x", "99999999999", "65534", "01", "+5", " 5", "5 ", "0x10", "1e3", "٥",
    ]
    static let names: [(value: ByteString, clause: String)] = [
        ("ALL", taken), ("root", taken), ("Defaults", taken), ("..", noName), (".", noName), ("a/b", noName),
        ("a,b", noName), ("a b", noName), ("-x", noName), ("1a", noName), ("#5", noName), ("%wheel", noName),
        ("jäne", noName), ("jane$$", noName), ("$", noName), ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", noName),
    ]
    private static let climbs =
        "it has .. in it, which leads elsewhere behind a symbolic link: write what realpath prints for it"
    static let paths: [(value: ByteString, clause: String)] = [
        ("relative", relative), ("./a", relative), ("~/a", relative), ("/a/../b", climbs),
        ("/..", climbs), ("/a//b", "not in its normal form: write /a/b"),
        ("/a/./b", "not in its normal form: write /a/b"), ("/a/", "not in its normal form: write /a"),
        ("/a\nb", control), ("/a\tb", control), ("/a\u{7f}", control),
    ]

    /// A value as messages show it.
    private static func shown(_ value: ByteString) -> String {
        if value.bytes.count > 200 {
            return "\(ByteString(value.bytes.prefix(100)).text)… (\(value.bytes.count) bytes)"
        }
        return value.text.replacing("\n", with: "\\n").replacing("\t", with: "\\t").replacing("\u{7f}", with: "\\u{7f}")
    }

    private static func mistake(_ variable: String, _ value: ByteString, _ clause: String) -> Mistake {
        Mistake(
            variable: variable, value: value, line: "settings: \(variable) is '\(shown(value))': \(clause)")
    }

    /// As long as one string of an environment can be: 128 KiB with the name, the sign and the byte at its end.
    private static func longest(_ variable: String) -> ByteString {
        ByteString([UInt8](repeating: UInt8(ascii: "x"), count: 131_072 - variable.utf8.count - 2))
    }

    static var mistakes: [Mistake] {
        var mistakes: [Mistake] = []
        for (variable, newline, colon, long) in ofEveryVariable {
            mistakes.append(mistake(variable, "a\nb", newline))
            mistakes.append(mistake(variable, "a:b", colon))
            mistakes.append(mistake(variable, longest(variable), long))
        }
        for variable in ["NB_UID", "NB_GID"] { mistakes += ids.map { mistake(variable, $0, noID) } }
        for variable in ["NB_USER", "NB_GROUP"] { mistakes += names.map { mistake(variable, $0.value, $0.clause) } }
        for variable in ["SCRATCH_HOME_ROOT", "SCRATCH_HOME", "WORKING_DIR", "HF_HOME", "HF_TOKEN_PATH"] {
            mistakes += paths.map { mistake(variable, $0.value, $0.clause) }
        }
        let seeds: [ByteString] = ["0:5", "5:0", "0:0", "1:2:3", "5", "1:", "root"]
        mistakes += seeds.map { mistake("SCRATCH_SEED_USER", $0, noSeed) }
        let umasks: [ByteString] = ["8", "777", "100", "00007", "0o7", "-7"]
        mistakes += umasks.map { mistake("SCRATCH_UMASK", $0, "not a umask: octal from 000 to 077") }
        mistakes.append(
            mistake(
                "WORKING_DIR", "/" + longest("WORKING_DIR="),
                "too long for a path: at most 4095 bytes, and 255 between slashes"))
        mistakes.append(
            Mistake(variable: "NB_USER", value: [0x6a, 0xff], line: "settings: NB_USER is 'j\u{fffd}': not UTF-8"))
        return mistakes
    }

    @Test func `every bad value is told by its exact line, and nothing is touched`() throws {
        try withContainer(.scratch) { container in
            container.entrypoint = ["/usr/local/bin/entrypoint", ProbeReport.path]
            container.environment = .pod
            container.environment["NB_UID"] = "0"
            _ = try container.runInNamespaces([])
            let before = try container.changes()
            for mistake in Self.mistakes {
                container.environment = .pod.with([ByteString(mistake.variable): mistake.value])
                let outcome = try container.runInNamespaces([])
                #expect(outcome.exitCode == 78, "\(mistake.variable) \(mistake.value): \(outcome)")
                #expect(outcome.errors == "entrypoint: \(mistake.line)\n")
                #expect(outcome.standardOutput == "")
            }
            #expect(try container.changes() == before)
        }
    }

    @Test func `the table above has every variable of the boot itself`() {
        let declared = LogSettings.variables + InitSettings.variables + Identity.variables + Scratch.variables
        #expect(Set(declared.map(\.name)) == Set(Self.ofEveryVariable.map(\.variable)))
    }

    @Test func `no variable of any step can crash the boot or fill the log`() throws {
        try withContainer(.scratch) { container in
            try container.makeDirectory("/scratch/homes", mode: 0o777)
            for name in BootSequence.groups.variables.map(\.name) {
                for value: ByteString in ["a\nb", "a:b", Self.longest(name), [0xff], "\u{1b}[2J", "\u{202e}x"] {
                    container.environment = .pod.with([ByteString(name): value])
                    let outcome = try container.runInNamespaces(["--plan", ProbeReport.path])
                    #expect([2, 78].contains(outcome.exitCode), "\(name) \(value): \(outcome)")
                    for line in outcome.errors.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
                        #expect(
                            line.hasPrefix("entrypoint: ") && line.utf8.count < 1000, "\(name) \(value): \(outcome)")
                    }
                    #expect(!outcome.errors.contains("\u{1b}") && !outcome.errors.contains("\u{202e}"))
                }
            }
        }
    }

    @Test func `an empty value is an unset one, for every variable`() throws {
        try withContainer(.scratch) { container in
            try container.makeDirectory("/scratch/homes", mode: 0o777)
            container.environment = .pod
            let unset = try container.runInNamespaces(["--plan", ProbeReport.path])
            #expect(unset.exitCode == 2)
            for variable in BootSequence.groups.variables {
                container.environment = .pod.with([ByteString(variable.name): ""])
                let outcome = try container.runInNamespaces(["--plan", ProbeReport.path])
                if variable.isRequired {
                    #expect(outcome.exitCode == 78)
                    #expect(
                        outcome.errors
                            == "entrypoint: settings: \(variable.name) is not set, but the other required variables are\n"
                    )
                } else {
                    #expect(
                        outcome.output == unset.output && outcome.errors == unset.errors, "\(variable.name): \(outcome)"
                    )
                }
            }
        }
    }

    @Test func `all problems are told together, in the order of the variables`() throws {
        try withContainer(.scratch) { container in
            container.environment = .container.with([
                "ENTRYPOINT_LOG": "loud", "NB_USER": "root", "NB_UID": "0", "NB_GROUP": "lab", "NB_GID": "-1",
                "SCRATCH_HOME_ROOT": "homes", "SCRATCH_UMASK": "8", "ENTRYPOINT_LOGG": "x",
            ])
            let outcome = try container.boot(ProbeReport.path)
            #expect(outcome.exitCode == 78)
            #expect(
                outcome.log == [
                    "settings: warning: ENTRYPOINT_LOGG is not a variable of entrypoint; did you mean ENTRYPOINT_LOG?",
                    "settings: ENTRYPOINT_LOG is 'loud': not one of quiet, info, debug",
                    "settings: WORKING_DIR is not set, but the other required variables are",
                    "settings: NB_USER is 'root': \(Self.taken)",
                    "settings: NB_UID is '0': \(Self.noID)",
                    "settings: NB_GID is '-1': \(Self.noID)",
                    "settings: SCRATCH_HOME_ROOT is 'homes': \(Self.relative)",
                    "settings: SCRATCH_UMASK is '8': not a umask: octal from 000 to 077",
                ], "\(outcome)")
        }
    }

    @Test func `variables of Kubernetes Services called as our settings are not told of`() throws {
        try withPod(.busybox) { container in
            container.environment.entries += [
                "ENTRYPOINT_SERVICE_HOST=10.0.0.7", "NB_PORT_8888_TCP=x", "IDENTITY_PORT=x", "SCRATCH_SERVICE_PORT_A=x",
            ]
            let outcome = try container.boot("true")
            #expect(outcome.exitCode == 0 && outcome.log(of: "settings").isEmpty, "\(outcome)")
        }
    }

    @Test func `a misspelt variable gives nobody root or sudo`() throws {
        let start: [String: Environment] = [
            "NB_UDI": ["NB_UDI": "5"], "IDENTITY_SUOD": ["IDENTITY_SUOD": "none"],
        ]
        for (name, variables) in start {
            let problem = "settings: \(name) is not a variable of entrypoint; did you mean "
            try withPod(.busybox) { container in
                container.environment = (name == "NB_UDI" ? Environment.container : .pod).with(variables)
                let outcome = try container.boot("id", "-u")
                #expect(outcome.exitCode == 78 && outcome.output == "", "\(outcome)")
                #expect(outcome.log.contains { $0.hasPrefix(problem) }, "\(outcome)")
                // The image decides in an elevated start, and anybody else in others.
                try container.write("/etc/entrypoint.yaml", "identity: {whenMisspelt: warn}\n")
                let relaxed = try container.boot("id", "-u")
                #expect(relaxed.exitCode == 0 && relaxed.errors.contains("warning: \(name) is not a var"), "\(relaxed)")
            }
        }
    }

    @Test func `an image can require an identity`() throws {
        try withPod(.busybox) { container in
            try container.write("/etc/entrypoint.yaml", "identity: {required: true}\n")
            #expect(try container.boot("id", "-un").output == "jane\n")
            for variables in [[:], ["IDENTITY_WHEN_INCOMPLETE": "run", "NB_UID": "5"]] as [Environment] {
                container.environment = .container.with(variables)
                let outcome = try container.boot("id", "-u")
                #expect(outcome.exitCode == 78 && outcome.output == "", "\(outcome)")
                #expect(
                    outcome.log.last?.hasSuffix("not set, and the image requires an identity (identity.required)")
                        == true,
                    "\(outcome)")
            }
        }
    }

    @Test func `the widest ids and names that are allowed work`() throws {
        try withPod(.busybox) { container in
            container.environment = .pod.with([
                "NB_USER": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa$", "NB_UID": "4294967294", "NB_GROUP": "_a.b-C$",
                "NB_GID": "4294967294", "SCRATCH_HOME_ROOT": "/dev/shm/ä b", "WORKING_DIR": "/",
            ])
            let outcome = try container.boot(ProbeReport.path)
            let report = try outcome.report()
            #expect(try report.users == [4_294_967_294, 4_294_967_294, 4_294_967_294])
            #expect(report.environment["SCRATCH_HOME"] == "/dev/shm/ä b/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa$")
            #expect(
                try container.text("/etc/passwd").hasSuffix(
                    "\naaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa$:*:4294967294:4294967294::"
                        + "/home/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa$:/bin/sh\n"))
            #expect(try container.text("/etc/group").hasSuffix("\n_a.b-C$:*:4294967294:\n"))
        }
    }
}
