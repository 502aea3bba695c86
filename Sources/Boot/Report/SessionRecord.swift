package import Linux
package import Text

/// What a later session of a container needs to be like the user's command: who the user is, and what the boot has set.
package struct SessionRecord: Equatable, Sendable {
    /// Which life of which container the boot was in; empty where that cannot be told.
    package let life: String
    /// Who the command runs as. Its groups are those that the command has.
    package let user: People.User
    /// The umask of the command.
    package let umask: ModeBits
    /// The directory of the command.
    package let directory: FilePath
    /// The directory that the container was started in: a session that is there has not chosen one.
    package let startDirectory: FilePath
    /// Whether the user can become root with sudo.
    package let hasSudo: Bool
    /// The bounding set of the command (capabilities(7)).
    package let bounding: UInt64
    /// The numbers of the capabilities that the command keeps.
    package let capabilities: [Int]
    /// The names of the variables that the command does not get.
    package let stripped: [String]
    /// What the container was started with and the boot has replaced: a session that has such a value got it from the
    /// pod spec, and has not chosen it.
    package let replaced: [BootRecord.Export]
    /// The record as JSON, which is written into two files.
    let json: [UInt8]

    @export(interface) package init(
        life: String, user: People.User, umask: ModeBits, directory: FilePath, startDirectory: FilePath, hasSudo: Bool,
        bounding: UInt64, capabilities: [Int], stripped: [String], replaced: [BootRecord.Export]
    ) {
        (self.life, self.user, self.umask) = (life, user, umask)
        (self.directory, self.startDirectory) = (directory, startDirectory)
        (self.hasSudo, self.bounding, self.capabilities) = (hasSudo, bounding, capabilities)
        (self.stripped, self.replaced) = (stripped, replaced)
        var writer = JSONWriter(capacity: 1024)
        writer.beginObject()
        writer.member("life", life)
        writer.name("user")
        user.write(to: &writer)
        writer.member("umask", umask.octal)
        writer.member("directory", directory.string)
        writer.member("startDirectory", startDirectory.string)
        writer.name("sudo")
        writer.plain(hasSudo ? "true" : "false")
        writer.member("bounding", String(bounding, radix: 16))
        writer.name("capabilities")
        writer.beginArray()
        for number in capabilities { writer.number(Int64(number)) }
        writer.endArray()
        writer.name("stripped")
        writer.beginArray()
        for name in stripped { writer.string(name) }
        writer.endArray()
        writer.name("replaced")
        writer.beginObject()
        for entry in replaced { writer.member(entry.name, entry.value) }
        writer.endObject()
        writer.endObject()
        json = writer.bytes
    }

    /// The record as a line of JSON.
    package var line: [UInt8] { json + [.newline] }

    /// Reads what ``line`` has written.
    ///
    /// - Throws: what is wrong with it.
    @export(interface) package init(line bytes: [UInt8]) throws(FormatError) {
        try self.init(try JSON(reading: bytes[...]))
    }

    init(_ json: JSON) throws(FormatError) {
        let capabilities: [Int] = try json.list("capabilities") { json throws(FormatError) in
            guard let number: Int = json.integer(), 0..<64 ~= number else { throw FormatError("expected a capability") }
            return number
        }
        let stripped: [String] = try json.list("stripped") { json throws(FormatError) in
            guard let name = json.string else { throw FormatError("expected a name") }
            return name
        }
        self.init(
            life: try json.text("life"), user: try People.User(try json.required("user") { $0 }),
            umask: ModeBits(rawValue: try json.required("umask") { UInt32($0.string ?? "", radix: 8) }),
            directory: FilePath(try json.text("directory")), startDirectory: FilePath(try json.text("startDirectory")),
            hasSudo: try json.required("sudo") { json in if case .bool(let value) = json { value } else { nil } },
            bounding: try json.required("bounding") { UInt64($0.string ?? "", radix: 16) },
            capabilities: capabilities, stripped: stripped,
            replaced: try json.required("replaced", { $0.members }).map {
                BootRecord.Export(name: $0.name, value: $0.value.string ?? "")
            })
    }
}
