internal import Linux
internal import Text

/// Programs that run beside the command.
package struct Services: Step {
    package static let name = "services"
    package static let summary = "programs that run beside the command are started, and supervised"
    package static let actors = "user, root"
    package static let isOptional = false
    /// Each service has its own.
    package static let hasFailurePolicy = false
    package static let fileSettings: [any SettingDeclaration] = [setting]

    static let setting = FileSetting(
        name, .list(of: ServiceType.entry),
        Words("Programs that run beside the command", example: example), addsUp: true)

    private static var example: String {
        """
          # Programs that run beside the command; see the page Services.
          #- name: exporter
          #  command: [/opt/exporter, --port, "9100"]
          #  ready: {tcp: 9100, timeout: 5}
          #- name: mirror
          #  command: [/usr/local/bin/mirror]
          #  every: 5m
          #  final: {timeout: 20}
          #  secrets: [WANDB_API_KEY]

        """
    }

    /// The services in the order in which they are started: root's first.
    package let all: [Service]
    /// The configuration files that have services as root.
    package let rootFiles: [String]

    /// Reads the services; `nil` without any.
    package init?(reading reader: inout SettingsReader) {
        let list = ServiceList(Self.setting, reading: &reader)
        guard !list.services.isEmpty else { return nil }
        (all, rootFiles) = (list.services, list.rootFiles)
    }

    package func plan(_ context: PlanContext) -> StepPlan {
        let names = all.filter { $0.identity == .root }.map { $0.name }
        guard context.host.start != .root, !names.isEmpty else { return StepPlan() }
        return StepPlan(warnings: [
            Note(
                .servicesNeedRoot,
                "\(names.inWords) as root \(names.count == 1 ? "is" : "are") not started: only a start as root has services as "
                    + "root")
        ])
    }
}

extension Services {
    /// Checks that root's services are the image's: whoever can mount a file over its configuration, or write to one, must
    /// not start a program as root.
    ///
    /// - Throws: which file may not be the image's own.
    package func checkPolicy() throws(BootError) {
        for file in rootFiles {
            let reason: String
            do throws(SystemCallError) {
                guard case .untrusted(let problem) = try FileOwnership.open(FilePath(file), .file) else { continue }
                reason = problem.reason
            } catch {
                reason = error.reason
            }
            throw BootError(
                .servicesNotPolicy, step: Self.name, "cannot start services as root",
                reason: "\(file) may not be the image's own: \(reason)",
                remedy: "write them in \(Paths.configuration) of the image, or leave out 'as: root'")
        }
    }
}

extension Settings {
    /// The services, in the order in which they are started.
    package var services: [Service] { (self[Services.self]?.all ?? []) + snapshots.map { $0.service } }
}
