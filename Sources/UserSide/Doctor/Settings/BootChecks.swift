internal import Boot
internal import Linux
internal import Text

/// What is asked about the last boot.
enum BootChecks {
    /// How it has ended.
    static func result(_ facts: ContainerFacts) -> [Finding] {
        guard let boot = facts.boot else {
            return [
                .warn(
                    "no boot has made this container ready: \(facts.absence)",
                    remedy:
                        "start it through /usr/local/bin/entrypoint, as the image's ENTRYPOINT does: in a pod spec give the "
                        + "command in args:, not in command:")
            ]
        }
        let warnings = boot.warnings.map { Finding.warn(words($0), remedy: "entrypointctl explain \($0.id.shown())") }
        if let failure = boot.failure {
            return [.fail(words(failure), remedy: "entrypointctl explain \(failure.id.shown())")] + warnings
        }
        let user = boot.user.map { " for \($0.name.shown()) (\($0.credentials.text))" } ?? ""
        let summary =
            "the boot as \(boot.start.shown()) by entrypoint \(boot.version.shown()) has ended well\(user): "
            + "\(boot.changed.counted("change")) in \(boot.microseconds.inMilliseconds)"
        return [.ok(summary)] + warnings
    }

    private static func words(_ message: BootRecord.Message) -> String {
        "the boot has told: \(message.step.isEmpty ? "" : "\(message.step.shown()): ")\(message.text)"
    }
}
