import Boot
import Foundation
import Session
import TestSupport
import Testing

/// What `entrypointctl env --sh` prints, evaluated by the shells of this machine: whatever the variables are called, and
/// whatever the shell has been told before.
@Suite struct ShellEnvironmentTests {
    /// A shell, and what it is told before its commands.
    struct Shell: CustomTestStringConvertible, Sendable {
        var path: String
        var options: [ByteString] = []

        var testDescription: String { ([path] + options.map(\.text)).joined(separator: " ") }
        var isZsh: Bool { path == "/bin/zsh" }
        var isBash: Bool { path == "/bin/bash" }
    }

    static let shells: [Shell] = [
        Shell(path: "/bin/sh"), Shell(path: "/bin/sh", options: ["-eu"]),
        Shell(path: "/bin/bash"), Shell(path: "/bin/bash", options: ["-eu"]),
        Shell(path: "/bin/bash", options: ["--posix"]), Shell(path: "/bin/bash", options: ["--posix", "-eu"]),
        Shell(path: "/bin/zsh", options: ["-f"]), Shell(path: "/bin/zsh", options: ["-f", "-eu"]),
        Shell(path: "/bin/zsh", options: ["--emulate", "sh", "-f"]),
        Shell(path: "/bin/zsh", options: ["--emulate", "ksh", "-f"]),
    ]

    /// Every byte but NUL, and what a shell would run if it could.
    private static let odd =
        ByteString(UInt8(1)...UInt8(255)) + "'\n\n''x' $(touch /tmp/ran) `touch /tmp/ran` \\ !x ~ * ${HOME}\n"
    /// What ends a shell that takes it for a number or for more than a text.
    private static let hostile: ByteString = "1+'x[$(touch /tmp/ran)]\n"

    private static func text(_ variables: [(String, ByteString)]) -> ByteString {
        ByteString(ShellEnvironment.commands(for: variables.map { Array("\($0.0)=".utf8) + $0.1.bytes }))
    }

    /// What the old snippet sourced: the same without looking where it is read.
    private static func naiveText(_ variables: [(String, ByteString)]) -> ByteString {
        variables.reduce("") {
            $0 + "export \($1.0)='" + ByteString($1.1.text.replacing("'", with: "'\\''")) + "'\n"
        }
    }

    /// What a shell has after it has evaluated a text.
    struct Evaluation {
        /// What its commands get.
        var environment: [String: ByteString]
        /// What `set` prints.
        var variables: String
        var outcome: TestSupport.Outcome

        /// The variables whose names begin like this.
        func left(of prefix: String) -> [String] {
            let lines = variables.split(separator: "\n").filter { $0.hasPrefix(prefix) }
            return lines.map(String.init) + environment.keys.filter { $0.hasPrefix(prefix) }
        }
    }

    /// Has a shell evaluate a text.
    ///
    /// - Returns: nothing where it did not go on to the end.
    private static func evaluate(
        _ text: ByteString, in shell: Shell, after: ByteString = ":"
    ) throws -> Evaluation? {
        try withRunDirectory { directory in
            try Data(text.bytes).write(to: URL(filePath: directory + "/text"))
            let script: ByteString = """
                \\eval "$(/bin/cat \(ByteString(directory))/text)" || exit 9
                /usr/bin/env -0; /usr/bin/printf 'END\\0'; set
                """
            var program = Program(shell.path, shell.options + ["-c", after + "\n" + script])
            program.environment = ["PATH": "/usr/bin:/bin", "HOME": "/root"]
            let outcome = try program.run()
            let parts = outcome.standardOutput.bytes.split(separator: 0, omittingEmptySubsequences: false)
            guard let end = parts.firstIndex(of: ArraySlice("END".utf8)) else { return nil }
            var environment: [String: ByteString] = [:]
            for part in parts[..<end] {
                guard let equals = part.firstIndex(of: UInt8(ascii: "=")) else { continue }
                environment[String(decoding: part[..<equals], as: UTF8.self)] = ByteString(part[(equals + 1)...])
            }
            return Evaluation(
                environment: environment,
                variables: parts[(end + 1)...].map { String(decoding: $0, as: UTF8.self) }.joined(), outcome: outcome)
        }
    }

    /// Every parameter that a shell knows, with all modules that come with it.
    private static func parameters(of shell: String) throws -> Set<String> {
        let script: ByteString =
            shell == "/bin/zsh"
            ? """
            zmodload zsh/parameter zsh/zutil zsh/complete zsh/zle zsh/mapfile zsh/datetime zsh/system zsh/termcap \
            zsh/terminfo zsh/langinfo zsh/regex zsh/zleparameter zsh/sched zsh/watch zsh/compctl 2>/dev/null
            print -l ${(k)parameters}
            """ : "compgen -v"
        let options: [ByteString] = shell == "/bin/zsh" ? ["-f"] : []
        let outcome = try Program(shell, options + ["-c", script]).run()
        return Set(outcome.outputLines.filter { $0.wholeMatch(of: /[A-Za-z_][A-Za-z0-9_]*/) != nil })
    }

    /// What may not have a hostile value, because the test itself or every command needs it.
    private static let needed: Set<String> = ["HOME", "PATH", "ZDOTDIR", "LANG", "LC_ALL"]

    /// A pod's environment with every name that a shell knows.
    private static func everyParameter() throws -> [(String, ByteString)] {
        let names = try parameters(of: "/bin/zsh").union(parameters(of: "/bin/bash"))
            .union([
                "BASH_ENV", "ENV", "UID", "status", "path", "options", "commands", "mapfile", "MODULE_PATH",
                "LD_LIBRARY_PATH",
            ])
            .subtracting(needed).subtracting(ShellEnvironment.sessionsOwn)
        try #require(names.count > 150)
        return [("FIRST", odd)] + names.sorted().map { ($0, hostile) } + [
            ("HOME", "/a home"), ("PATH", "/usr/bin:/bin:/o p t"), ("ZDOTDIR", odd), ("SCRATCH_HOME", "/scratch/x"),
            ("LC_ALL", "C"), ("LAST", odd),
        ]
    }

    /// What the shell makes something else of: these are not set in it, and nothing else is left out.
    private static func special(in shell: Shell) -> Set<String> {
        guard shell.isZsh || shell.isBash else { return [] }
        let common: Set<String> = ["EUID", "HISTCMD", "LINENO", "PPID", "RANDOM", "SECONDS", "UID"]
        if shell.isBash {
            return common.union([
                "BASHOPTS", "BASHPID", "BASH_ALIASES", "BASH_ARGC", "BASH_ARGV", "BASH_ARGV0", "BASH_CMDS",
                "BASH_COMMAND", "BASH_LINENO", "BASH_SOURCE", "BASH_SUBSHELL", "BASH_VERSINFO", "DIRSTACK",
                "EPOCHREALTIME", "EPOCHSECONDS", "FUNCNAME", "GROUPS", "PIPESTATUS", "SHELLOPTS", "SRANDOM",
            ])
        }
        return common
    }

    @Test(arguments: shells) func `every name that a shell knows may be a pod's variable`(shell: Shell) throws {
        let variables = try Self.everyParameter()
        let result = try #require(try Self.evaluate(Self.text(variables), in: shell), "it does not come to the end")
        let unset = variables.filter { result.environment[$0.0] != $0.1 }.map(\.0)
        for name in ["FIRST", "HOME", "PATH", "ZDOTDIR", "SCRATCH_HOME", "LAST"] { #expect(!unset.contains(name)) }
        if !shell.isZsh {
            #expect(Set(unset).isSubset(of: Self.special(in: shell)), "\(unset)")
        } else {
            // Its own, in lower case or not: what is a text in it is set.
            let script: ByteString = "for n in \(ByteString(unset.joined(separator: " "))); do echo $n ${(tP)n}; done"
            let types = try Program(
                "/bin/zsh", ["-f", "-c", "zmodload zsh/mapfile zsh/system zsh/langinfo; " + script]
            )
            .run().outputLines
            let texts = types.filter { $0.contains(" scalar") && !$0.contains("readonly") }.map {
                $0.prefix { $0 != " " }
            }
            #expect(Set(texts).isSubset(of: ["HISTCHARS", "KEYBOARD_HACK", "USERNAME", "histchars"]), "\(texts)")
        }
        #expect(result.left(of: "entrypoint_").isEmpty)
        #expect(result.outcome.errors.isEmpty, "\(result.outcome)")
        #expect(!FileManager.default.fileExists(atPath: "/tmp/ran"))
    }

    /// Why it is done like this: with the same variables, the text that was sourced ends in the middle.
    @Test(arguments: [
        ("UID", "/bin/zsh", []), ("PPID", "/bin/zsh", []), ("status", "/bin/zsh", []), ("argv", "/bin/zsh", []),
        ("options", "/bin/zsh", []), ("UID", "/bin/bash", ["--posix"]), ("PPID", "/bin/bash", ["--posix"]),
    ])
    func `plain commands do not come to the end where the new ones do`(
        name: String, path: String, options: [String]
    ) throws {
        let shell = Shell(path: path, options: (path == "/bin/zsh" ? ["-f"] : []) + options.map { ByteString($0) })
        let variables: [(String, ByteString)] = [("FIRST", "1"), (name, Self.hostile), ("LAST", "2")]
        let naive = try Self.evaluate(Self.naiveText(variables), in: shell)
        #expect(naive?.environment["LAST"] == nil)
        let ours = try #require(try Self.evaluate(Self.text(variables), in: shell))
        #expect(ours.environment["FIRST"] == "1" && ours.environment["LAST"] == "2")
    }

    /// What a session may have told its shell before.
    static let habits: [ByteString] = [
        "alias export='echo no' eval='echo no' unset='echo no' builtin='echo no' command='echo no' echo=false",
        "if [ \"${BASH_VERSION-}\" ]; then shopt -s expand_aliases; fi\nalias export=false eval=false unset=false",
        "IFS='abcdefghijklmnopqrstuvwxyz_\\$ '", "set -a", "set -f", "set -C", "set -v", "set -- one two",
        "trap 'echo trapped' EXIT", "unset PATH", "entrypoint() { :; }; unset HOME", "cd /tmp",
        "BASH_COMMAND=entrypoint_value=x ZSH_VERSION=5.9 BASH_VERSION=5.2",
    ]

    @Test(arguments: shells, habits) func `the environment is whole, whatever the shell was told before`(
        shell: Shell, habit: ByteString
    ) throws {
        let variables: [(String, ByteString)] = [
            ("FIRST", Self.odd), ("EMPTY", ""), ("NEWLINE", "\n"), ("QUOTE", "'"), ("QUOTES", "''a''"),
            ("LINES_64", ByteString(String(repeating: "a\n", count: 64))),
            ("LINES_65", ByteString(String(repeating: "\n", count: 65) + "b")),
            ("LINES_200", ByteString(String(repeating: "c'\n", count: 200))), ("entrypoint_name", "x"),
            ("entrypoint_value", "y"), ("PATH", "/usr/bin:/bin"), ("LAST", Self.odd),
        ]
        let result = try #require(try Self.evaluate(Self.text(variables), in: shell, after: habit))
        for (name, value) in variables { #expect(result.environment[name] == value, "\(name)") }
        #expect(result.left(of: "_entrypoint_").isEmpty)
    }

    @Test(arguments: shells) func `what is read-only or a number in a session stays, and the rest is set`(shell: Shell)
        throws
    {
        let variables: [(String, ByteString)] = [
            ("FIRST", Self.odd), ("FIXED", "new"), ("HOME", "/new"), ("NUMBER", "1+"), ("UNSET_NUMBER", "1+"),
            ("LIST", "1"), ("LAST", Self.odd),
        ]
        let numbers: ByteString =
            shell.isBash || shell.isZsh ? "typeset -i NUMBER=7 UNSET_NUMBER; typeset -a LIST" : "NUMBER=7"
        let result = try #require(
            try Self.evaluate(Self.text(variables), in: shell, after: "readonly FIXED=old HOME; " + numbers))
        #expect(result.environment["FIRST"] == Self.odd && result.environment["LAST"] == Self.odd)
        #expect(result.environment["HOME"] == "/root")
        #expect(result.outcome.errors.isEmpty, "\(result.outcome)")
    }

    @Test func `each option of zsh may be on or off`() throws {
        let zsh = Shell(path: "/bin/zsh", options: ["-f"])
        let list = try Program("/bin/zsh", ["-f", "-c", "zmodload zsh/parameter; print -l ${(k)options}"]).run()
        // With these nothing runs, or no file is opened.
        let options = Set(list.outputLines).subtracting(["exec", "noexec", "restricted", "xtrace"])
        try #require(options.count > 150)
        let variables: [(String, ByteString)] = [
            ("FIRST", Self.odd), ("commands", "x"), ("EMPTY", ""), ("NEWLINE", "\n"), ("QUOTES", "''a''"),
            ("LAST", Self.odd),
        ]
        let text = Self.text(variables)
        for option in options.sorted() {
            for word in ["setopt", "unsetopt"] where option != "exec" || word == "setopt" {
                let result = try Self.evaluate(
                    text, in: zsh, after: "\(ByteString(word)) \(ByteString(option)) 2>/dev/null")
                for (name, value) in variables where name != "commands" {
                    #expect(result?.environment[name] == value, "\(word) \(option): \(name)")
                }
            }
        }
    }

    @Test(arguments: [
        Shell(path: "/bin/bash", options: ["-r"]), Shell(path: "/bin/bash", options: ["--posix", "-r"]),
        Shell(path: "/bin/zsh", options: ["-f", "-r"]),
    ])
    func `a restricted shell goes on, with what it may set`(shell: Shell) throws {
        let variables: [(String, ByteString)] = [
            ("FIRST", "1"), ("PATH", "/evil"), ("SHELL", "/evil"), ("ENV", "/evil"), ("BASH_ENV", "/evil"),
            ("HISTFILE", "/evil"), ("LD_PRELOAD", ""), ("UID", "1+"), ("HOME", "/home/jane"), ("LAST", Self.odd),
        ]
        var program = Program(shell.path, shell.options + ["-c", "eval \"$TEXT\"; echo \"$HOME $FIRST $PATH\""])
        program.environment = ["PATH": "/usr/bin:/bin", "HOME": "/root", "TEXT": Self.text(variables)]
        let outcome = try program.run()
        #expect(outcome.output == "/home/jane 1 /usr/bin:/bin\n" && outcome.errors.isEmpty, "\(outcome)")
    }

    @Test func `a bash that cannot tell attributes goes by names`() throws {
        // Those of a later bash are numbers in this one.
        let later: Set<String> = ["EPOCHREALTIME", "EPOCHSECONDS", "SRANDOM"]
        let variables = try Self.everyParameter().filter { !later.contains($0.0) }
        for options in [[], ["--posix"], ["-eu"]] as [[ByteString]] {
            let shell = Shell(path: "/bin/bash", options: options)
            let result = try #require(
                try Self.evaluate(Self.text(variables), in: shell, after: "BASH_VERSION='4.2.46(2)-release'"))
            #expect(result.environment["LAST"] == Self.odd && result.environment["BASH_ENV"] == Self.hostile)
            #expect(result.environment["HOME"] == "/a home")
        }
    }

    @Test func `what is no variable of a shell is left out`() {
        let entries: [ByteString] = [
            "no equals sign", "=x", "1X=1", "a-b=1", "BASH_FUNC_f%%=() { :; }", "A\0=1", "IFS=x", "PWD=/x", "A=",
        ]
        let text = ByteString(ShellEnvironment.commands(for: entries.map(\.bytes))).text
        #expect(text.split(separator: "\n").filter { $0.hasPrefix("entrypoint_name=") }.count == 1)
        #expect(text.contains("entrypoint_name=A entrypoint_value='';"))
        #expect(ShellEnvironment.commands(for: []).isEmpty)
    }

    @Test(arguments: ["/bin/sh", "/bin/bash", "/bin/zsh"]) func `the largest environment is evaluated in time`(
        path: String
    ) throws {
        let line = "a line of a certificate, a script or a list, as long as such lines are, with a ' in it\n"
        let variables = (0..<15).map { ("V\($0)", ByteString(String(repeating: line, count: 1400))) }
        let shell = Shell(path: path, options: path == "/bin/zsh" ? ["-f"] : [])
        let started = ContinuousClock.now
        let result = try #require(try Self.evaluate(Self.text(variables), in: shell))
        #expect(result.environment["V14"] == variables[14].1)
        #expect(ContinuousClock.now - started < .seconds(10))
    }
}
