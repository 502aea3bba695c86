import Boot
import Linux
import Programs
import Session
import Text
import UserSide

/// What is known of a container before it is scrubbed.
struct ScrubFacts {
    /// Who the container was made ready for; `nil` where no boot says it that can be believed.
    let user: People.User?
    /// Why nothing is known of a boot.
    let absence: String
    /// How the container was started; `nil` where no boot says it.
    let start: Start?
    /// Where homes are.
    let homes: [FilePath]
    /// Directories of models.
    let models: [FilePath]
    /// The names of variables that seem to be secrets.
    let secretVariables: [String]

    init() {
        let environment = EnvironmentBlock(ProcessStart.environment)
        var report: BootRecord?
        do throws(KeptEnvironment.Absence) {
            report = try KeptReport.find().boot
            absence = ""
        } catch {
            absence = error.words
        }
        user = report?.user
        start = report.flatMap { Start(rawValue: $0.start) }
        /// A directory that the boot has set, or otherwise the environment.
        func directory(_ name: String) -> FilePath? {
            let set = report?.exports.last { $0.name == name }?.value
            let given = environment.value(name).map { String(decoding: $0, as: UTF8.self) }
            return (set ?? given).flatMap { try? ValueFormats.absolutePath($0) }
        }
        // Root's own home is known, and a variable may name anybody's.
        let own = CurrentProcess.effectiveUser == 0 ? nil : directory("HOME")
        let known = [user?.home, directory(PodVariables.scratchHome.name), own].compactMap { $0 }
        homes = ScrubHomes.all(in: FileTree(), known: known)
        models = [directory("HF_HOME")].compactMap { $0 }
        let secrets = Secrets(of: BootSequence.groups)
        let names = environment.entries.compactMap { entry -> String? in
            guard let length = entry.variableNameLength, secrets.isSecret(entry, nameLength: length),
                let name = entry.variableName, environment.value(name) != nil
            else { return nil }
            return name.shown()
        }
        secretVariables = Array(Set(names)).sorted()
    }
}
