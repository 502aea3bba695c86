import Foundation
import TestSupport
import Testing

/// What people find out about a command without leaving the terminal: help, the manual, completions.
struct HelpTests {
    @Test func `every command says what it is for, with an example, in 80 columns`() throws {
        let commands = try Subcommand.all().filter { $0.name != "help" }
        #expect(commands.count > 12)
        for command in commands {
            let arguments = command.path.dropFirst().map { ByteString($0) } + ["--help"]
            let help = try Program("\(TestMachine.programs)/entrypointctl", arguments).run()
            #expect(help.exitCode == 0 && help.output.hasPrefix("OVERVIEW: "), "\(help)")
            #expect(command.abstract?.isEmpty == false && command.discussion?.isEmpty == false, "\(command.path)")
            #expect(!command.examples.isEmpty, "\(command.path) shows nothing to type")
            for line in help.outputLines { #expect(line.count <= 80, "\(command.path): \(line)") }
        }
    }

    @Test(.containers) func `every example runs`() throws {
        try withPod { container in
            try container.write("/examples/entrypoint.yaml", "scratch: {timeout: 5}\n", user: 1000)
            try container.write("/examples/site.yaml", "log: {level: debug}\n", user: 1000)
            try container.write("/examples/pod.env", "NB_USER=jane\n", user: 1000)
            for name in ["pod.yaml", "job.yaml"] {
                let pod = "{kind: Pod, metadata: {name: jane}, spec: {containers: [{name: main, args: [x]}]}}\n"
                try container.write("/examples/\(name)", ByteString(pod), user: 1000)
            }
            try container.write("/examples/secret.yaml", "{kind: Secret, metadata: {name: jane}}\n", user: 1000)
            try container.write("/examples/user.env", ByteString(PodSpecs.file), user: 1000)
            try container.makeDirectory("/examples", mode: 0o777)
            let boot = try container.start("/bin/sh", "-c", "echo up; exec sleep 600")
            try boot.waitForOutput("up")
            let commands = try Subcommand.all().filter { $0.name != "help" }
            // What only root may do comes last: it removes the user.
            let examples = commands.flatMap { $0.examples }
            let (own, roots) = (
                examples.filter { !$0.contains("--account") }, examples.filter { $0.contains("--account") }
            )
            let lines = own + roots
            let scripts = lines.map { ["/bin/sh", "-c", "cd /examples && \($0)"] }
            let answers =
                try boot.ask(Array(scripts.prefix(own.count)), user: "1000:2000", of: container)
                + boot.ask(Array(scripts.dropFirst(own.count)), user: "0:0", of: container)
            #expect(answers.count == lines.count && !roots.isEmpty)
            for (line, answer) in zip(lines, answers) {
                let words = line.split(separator: " ").dropFirst().map { String($0) }
                let name = commands.map(\.name).last {
                    !$0.isEmpty && words.starts(with: $0.split(separator: " ").map(String.init))
                }
                // What reads a page in the image is not ours.
                let codes = line.contains("|") ? [0, 127] : SubcommandSample.all[name ?? "help"]?.codes ?? []
                #expect(codes.contains(answer.code) && !answer.errors.contains("Error: "), "\(line): \(answer)")
            }
        }
    }

    private static var share: String { get throws { try TestMachine.programs + "/share" } }

    @Test(.containers) func `the manual has a page for each command, without a warning`() throws {
        let directory = try Self.share + "/man/man1"
        let pages = try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
        let commands = try Subcommand.all().filter { $0.shouldDisplay != false && $0.name != "help" }
        #expect(pages == (commands.map { $0.path.joined(separator: "-") + ".1" } + ["entrypoint.1"]).sorted())
        for page in pages {
            let lint = try Program(["/usr/bin/mandoc", "-Tlint", "-Wwarning", "\(directory)/\(page)"]).run()
            // A date would make each build differ.
            let warnings = lint.outputLines.filter { !$0.contains("missing date") }
            #expect(warnings.isEmpty, "\(lint)")
            let roff = try Program(["/usr/bin/groff", "-man", "-Tutf8", "-ww", "-z", "\(directory)/\(page)"]).run()
            #expect(roff.exitCode == 0 && roff.errors.isEmpty, "\(roff)")
        }
        for command in commands {
            let text = try Self.rendered(command.path.joined(separator: "-"))
            for part in ["NAME", "SYNOPSIS", "DESCRIPTION"] { #expect(text.contains("\n\(part)\n"), "\(text)") }
            for example in command.examples { #expect(text.contains(example), "\(example) in\n\(text)") }
        }
    }

    private static func rendered(_ page: String) throws -> String {
        var man = Program(["/usr/bin/man", "-l", "\(try share)/man/man1/\(page).1"])
        man.environment = man.environment.with(["MANWIDTH": "200", "LC_ALL": "C.UTF-8"])
        let outcome = try man.run()
        #expect(outcome.exitCode == 0 && outcome.errors.isEmpty, "\(outcome)")
        return outcome.output
    }

    @Test(.containers) func `the page of entrypoint has what its help has`() throws {
        let help = try Program("\(TestMachine.programs)/entrypoint", ["--help"]).run()
        let page = try Self.rendered("entrypoint")
        let words = help.output.matches(
            of: #/^  (--[a-z-]+|[A-Z][A-Z_]+|[a-z]+|\d+|128\+N) /#.anchorsMatchLineEndings()
        )
        .map { String($0.1) }
        #expect(words.count > 50, "\(help)")
        for word in words { #expect(page.contains(word), "\(word)") }
    }

    @Test(.containers) func `bash and fish complete a subcommand`() throws {
        try withRunDirectory { directory in
            let share = try Self.share
            let bash = """
                source \(share)/bash-completion/completions/entrypointctl && complete -p entrypointctl
                COMP_WORDS=(entrypointctl rep) COMP_CWORD=1 COMP_LINE='entrypointctl rep' COMP_POINT=17
                _entrypointctl entrypointctl rep entrypointctl; printf '%s\\n' "${COMPREPLY[@]}"
                """
            let fish = """
                source \(share)/fish/vendor_completions.d/entrypointctl.fish; complete -C 'entrypointctl rep'
                """
            for (shell, script) in [
                (["/usr/bin/bash", "--norc", "-c"], bash), (["/usr/bin/fish", "--no-config", "-c"], fish),
            ] {
                var program = Program(shell + [script])
                program.environment = program.environment.with(["HOME": ByteString(directory)])
                let outcome = try program.run()
                #expect(outcome.errors.isEmpty, "\(outcome)")
                let isThere = outcome.outputLines.contains { $0.hasPrefix("report") }
                let hasOther = outcome.outputLines.contains { $0.hasPrefix("plan") }
                #expect(isThere && !hasOther, "\(outcome)")
            }
        }
    }

    @Test(.containers) func `zsh completes a subcommand`() throws {
        try withRunDirectory { directory in
            var program = Program(["/usr/bin/zsh", "-f", "-i"])
            program.terminal = true
            program.environment = program.environment.with(["HOME": ByteString(directory), "TERM": "vt100"])
            let zsh = try program.start()
            zsh.write(
                "fpath=(\(try Self.share)/zsh/vendor-completions $fpath); autoload -Uz compinit; compinit -D -u; echo read'y'\n"
            )
            try zsh.waitForOutput("ready")
            zsh.write("entrypointctl repo\t")
            try zsh.waitForOutput("entrypointctl report", fresh: true)
            try zsh.stop()
        }
    }
}
