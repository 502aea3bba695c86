package import Linux
package import SystemPackage
internal import Text
internal import YAML

extension Scratch {
    /// Somebody whose directory may be a user's home.
    package enum HomeOwner: Equatable, Sendable {
        case id(UInt32)
        /// A name in `/etc/passwd`.
        case name(String)

        static func parse(_ text: String) throws(FormatError) -> HomeOwner {
            if text == "0" || text == "root" { return .id(0) }
            // Also the one that a server shows for all others (65534), which no user may be.
            if !text.isEmpty, text.utf8.allSatisfy(\.isDigit), let id = UInt32(text), id != .max { return .id(id) }
            guard let name = try? ValueFormats.accountName(text) else {
                throw FormatError("neither the name of an account nor a decimal uid")
            }
            return .name(name)
        }
    }

    /// Who may own the home and what shells run in it, and what the reader should know of that.
    func permittedOwners(_ context: PlanContext) -> (owners: [UInt32], warnings: [String]) {
        let image = context.host.imageAccounts
        // Also in a start without privileges, in which nobody acts as the seed user: it has made the home in another one.
        let seedUser = context.people.seed ?? (try? People.seed(seed, context.host, group: group(context))) ?? nil
        var owners = [context.people.user.credentials.user] + (seedUser.map { [$0.user] } ?? [])
        var warnings: [String] = []
        for owner in homeOwners {
            switch owner {
            case .id(let id): owners.append(id)
            case .name(let name):
                if let account = image.files.account(named: name) {
                    owners.append(account.userID)
                } else {
                    warnings.append(
                        "scratch.homeOwners: \(name) is left out: \(image.passwdUntrustedBecause ?? "no such user in \(Paths.passwd)")"
                    )
                }
            }
        }
        return (owners, warnings)
    }

    /// Notes every directory of root's in a user's tree: what others may rename root does not work in.
    func checkRootsDirectories(_ reader: inout SettingsReader, root: FilePath, user: String) {
        let places = [
            ("SCRATCH_HOME", home), ("SCRATCH_HOME_ROOT", root), ("WORKING_DIR", workingDirectory), ("HF_HOME", cache),
            ("the user's home", Paths.homes.appending(user)),
        ]
        reader.check(Self.directoriesSetting) { problems, value in
            // What is wrong with the items themselves has been noted.
            var silent = YAML.Reader()
            for item in silent.list(value) ?? [] {
                guard let directory = Directory.read(&silent, item), directory.owner == .root,
                    let place = places.first(where: { $0.1 != "/" && directory.path.starts(with: $0.1) })
                else { continue }
                problems.note(
                    "a directory of root's is not made below \(place.1.shown()) (\(place.0)), which is the users': write a "
                        + "path that is nobody else's, or another owner", at: item)
            }
        }
    }

    /// A further directory of a configuration file.
    package struct Directory: Equatable, Sendable {
        /// Absolute, or below the user's persistent directory.
        package let path: FilePath
        /// `nil` for 0770, of which the umask counts for the user's own.
        package let mode: ModeBits?
        /// Who makes it, and so owns it.
        package let owner: Actor
        package let isShared: Bool

        static let fields: [Shape.Field] = [
            Shape.Field("path", .text, isRequired: true, "where it is"),
            Shape.Field(
                "mode", .octal, "its mode when it is made; without one 0770, less the umask if it is the user's own"),
            Shape.Field(
                "owner", .choice(["user", "seed", "root"]), "who makes it, and so owns it; the user without it"),
            Shape.Field("shared", .boolean, "whether others of the group work in it too (set-group-ID bit)"),
        ]

        static func read(_ reader: inout YAML.Reader, _ value: YAML.Value) -> Directory? {
            let fields = reader.mapping(value, keys: Self.fields.map(\.name))
            let place = reader.required("path", of: fields)
            let path = reader.text(place, as: ValueFormats.pathInScratch)
            let mode = reader.mode(fields["mode"]).map { ModeBits(rawValue: $0) }
            let owner: Actor = reader.choice(fields["owner"]) ?? .user
            let isShared = reader.boolean(fields["shared"]) ?? false
            if owner == .root, let place, let path, !path.isAbsolute {
                reader.note(
                    "a directory of root's is not made below SCRATCH_HOME, which is the user's: write an absolute path that is "
                        + "nobody else's, or another owner", at: place)
                return nil
            }
            return path.map { Directory(path: $0, mode: mode, owner: owner, isShared: isShared) }
        }
    }
}

extension SeedDirectory {
    static let fields: [Shape.Field] = [
        Shape.Field("path", .text, isRequired: true, "where the seed user may make directories"),
        Shape.Field(
            "source", .text, "what is mounted there, as the kernel writes it; without one it is the image's own"),
        Shape.Field("type", .text, "the type of its file system"),
        Shape.Field("root", .text, "the directory of the file system that is mounted; / without one"),
        Shape.Field(
            "point", .text,
            "where it is mounted; without one at `path` or anywhere above it, as the pod chooses"),
    ]

    static func read(_ reader: inout YAML.Reader, _ value: YAML.Value) -> SeedDirectory? {
        guard case .mapping = value.node.content else {
            return reader.text(value, as: ValueFormats.absolutePath).map { SeedDirectory($0) }
        }
        let fields = reader.mapping(value, keys: Self.fields.map(\.name))
        let path = reader.text(reader.required("path", of: fields), as: ValueFormats.absolutePath)
        let source = reader.text(fields["source"])
        let type = reader.text(fields["type"])
        let root = reader.text(fields["root"])
        let point = reader.text(fields["point"], as: ValueFormats.absolutePath)
        let isVolume = ["source", "type", "root", "point"].contains { fields[$0] != nil }
        guard isVolume else { return path.map { SeedDirectory($0) } }
        // One without the other would describe another's volume, too.
        _ = reader.required("source", of: fields)
        _ = reader.required("type", of: fields)
        guard let path, let source, let type else { return nil }
        return SeedDirectory(path, on: Volume(source: source, type: type, root: root ?? "/", point: point))
    }
}
