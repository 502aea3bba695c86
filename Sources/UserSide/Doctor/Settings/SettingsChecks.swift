internal import Linux
internal import Text

/// What is asked about the settings.
enum SettingsChecks {
    private static let remedy =
        "correct it in the pod spec's env or in the image's file; entrypointctl config show lists all"

    /// What is wrong with their values.
    static func values(_ facts: ContainerFacts) -> [Finding] {
        if !facts.settingsProblems.isEmpty { return facts.settingsProblems.map { .fail($0, remedy: remedy) } }
        guard facts.isPrepared else {
            if facts.boot != nil {
                return [.ok("this session does not have the pod's variables, which the boot has accepted")]
            }
            return [
                .warn(
                    "the settings ask for nothing: NB_USER, NB_UID, NB_GROUP, NB_GID, SCRATCH_HOME_ROOT and WORKING_DIR are "
                        + "not all set",
                    remedy: "set them in the pod spec's env (docker run -e)")
            ]
        }
        return [.ok("nothing is wrong with the settings")]
    }

    /// What is wrong with the files that they name.
    static func files(_ facts: ContainerFacts) -> [Finding] {
        guard facts.hasSettings else { return [] }
        let problems = facts.contentProblems().filter { !facts.settingsProblems.contains($0) }
        if problems.isEmpty { return [] }
        return problems.map {
            .fail($0, remedy: "mount the file in the pod spec (volumes, volumeMounts), readable for the user")
        }
    }
}
