import ArgumentParser
import Boot
import Linux
internal import Session
import Text
import UserSide

struct Plan: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print what a boot would change, and change nothing.",
        usage: "entrypointctl plan [<options>]",
        discussion: """
            Each line tells a change, as whom it would be made, and whether it is already true. Without privileges it shows \
            as far as it can see, and says what it could not.

              entrypointctl plan
              entrypointctl plan --root /mnt --env-file pod.env --mount /scratch=/srv
              entrypointctl plan --pod-spec pod.yaml
              entrypointctl plan --pod-spec job.yaml --pod-spec secret.yaml --json

            Of another root, such as a mounted image, it cannot know what the pod mounts there: --mount says it.

            Of a pod spec it tells, before anything is submitted, how the container is started, who the command is, what is \
            left out, and which fields are at fault, each with its line. What the image decides is said to depend on it; \
            --root DIR, the image's files, decides it. --env-file gives what the image itself sets, and --start what the \
            image's USER and the file capabilities of its entrypoint lead to. Values of Secrets are shown nowhere.

            Ends with 0 when nothing would change, with 2 when changes are pending, or may be, and otherwise as the boot \
            would: with 78 when the settings are wrong, and with 125 when it would fail, or the pod would not be started. \
            entrypoint --plan ends with the same.
            """)

    @OptionGroup var source: InspectionOptions

    @Option(
        name: .customLong("pod-spec"),
        help: ArgumentHelp(
            """
            A file with a Pod, or with what makes pods: Job, CronJob, Deployment, StatefulSet, DaemonSet, ReplicaSet, \
            PyTorchJob, JobSet or a List of them; - for standard input. Give it again for files with the Secrets and \
            ConfigMaps that it refers to.
            """,
            valueName: "file"))
    var podSpecs: [String] = []

    @Option(
        help: ArgumentHelp(
            "The workload of a pod spec: NAME or KIND/NAME, with /PART for a part of a job of several.",
            valueName: "name"))
    var name: String?

    @Option(help: ArgumentHelp("The container, or init container, of a pod spec.", valueName: "name"))
    var container: String?

    @Flag(help: "Print one JSON object.")
    var json = false

    func validate() throws {
        if podSpecs.isEmpty, name != nil || container != nil {
            throw ValidationError("--name and --container choose of a pod spec: give it with --pod-spec FILE")
        }
        if podSpecs.count(where: { $0 == "-" }) > 1 {
            throw ValidationError("--pod-spec -: standard input can be read once")
        }
    }

    func run() throws {
        let code: Int32
        if podSpecs.isEmpty {
            let plan = PlanText()
            code = try source.inspection().plan(into: plan)
            if json { try Console.print(plan.json) } else { try Console.print(plan.text) }
        } else {
            let forecast = try forecast()
            code = forecast.exitCode
            if json { try Console.print(forecast.json) } else { try Console.print(forecast.text(Console.style)) }
        }
        if code != 0 { throw ArgumentParser.ExitCode(code) }
    }

    // MARK: Pod specs

    private func forecast() throws -> PodForecast {
        do {
            let reading = try PodReading(podSpecs.map { try Self.read($0) })
            let tree = try source.tree()
            let image = tree.isRealRoot ? nil : PodImage(tree)
            var forecast = try reading.forecast(
                PodReading.Question(
                    workload: name, container: container, base: try source.entries() ?? [], image: image,
                    start: source.start))
            if forecast.isPlannable { try plan(&forecast) }
            return forecast
        } catch let error as SpecFileError {
            for line in error.lines { Console.line(line) }
            throw ArgumentParser.ExitCode(ExitCode.usage.rawValue)
        } catch let error as FormatError {
            throw ValidationError(error.expected)
        }
    }

    /// Where something stands for a volume.
    private var mountedPlaces: [Substring] { source.mounts.map { $0.prefix { $0 != "=" } } }

    private static func read(_ path: String) throws -> (name: String, bytes: [UInt8]) {
        guard path == "-" else { return (path.shown(), try Inspection.read(file: path)) }
        return ("(standard input)", try SpecInput.read())
    }

    /// Adds what a plan of the image's files has.
    private func plan(_ forecast: inout PodForecast) throws {
        let start = forecast.start
        let own = CurrentProcess.effectiveUser
        // What somebody else may do there says nothing about what the pod's user may do.
        guard start.start != .bare || own == 0 || own == start.credentials.user else {
            return forecast.note(
                "what user \(start.credentials.user) may do in \(source.root.shown()) is seen by root, and by that user: user "
                    + "\(own) asks, and the rest is what the spec tells")
        }
        // Every container has a memory that anybody can write in, and without privileges an image's directory is none.
        let memory = Paths.sharedMemoryState.parent
        let isGiven = mountedPlaces.contains { $0 == memory.string }
        let tree = try source.tree(memory: start.start == .bare && !isGiven ? memory : nil)
        let pod = PodStart(
            start.start, start.privileges, caller: start.credentials, program: forecast.program, in: tree)
        do {
            try pod.takePlace()
        } catch {
            throw FormatError("cannot take the place of user \(start.credentials.text): \(error.reason)")
        }
        let inspection = Inspection(tree: tree, environment: forecast.entries, pod: pod)
        let plan = PlanText()
        let code = inspection.plan(into: plan)
        let outlook = inspection.outlook().outlook
        forecast.take(
            plan, code: code, people: outlook?.people,
            hasSudo: outlook.map { $0.hasSudo && $0.hasSudoProgram } ?? false)
    }
}
