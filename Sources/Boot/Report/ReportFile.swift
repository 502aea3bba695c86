internal import Linux
package import Text

/// The report file: one JSON object for each line, first one for the boot and then one for the container's end, if
/// there is anything to report.
package enum ReportFile {
    /// The bytes of the line for a boot.
    @export(interface) package static func line(_ record: BootRecord) -> [UInt8] {
        var writer = JSONWriter(capacity: 8192)
        record.write(to: &writer)
        writer.endLine()
        return writer.bytes
    }

    /// The bytes of the line for an end.
    @export(interface) package static func line(_ record: EndRecord) -> [UInt8] {
        var writer = JSONWriter()
        record.write(to: &writer)
        writer.endLine()
        return writer.bytes
    }

    /// Reads a file. Lines about other events are of later versions, and passed over.
    ///
    /// - Throws: what is wrong, and in which line.
    @export(interface) package static func read(_ bytes: [UInt8]) throws(FormatError) -> (
        boot: BootRecord, end: EndRecord?
    ) {
        var boot: BootRecord?
        var end: EndRecord?
        let lines = bytes.split(separator: .newline)
        for (index, line) in lines.enumerated() {
            guard index < lines.count - 1 || bytes.last == .newline else {
                throw FormatError("it is cut off in line \(index + 1): the boot may have had no space left for it")
            }
            do throws(FormatError) {
                let json = try JSON(reading: line)
                switch json["event"]?.string {
                case BootRecord.event: boot = try BootRecord(json)
                case EndRecord.event: end = try EndRecord(json)
                case .some: break
                case nil: throw FormatError("expected an event")
                }
            } catch {
                throw FormatError("line \(index + 1): \(error.expected)")
            }
        }
        guard let boot else { throw FormatError("it has no line of a boot") }
        return (boot, end)
    }
}

extension EndRecord {
    fileprivate static let event = "end"

    fileprivate func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("event", Self.event)
        writer.member("exitCode", Int64(exitCode))
        if !id.isEmpty { writer.member("id", id) }
        writer.member("message", message)
        writer.endObject()
    }

    fileprivate init(_ json: JSON) throws(FormatError) {
        exitCode = try json.required("exitCode") { $0.integer() }
        id = json["id"]?.string ?? ""
        message = try json.text("message")
    }
}

extension BootRecord {
    fileprivate static let event = "boot"
    /// What the line is like. A number that is higher than this one means something else by the same members; a member
    /// that is not known means nothing, so that adding one needs no other number.
    fileprivate static let format = 1

    fileprivate func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("event", Self.event)
        writer.member("version", version)
        writer.member("format", Int64(Self.format))
        writer.member("start", start)
        writer.name("user")
        if let user { user.write(to: &writer) } else { writer.null() }
        writer.name("seed")
        if let seed { writer.string(seed) } else { writer.null() }
        writer.name("changes")
        writer.beginArray()
        for change in changes { change.write(to: &writer) }
        writer.endArray()
        writer.name("exports")
        writer.beginObject()
        for export in exports { writer.member(export.name, export.value) }
        writer.endObject()
        writer.name("warnings")
        writer.beginArray()
        for warning in warnings { warning.write(to: &writer) }
        writer.endArray()
        writer.name("failure")
        if let failure { failure.write(to: &writer) } else { writer.null() }
        writer.member("changed", Int64(changed))
        writer.member("microseconds", microseconds)
        writer.name("session")
        if let session { writer.plain(session.json) } else { writer.null() }
        writer.endObject()
    }

    fileprivate init(_ json: JSON) throws(FormatError) {
        let format: Int = json["format"].flatMap { $0.integer() } ?? 0
        let version = try json.text("version")
        guard format <= Self.format else {
            throw FormatError(
                "entrypoint \(version.shown()) has written it in format \(format), and entrypointctl \(Version.text) "
                    + "reads up to \(Self.format): use the entrypointctl of that version")
        }
        self.init(
            version: version, start: try json.text("start"),
            user: try json.optional("user") { json throws(FormatError) in try People.User(json) },
            seed: try json.optional("seed") { json throws(FormatError) in
                guard let text = json.string else { throw FormatError("expected seed") }
                return text
            }, changes: try json.list("changes") { json throws(FormatError) in try Change(json) },
            exports: try json.required("exports", { $0.members }).map {
                Export(name: $0.name, value: $0.value.string ?? "")
            }, warnings: try json.list("warnings") { json throws(FormatError) in try Message(json) },
            failure: try json.optional("failure") { json throws(FormatError) in try Message(json) },
            changed: try json.required("changed") { $0.integer() },
            microseconds: try json.required("microseconds") { $0.integer() },
            session: try json.optional("session") { json throws(FormatError) in try SessionRecord(json) })
    }
}

extension BootRecord.Message {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("id", id)
        writer.member("step", step)
        writer.member("message", text)
        writer.endObject()
    }

    fileprivate init(_ json: JSON) throws(FormatError) {
        self.init(id: try json.text("id"), step: try json.text("step"), text: try json.text("message"))
    }
}

extension BootRecord.Change {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("step", step)
        writer.member("goal", goal)
        writer.member("as", identity)
        writer.member("outcome", outcome)
        if !remark.isEmpty { writer.member("remark", remark) }
        if !reason.isEmpty { writer.member("reason", reason) }
        if let began { writer.member("began", began) }
        writer.member("microseconds", microseconds)
        writer.endObject()
    }

    fileprivate init(_ json: JSON) throws(FormatError) {
        self.init(
            step: try json.text("step"), goal: try json.text("goal"), identity: try json.text("as"),
            outcome: try json.text("outcome"), remark: json["remark"]?.string ?? "",
            reason: json["reason"]?.string ?? "", began: json["began"]?.integer(),
            microseconds: try json.required("microseconds") { $0.integer() })
    }
}

extension People.User {
    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("name", name)
        writer.member("uid", Int64(credentials.user))
        writer.member("group", groupName)
        writer.member("gid", Int64(credentials.group))
        writer.name("groups")
        writer.beginArray()
        for group in credentials.groups { writer.number(Int64(group)) }
        writer.endArray()
        writer.member("home", home.string)
        writer.member("shell", shell.string)
        writer.endObject()
    }

    init(_ json: JSON) throws(FormatError) {
        self.init(
            name: try json.text("name"), groupName: try json.text("group"), home: FilePath(try json.text("home")),
            shell: FilePath(try json.text("shell")),
            credentials: Credentials(
                user: try json.required("uid") { $0.integer() }, group: try json.required("gid") { $0.integer() },
                groups: try json.list("groups") { json throws(FormatError) in
                    guard let group: UInt32 = json.integer() else { throw FormatError("expected a group") }
                    return group
                }))
    }
}
