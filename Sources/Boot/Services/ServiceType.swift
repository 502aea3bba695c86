internal import Linux
internal import Programs
internal import Text
internal import YAML

/// An entry of a configuration file.
struct ServiceEntry: NamedEntry {
    let name: String
    /// The name, with its place in the file.
    let nameValue: YAML.Value
    /// `nil` for an entry that is wrong or switched off.
    let service: Service?
    /// The key `after`, with its place in the file.
    let after: YAML.Value?
    /// The key `as`, with its place in the file.
    let identity: YAML.Value?
}

/// The keys of a service's entry.
enum ServiceType {
    private static let nameField = Field(
        "name", ValueType<String>.text(ValueFormats.entryName), isRequired: true,
        "the service's name; an entry of a later file takes the place of one with the same name")
    private static let enabledField = Field("enabled", .boolean, "whether it is started; true without it")
    private static let commandField = Field(
        "command", .serviceCommand, isRequired: true,
        "the program, as an absolute path or as a name that PATH leads to, and its arguments")
    private static let identityField = Field(
        "as", ValueType<Actor>.serviceIdentity,
        "who it is for ever; the user without it; root in image policy and a start as root only")
    private static let environmentField = Field(
        "environment",
        .mapping(of: .text(ValueFormats.argument), named: "the name of a variable that a service can have") { name in
            name.isVariableName && !BootVariables.contains(name)
        }, "variables that it has besides those of the command, or of a step as root")
    private static let secretsField = Field(
        "secrets", .list(of: ValueType<String>.text(ValueFormats.variableName)),
        "secrets of the pod that it has; for services as the user")
    private static let directoryField = Field(
        "directory", ValueType<FilePath>.absolutePath, "where it starts; the command's directory without it, / for root"
    )
    private static let startField = Field<Service.Start>(
        "start", .choice, "whether the command waits until it is ready, which it does without it")
    private static let afterField = Field(
        "after", .serviceNames, "the services that are started before it, and stopped after it")
    private static let everyField = Field(
        "every", ValueType<UInt64>.duration,
        "it runs again and again: the time from the end of a run to the next one, at least 1 s")
    private static let atField = Field(
        "at", ValueType<CronSchedule>.text(CronSchedule.parse),
        "it runs again and again: a cron line, such as 0 3 * * *, in the container's time zone")
    private static let jitterField = Field(
        "jitter", ValueType<UInt64>.duration, "at most this is added to the wait for a run, chosen anew each time")
    private static let timeoutField = Field(
        "timeout", ValueType<UInt64>.duration, "how long a run may take; 0, for ever, without it")
    private static let restartField = Field<Service.Restart>(
        "restart", .choice, "whether a program that has ended is started again; on-failure without it")
    private static let backoffField = Field(
        "backoff", backoffType,
        "the wait before a program that ended early is started again: 0.5 s, doubling to 30 s, and none after 30 s of "
            + "life; 0 for none")
    private static let readyField = Field(
        "ready", readyType, "how it becomes known that it can be used; without it, it can as soon as it is started")
    private static let stopField = Field("stop", stopType, "how it is ended: TERM, and KILL after 5 s, without it")
    private static let finalField = Field("final", finalType, "a last run when the container ends")
    private static let onFailureField = Field<Service.OnFailure>(
        "onFailure", .choice,
        "whether the container ends with 125 when it has failed for good; ignored without it")
    private static let logField = Field(
        "log", logType, "where its output goes: pod, none, or a file; the pod's log without it")
    private static let niceField = Field(
        "nice", ValueType<Int32>.integer(-20...19), "its scheduling priority; the container's without it")
    private static let oomScoreField = Field(
        "oomScore", ValueType<Int32>.integer(-1000...1000),
        "how soon the kernel ends it for want of memory; the container's without it")
    private static let limitsField = Field("limits", limitsType, "limits on what it may use (setrlimit(2))")

    static let entry = ValueType<ServiceEntry>.object([
        nameField, enabledField, commandField, identityField, environmentField, secretsField, directoryField,
        startField, afterField, everyField, atField, jitterField, timeoutField, restartField, backoffField, readyField,
        stopField, finalField, onFailureField, logField, niceField, oomScoreField, limitsField,
    ]) { reader, fields in
        let name = reader.value(nameField, of: fields)
        let isEnabled = reader.value(enabledField, of: fields) ?? true
        // An entry that is switched off may have nothing but a name.
        let command = isEnabled || fields[commandField.name] != nil ? reader.value(commandField, of: fields) : nil
        let identity = reader.value(identityField, of: fields) ?? .user
        var service = Service(name: name ?? "", command: command ?? [], identity: identity)
        readSurroundings(&service, &reader, fields)
        readTimes(&service, &reader, fields)
        readEnds(&service, &reader, fields)
        guard let name, let nameValue = fields[nameField.name] else { return nil }
        return ServiceEntry(
            name: name, nameValue: nameValue, service: isEnabled && command != nil ? service : nil,
            after: fields[afterField.name], identity: fields[identityField.name])
    }

    /// What a service finds when it starts.
    private static func readSurroundings(_ service: inout Service, _ reader: inout YAML.Reader, _ fields: YAML.Fields) {
        service.environment = (reader.value(environmentField, of: fields) ?? []).map { Assignment($0.name, $0.value) }
        service.secrets = reader.value(secretsField, of: fields) ?? []
        if service.identity != .user, !service.secrets.isEmpty {
            reader.note("a service as \(service.identity.rawValue) gets no secrets", at: secretsField, of: fields)
        }
        if service.identity == .root, let program = service.command.first, program.utf8.first != UInt8(ascii: "/") {
            reader.note("a service as root needs the absolute path of its program", at: commandField, of: fields)
        }
        service.directory = reader.value(directoryField, of: fields)
        service.log = reader.value(logField, of: fields) ?? .pod
        service.nice = reader.value(niceField, of: fields)
        service.oomScore = reader.value(oomScoreField, of: fields)
        service.limits = reader.value(limitsField, of: fields) ?? []
    }

    /// When a service starts, and when it can be used.
    private static func readTimes(_ service: inout Service, _ reader: inout YAML.Reader, _ fields: YAML.Fields) {
        service.start = reader.value(startField, of: fields) ?? .beforeCommand
        service.after = reader.value(afterField, of: fields) ?? []
        let line = reader.value(atField, of: fields)
        if let interval = reader.value(everyField, of: fields) {
            service.schedule = .every(interval)
            if interval < 1_000_000_000 {
                reader.note(
                    "at least 1 s is between two runs; restart: always keeps a program running", at: everyField,
                    of: fields)
            }
            if line != nil { reader.note("a service has every or at, and not both", at: atField, of: fields) }
        } else if let line {
            service.schedule = .at(line)
        }
        service.jitter = reader.value(jitterField, of: fields) ?? 0
        service.timeout = reader.value(timeoutField, of: fields) ?? 0
        let given = reader.value(readyField, of: fields)
        service.readiness = given?.readiness ?? .started
        service.readyTimeout = given?.timeout ?? Service.readyTimeout
        if service.schedule == nil, service.jitter > 0 {
            reader.note("only a service with every or at has a jitter", at: jitterField, of: fields)
        }
        if service.schedule != nil, service.readiness != .started {
            reader.note("a service that runs again and again is never ready", at: readyField, of: fields)
        }
    }

    /// What happens when a service has ended, or has to.
    private static func readEnds(_ service: inout Service, _ reader: inout YAML.Reader, _ fields: YAML.Fields) {
        service.restart = reader.value(restartField, of: fields) ?? .onFailure
        service.backoff = reader.value(backoffField, of: fields) ?? Service.Backoff()
        service.stop = reader.value(stopField, of: fields) ?? Service.Stop()
        service.final = reader.value(finalField, of: fields)
        service.onFailure = reader.value(onFailureField, of: fields) ?? .ignore
        guard service.schedule != nil, fields[restartField.name] != nil else { return }
        reader.note("a service that runs again and again starts at its times only", at: restartField, of: fields)
    }
}
