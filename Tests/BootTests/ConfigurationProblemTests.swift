import Boot
import Linux
import Programs
import Session
import TestSupport
import Testing

/// What is told of a file that cannot be used: the exact lines, with file, line, column, key and what was expected.
struct ConfigurationProblemTests {
    /// Texts of files, each with at least one mistake.
    static let texts: [String] = [
        // Keys.
        "scratch: {umaks: \"007\"}", "scrtach:\n  umask: \"007\"", "colour: blue",
        "log:\n  level: info\n  level: debug",
        "log: {level: info}\nlog: {format: json}", "log: {\"le vel\": info}",
        "links: {enabled: false, names: []}\n1: 2",
        "identity: {enabled: false}", "scratch: {enabled: no}", "chain: []", "chain: [bin/x]", "chain: sh",
        "compatibility: [s6]", "compatibility: linuxserver", "handoff: {onFailure: warn}", "log: [level]",
        "log: info",
        "[log]", "log",
        // Words, numbers and texts of the wrong kind.
        "log: {level: inof, format: yaml}", "log: {level: Debug}", "log: {level: [info]}", "log: {level: }",
        "log: {level: ~}",
        "init: {mode: inti, forward: childs}", "init: {warnReaped: yes}", "init: {warnReaped: \"true\"}",
        "init: {grace: -1}", "init: {grace: 1e3}", "init: {stopTimeout: [1]}", "init: {rewriteSignals: TERM:INT}",
        "init: {rewriteSignals: [TERM:INT, TREM:INT, \"HUP:0,USR1:0\", \"\", [x]]}", "init: {rewriteSignals: }",
        "init: {remapExit: [143, 300, -1, x]}", "init: {parentDeathSignal: NOPE}",
        "scratch: {timeout: 1.5}", "scratch: {timeout: \"60\"}", "scratch: {timeout: 86401}", "scratch: {timeout: yes}",
        // Modes are octal, and written so.
        "scratch: {umask: 7}", "scratch: {umask: 007}\nlog: {level: x}", "scratch: {umask: 0o007}",
        "scratch: {umask: 0777}",
        "scratch: {umask: 008}", "scratch: {umask: [0]}",
        "scratch: {directories: [{path: a, mode: 770}, {path: b, mode: rwx}, {path: c, mode: 07777777}]}",
        // Paths and names.
        "scratch: {homeRoot: homes, workingDirectory: /a/../b, sharedCache: /c/}", "scratch: {seedUser: 0:0}",
        "scratch: {seedDirectories: [/a, b, /c/..]}", "scratch: {tokenPath: ../token}", "shell: {directory: /a//b}",
        "identity: {shells: [zsh], groups: [ALL, a:b], sudo: some, onCollision: x, whenIncomplete: x}",
        "links: {names: [.ssh, a, a/, /etc, ../x, \"a b\"]}", "links: {names: [a, a]}",
        // Lists of mappings.
        "scratch: {directories: [{mode: \"0770\"}, {path: a, owner: nobody}, {path: b, shard: true}, c]}",
        "scratch: {directories: [{path: a, owner: root}, {path: b}, {path: /d, owner: root}]}",
        "scratch: {homeOwners: [1, 1.5, '', 'a b', root]}",
        "scratch: {seedDirectories: [a, {path: /a, source: s}, {path: /b, type: t}, {source: s, type: t}, {path: /c, x: y}]}",
        "scratch: {directories: {path: a}}", "shell: {copies: [{from: a, to: b}, {from: /a}, {to: b}]}",
        "caches: {directories: {PATH: /x, SCRATCH_HOME: a, 1X: b, PIP_CACHE_DIR: ../c, A: [b], UV_LINK_MODE: x}}",
        "caches: {directories: [PIP_CACHE_DIR]}", "caches: {uvLinkMode: hard-link}",
        // Patterns, capabilities, names of keys, policies.
        "secrets: {stripped: [\"*\", \"A*B\", \"a b\", \"*A*\", \"\"], passed: X_TOKEN}",
        "secrets: {files: [A_TOKEN, \"*_TOKEN\", A_TOKEN_FILE, NB_USER, HOME, PATH, LD_PRELOAD, SSH_PRIVATE_KEY_B64]}",
        "capabilities: {keep: [NET_RAWW, 12, CAP_, \"\", CAP_CAP_KILL, ALL]}", "capabilities: {keep: NET_RAW}",
        "ssh: {privateKeyName: known_hosts}", "ssh: {privateKeyName: id.pub, publicKeyFile: key.pub}",
        "ssh: {privateKeyName: a/b}", "git: {userName: \"a\\nb\", userEmail: \" \"}",
        "git: {enabled: no, onFailure: ignore}",
        // What YAML has and configuration has not.
        "log: &a {level: info}", "log: *a", "log: !!map {level: info}", "log: {<<: {level: info}}",
        "? log\n: {level: info}",
        "%YAML 1.2\n---\nlog: {}", "log: {}\n---\nlog: {}", "log:\n\tlevel: info", "log: {level: in\u{0}fo}",
        "log: {level: \"in\\0fo\"}", "log: {level: 'info}", "log: level: info", "log:\n level: info\n  format: json",
    ]

    private static func problems(_ bytes: [UInt8]) -> [String] {
        Inspection.problems(in: [(name: "f.yaml", bytes: bytes)])
    }

    @Test func `each mistake is told with its place, its key, and what was expected`() throws {
        var story = ""
        for text in Self.texts {
            let lines = Self.problems(Array(text.utf8))
            #expect(!lines.isEmpty, "\(text)")
            for line in lines {
                #expect(line.utf8.count < 400 && !line.unicodeScalars.contains { $0.value < 0x20 })
            }
            let shown = text.split(separator: "\n", omittingEmptySubsequences: false).map { "    \($0)\n" }.joined()
            story += shown.replacing("\0", with: "<NUL>") + lines.map { $0 + "\n" }.joined() + "\n"
        }
        try Golden.expect(story, in: "Tests/BootTests/Golden/problems.txt")
    }

    @Test(arguments: [
        "", "\n", "# nothing\n", "---\n", "log:\ninit:\n", "{}", "log: {}\nsteps: []\n", "\u{FEFF}# marked\n",
    ])
    func `a file may set nothing`(text: String) {
        #expect(Self.problems(Array(text.utf8)) == [])
    }

    @Test func `empty lists are lists`() {
        let text = """
            init: {rewriteSignals: [], remapExit: []}
            links: {names: []}
            capabilities: {keep: []}
            secrets: {stripped: [], passed: []}
            identity: {shells: [], groups: []}
            scratch: {directories: [], seedDirectories: []}
            shell: {copies: []}
            caches: {directories: {}}
            """
        #expect(Self.problems(Array(text.utf8)) == [])
    }

    @Test func `bytes that are no text are told by their places`() {
        #expect(
            Self.problems(Array("log:\n  level: ".utf8) + [0xFF, 0x0A])
                == ["f.yaml:2:10: not UTF-8: the byte 0xFF; save the file as UTF-8"])
        #expect(
            Self.problems([0xFE, 0xFF, 0, 0x6C]) == ["f.yaml:1:1: the file is UTF-16 or UTF-32: save it as UTF-8"])
        #expect(Self.problems((0..<255).map { UInt8($0) }).allSatisfy { $0.hasPrefix("f.yaml:") })
    }

    @Test func `a deep file and a huge one are refused in no time`() {
        let clock = ContinuousClock()
        let time = clock.measure {
            for open in ["[", "{a: ", "- "] {
                let deep = String(repeating: open, count: 10_000)
                let lines = Self.problems(Array(deep.utf8))
                #expect(lines.count == 1 && lines[0].hasPrefix("f.yaml:1:"), "\(lines.prefix(3))")
            }
            let huge = [UInt8](repeating: UInt8(ascii: "#"), count: 10_000_000)
            #expect(Self.problems(huge) == ["f.yaml:1:1: the file is too large: at most 1048576 bytes are read"])
        }
        #expect(time < .seconds(5))
    }

    @Test func `a file full of mistakes does not fill the log`() {
        let text = (0..<5000).map { "key\($0): x\n" }.joined()
        let lines = Self.problems(Array(text.utf8))
        #expect(lines.count == 51 && lines.last == "f.yaml: there are more problems")
    }

    @Test func `all problems of all places are told at once, the environment's first`() throws {
        var configuration = Configuration()
        configuration.add(Array("log: {level: x}\nscratch: {umask: 9}\n".utf8), name: "/etc/entrypoint.yaml")
        configuration.add(Array("log: {level: y}\nnope: 1\n".utf8), name: "/etc/entrypoint/conf.d/a.yaml")
        configuration.add(Array("log: [".utf8), name: "/etc/entrypoint/conf.d/b.yaml")
        let environment = Pod.environment(["NB_UID": Array("0".utf8), "ENTRYPOINT_LOG": Array("z".utf8)])
        do throws(SettingsError) {
            _ = try Settings.read(from: environment, configuration: configuration)
            Issue.record("there are problems")
        } catch {
            #expect(
                error.problems.map(\.text) == [
                    "ENTRYPOINT_LOG is 'z': not one of quiet, info, debug",
                    "NB_UID is '0': not a decimal id from 1 to 4294967294, other than 65534, which is nobody's",
                    "/etc/entrypoint/conf.d/b.yaml:2:1: expected a value",
                    "/etc/entrypoint.yaml:1:14: log.level: expected one of quiet, info, debug, found 'x'",
                    "/etc/entrypoint.yaml:2:18: scratch.umask: expected an octal mode, found '9'",
                    "/etc/entrypoint/conf.d/a.yaml:1:14: log.level: expected one of quiet, info, debug, found 'y'",
                    "/etc/entrypoint/conf.d/a.yaml:2:1: nope: not a known key; known here: "
                        + (BootSequence.groups.sections.map(\.name) + BootSequence.groups.topSettings.compactMap(\.key))
                        .joined(separator: ", "),
                ])
        }
    }

    @Test func `a mistake in a file is one also where nothing is asked for, and where another value counts more`() {
        var configuration = Configuration()
        configuration.add(Array("scratch: {umask: 9}\nlog: {level: x}\n".utf8), name: "a")
        configuration.add(Array("log: {level: info}\n".utf8), name: "b")
        for environment in [EnvironmentBlock(), EnvironmentBlock("ENTRYPOINT_LOG=debug"), Pod.environment()] {
            do throws(SettingsError) {
                _ = try Settings.read(from: environment, configuration: configuration)
                Issue.record("there are problems")
            } catch {
                #expect(
                    error.problems.map(\.text) == [
                        "a:1:18: scratch.umask: expected an octal mode, found '9'",
                        "a:2:14: log.level: expected one of quiet, info, debug, found 'x'",
                    ])
            }
        }
    }
}
