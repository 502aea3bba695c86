import Init
import Linux
import Programs
import Testing
import Text

@testable import Boot

/// All that the settings of a pod come to, as lines of text.
enum PlanFacts {
    /// What steps are told when they plan for a pod on a usual host.
    static func context(_ settings: Settings) throws -> PlanContext {
        let identity = try #require(settings[Identity.self])
        let host = host(identity)
        let people = try People.work(out: identity.request(settings[Scratch.self]), on: host)
        return PlanContext(settings: settings, people: people, host: host, exports: [])
    }

    private static func host(_ identity: Identity) -> Host {
        var accounts = AccountFiles.image()
        accounts.passwd =
            (accounts.passwd ?? []) + Array("nobody2:x:254321:254321::/:/bin/sh\nsite-admin:x:7:7::/:\n".utf8)
        accounts.group = (accounts.group ?? []) + Array("video:x:44:\n".utf8)
        return .made(
            accounts: accounts, shells: identity.shells, devices: [Device(path: "/dev/kfd", mode: 0o660, group: 105)])
    }

    /// The lines of a pod with a configuration file and some variables.
    static func lines(
        of text: String, _ variables: [String: String] = [:], without missing: Set<String> = []
    ) throws -> [String] {
        var configuration = Configuration()
        configuration.add(Array("scratch: {seedUser: site-admin}".utf8), name: "site")
        configuration.add(Array(text.utf8), name: "f")
        let pod = Pod.environment(variables.mapValues { Array($0.utf8) }, without: missing)
        let environment = EnvironmentBlock(
            pod.entries + ["REGISTRY_PASSWORD=x", "MY_DSN=x", "NO_SECRET=x"].map(string))
        let settings: Settings
        do throws(SettingsError) {
            settings = try Settings.read(
                from: environment, configuration: configuration, contents: .expected(FileTree(root: "/nowhere")))
        } catch {
            return error.problems.map { "problem: \($0.text)" }
        }
        var reader = SettingsReader(environment: environment, configuration: configuration)
        var lines = settings.notices.map { "notice: \($0.text)" }
        lines.append("log \(settings.log.level), as \(settings.log.format)")
        lines += self.lines(of: InitSettings(reading: &reader))
        lines += settings.services.map {
            "service \($0.name): \($0.commandText) as \($0.identity), \($0.timeText), \($0.readinessText)"
        }
        lines += settings.keptCapabilities.map { "the command keeps \(Capability.name(of: $0))" }
        for name in environment.names(startingWith: "") {
            if settings.secrets.stripped(in: environment).contains(name) {
                lines.append("\(name) is stripped")
            } else if settings.secrets.isSecret(name) {
                lines.append("\(name) is passed and secret")
            }
        }
        let command = settings.chained([string("id")]).map { $0.bytes.shown() }
        if command.count > 1 { lines.append("the command is \(command.joined(separator: " "))") }
        lines += (settings[ScrubSettings.self]?.paths ?? []).map { "a scrub removes \($0)" }
        return lines + (try planLines(settings))
    }

    private static func lines(of settings: InitSettings) -> [String] {
        [
            "init mode \(settings.mode.map { "\($0)" } ?? "by process id")", "signals to the \(settings.forwardTo)",
            "TERM becomes \(settings.rewrites.target(of: .terminate).map { $0.name } ?? "nothing")",
            "exit codes that become 0: \((0...255).filter { settings.remappedExits.contains($0) })",
            "orphans are \(settings.warnReaped ? "named" : "not named")",
            "parent death signal \(settings.parentDeathSignal)",
            "grace \(settings.grace) ns", "stop timeout \(settings.stopTimeout) ns",
        ]
    }

    private static func planLines(_ settings: Settings) throws -> [String] {
        guard let identity = settings[Identity.self], let workplace = settings.workplace else {
            return ["no steps"]
        }
        let scratch = settings[Scratch.self]
        let permitted = ["user-7", "jane", "anna"].filter { name in
            identity.permittedNames.contains { $0.matches(name) }
        }
        let context: PlanContext
        do throws(BootError) {
            let host = host(identity)
            context = PlanContext(
                settings: settings, people: try People.work(out: identity.request(scratch), on: host), host: host,
                exports: [])
        } catch {
            return ["refused: \(error.message)"]
        }
        let plan = Plan(settings, context.people, context.host)
        return permitted.map { "\($0) may be given by an elevated start" } + [
            "umask \(workplace.umask.octal)", "file servers have \(workplace.timeout) s",
        ]
            + settings.policies.filter { !$0.value.isEnabled }.map { "step \($0.key) is off" }
            + plan.changes.map { change in
                let actors = change.planned.by.map(\.rawValue).joined(separator: ", ")
                var owners = ""
                if case .directory(let change) = change.planned.change, let permitted = change.trust.owners {
                    owners = " of \(permitted.map { "\($0)" }.joined(separator: " or "))"
                }
                return
                    "\(change.step): \(change.planned.change.goal)\(owners), by \(actors), else \(change.planned.onFailure)"
            }
            + plan.exports.map { export in
                switch export.value {
                case .text(let text): "\(export.name)=\(text)"
                case .directory(let path), .place(let path), .placeOrText(let path, _): "\(export.name)=\(path)"
                case .textWhenApart(let text, _, _): "\(export.name)=\(text), perhaps"
                }
            }
            + plan.warnings.map { "\($0.step): \($0.note.text)" }
            + ["seed \(context.people.seed?.text ?? "none")", "shell \(context.people.user.shell)"]
    }
}
