internal import Linux
internal import Text
internal import YAML

/// The keys of a service's entry that are objects.
extension ServiceType {
    // How it becomes ready.

    private static let fileField = Field(
        "file", ValueType<FilePath>.absolutePath, "the file exists, and is not older than the start")
    private static let portField = Field(
        "tcp", ValueType<Int32>.integer(1...65535), "something accepts connections at this port of 127.0.0.1")
    private static let execField = Field("exec", .serviceCommand, "a program ends with 0")
    private static let descriptorField = Field(
        "descriptor", ValueType<Int32>.integer(3...63), "the service writes a line to this descriptor")
    private static let notifyField = Field(
        "notify", .boolean, "the service sends READY=1 to the socket that NOTIFY_SOCKET names")
    private static let watchdogField = Field(
        "watchdog", ValueType<UInt64>.duration,
        "with notify: a service that does not send WATCHDOG=1 for so long has failed")
    private static let readyTimeoutField = Field(
        "timeout", ValueType<UInt64>.duration, "until when it has to be ready; 30 s without it")

    static let readyType = ValueType<(readiness: Service.Readiness, timeout: UInt64)>.object([
        fileField, portField, execField, descriptorField, notifyField, watchdogField, readyTimeoutField,
    ]) { reader, fields in
        var found: [Service.Readiness] = []
        if let path = reader.value(fileField, of: fields) { found.append(.file(path)) }
        if let number = reader.value(portField, of: fields) { found.append(.tcp(UInt16(number))) }
        if let command = reader.value(execField, of: fields) { found.append(.exec(command)) }
        if let number = reader.value(descriptorField, of: fields) { found.append(.descriptor(number)) }
        let interval = reader.value(watchdogField, of: fields)
        if reader.value(notifyField, of: fields) == true { found.append(.notify(watchdog: interval ?? 0)) }
        if interval != nil, fields[notifyField.name] == nil {
            reader.note("only a service with notify has a watchdog", at: watchdogField, of: fields)
        }
        let timeout = reader.value(readyTimeoutField, of: fields) ?? Service.readyTimeout
        let kinds = [fileField.name, portField.name, execField.name, descriptorField.name, notifyField.name]
        let given = kinds.filter { fields[$0] != nil }
        guard given.count == 1 else {
            if let value = fields.mapping {
                reader.note("expected one of \(kinds.joined(separator: ", ")), found \(given.count)", at: value)
            }
            return nil
        }
        return (found.first ?? .started, timeout)
    }

    // How it is started again.

    private static let firstWaitField = Field("first", ValueType<UInt64>.duration, "the first wait; 0.5 without it")
    private static let longestWaitField = Field(
        "longest", ValueType<UInt64>.duration, "the longest wait; 30 without it")
    private static let resetAfterField = Field(
        "resetAfter", ValueType<UInt64>.duration,
        "a program that has lived for so long is started again at once; 30 without it")

    static let backoffType = ValueType<Service.Backoff>.either(
        .text { text throws(FormatError) in
            var backoff = Service.Backoff()
            backoff.first = try ServiceFormats.duration(text)
            backoff.longest = max(backoff.longest, backoff.first)
            return backoff
        },
        orObject: .object([firstWaitField, longestWaitField, resetAfterField]) { reader, fields in
            var backoff = Service.Backoff()
            backoff.first = reader.value(firstWaitField, of: fields) ?? backoff.first
            backoff.longest = reader.value(longestWaitField, of: fields) ?? max(backoff.longest, backoff.first)
            backoff.resetAfter = reader.value(resetAfterField, of: fields) ?? backoff.resetAfter
            if backoff.longest < backoff.first {
                reader.note("the longest wait is shorter than the first", at: longestWaitField, of: fields)
            }
            return backoff
        })

    // How it is ended.

    private static let signalField = Field(
        "signal", ValueType<Signal>.text(ServiceFormats.signal), "the signal that ends it; TERM without it")
    private static let stopTimeoutField = Field(
        "timeout", ValueType<UInt64>.duration, "the time from the signal to KILL; 5 s without it")

    static let stopType = ValueType<Service.Stop>.object([signalField, stopTimeoutField]) { reader, fields in
        var stop = Service.Stop()
        stop.signal = reader.value(signalField, of: fields) ?? stop.signal
        stop.timeout = reader.value(stopTimeoutField, of: fields) ?? stop.timeout
        return stop
    }

    private static let finalCommandField = Field(
        "command", .serviceCommand, "the program and its arguments; the service's own without it")
    private static let finalTimeoutField = Field(
        "timeout", ValueType<UInt64>.duration, isRequired: true, "how long it may take")
    private static let reserveField = Field(
        "reserve", ValueType<UInt64>.duration,
        "the part of the end that is kept for it, however long services take to stop; its timeout without it")

    static let finalType = ValueType<Service.Final>.object([finalCommandField, finalTimeoutField, reserveField]) {
        reader, fields in
        let command = reader.value(finalCommandField, of: fields) ?? []
        let kept = reader.value(reserveField, of: fields)
        guard let timeout = reader.value(finalTimeoutField, of: fields) else { return nil }
        if let kept, kept > timeout { reader.note("more than its timeout", at: reserveField, of: fields) }
        return Service.Final(command: command, timeout: timeout, reserve: min(kept ?? timeout, timeout))
    }

    // Where its output goes.

    private static let logFileField = Field(
        "file", ValueType<FilePath>.absolutePath, isRequired: true, "the file that it is added to")
    private static let logSizeField = Field(
        "size", ValueType<UInt64>.size, "the size at which it becomes FILE.1; 10M without it")
    private static let keepField = Field(
        "keep", ValueType<Int32>.integer(0...99), "how many old ones stay; 3 without it")

    static let logType = ValueType<Service.Log>.either(
        ValueType<Service.Log>(
            .choice(["pod", "none"]),
            parse: { text throws(FormatError) in
                try ValueFormats.word(text, of: ["pod", "none"]) == "pod" ? .pod : .none
            },
            read: { reader, value in reader.word(value, of: ["pod", "none"]).map { $0 == "pod" ? .pod : .none } }),
        orObject: .object([logFileField, logSizeField, keepField]) { reader, fields in
            let size = reader.value(logSizeField, of: fields) ?? 10 << 20
            let keep = reader.value(keepField, of: fields) ?? 3
            if size < 4096 { reader.note("at least 4096 bytes", at: logSizeField, of: fields) }
            return reader.value(logFileField, of: fields).map { .file($0, size: max(size, 4096), keep: Int(keep)) }
        })

    // What it may use.

    private static let limitFields = ServiceFormats.limits.map { limit in
        Field(
            limit.name, ValueType<UInt64>.text(ServiceFormats.limit),
            limit.name == "processorTime" ? "in seconds" : "a number or a size, or unlimited")
    }

    static let limitsType = ValueType<[Service.Limit]>.object(limitFields.map { $0 }) { reader, fields in
        var limits: [Service.Limit] = []
        for (field, limit) in zip(limitFields, ServiceFormats.limits) {
            guard let value = reader.value(field, of: fields) else { continue }
            limits.append(Service.Limit(limit.resource, value))
        }
        return limits
    }
}

extension ValueType<Int32> {
    /// A whole number in a range.
    static func integer(_ range: ClosedRange<Int>) -> ValueType<Int32> {
        .inFiles(.integer(range)) { reader, value in reader.integer(value, in: range).map { Int32($0) } }
    }
}
