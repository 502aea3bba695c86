package import Linux
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
            // This includes 65534, which a server shows for all ids that it does not know, and which no user may have.
            if !text.isEmpty, text.utf8.allSatisfy({ $0.isDigit }), let id = UInt32(text), id != .max { return .id(id) }
            guard let name = try? ValueFormats.accountName(text) else {
                throw FormatError("neither the name of an account nor a decimal uid")
            }
            return .name(name)
        }
    }

    /// Who may own the home and what shells run in it, and what the reader should know about that.
    func permittedOwners(_ context: PlanContext) -> (owners: [UInt32], warnings: [Note]) {
        let image = context.host.imageAccounts
        // The seed user also counts in a start without privileges: it may have made the home in another start.
        let seedUser = context.people.seed ?? (try? People.seed(seed, context.host, group: group(context))) ?? nil
        var owners = [context.people.user.credentials.user] + (seedUser.map { [$0.user] } ?? [])
        var warnings: [Note] = []
        for owner in homeOwners {
            switch owner {
            case .id(let id): owners.append(id)
            case .name(let name):
                if let account = image.files.account(named: name) {
                    owners.append(account.userID)
                } else {
                    let reason = image.passwdUntrustedBecause ?? "there is no such user in \(Paths.passwd)"
                    warnings.append(
                        Note(.scratchHomeOwnerUnknown, "scratch.homeOwners: \(name) is left out: \(reason)"))
                }
            }
        }
        return (owners, warnings)
    }

    /// Reports every directory of root's in a user's tree: root does not work in what others may rename.
    func checkRootsDirectories(_ reader: inout SettingsReader, root: FilePath, user: String) {
        let places = [
            (PodVariables.scratchHome.name, home), (PodVariables.scratchRoot.name, root),
            (PodVariables.workingDirectory.name, workingDirectory), (Self.cacheVariable.name, cache),
            ("the user's home", Paths.homes.appending(user)),
        ]
        reader.check(Self.directoriesSetting) { problems, value in
            // Problems of the items themselves have already been noted.
            var silent = YAML.Reader()
            for item in silent.list(value) ?? [] {
                guard let directory = Directory.type.read(&silent, item), directory.owner == .root,
                    let place = places.first(where: { $0.1 != "/" && directory.path.starts(with: $0.1) })
                else { continue }
                problems.note(
                    "root makes no directory below \(place.1.shown()) (\(place.0)), which belongs to users: name a "
                        + "path that is nobody else's, or another owner", at: item)
            }
        }
    }

    /// A further directory of a configuration file.
    package struct Directory: Equatable, Sendable {
        /// An absolute path, or one below the user's persistent directory.
        package let path: FilePath
        /// `nil` for 0770, to which the umask applies if the directory is the user's own.
        package let mode: ModeBits?
        /// Who makes it, and therefore owns it.
        package let owner: Actor
        package let isShared: Bool

        private static let pathField = Field("path", .pathInScratch, isRequired: true, "where it is")
        private static let modeField = Field(
            "mode", .mode, "its mode when it is made; without one 0770, less the umask if it is the user's own")
        private static let ownerField = Field<Actor>(
            "owner", .choice(among: [.user, .seed, .root]), "who makes it, and so owns it; the user without it")
        private static let sharedField = Field(
            "shared", .boolean, "whether others of the group work in it too (set-group-ID bit)")

        static let type = ValueType<Directory>.object([pathField, modeField, ownerField, sharedField]) {
            reader, fields in
            let path = reader.value(pathField, of: fields)
            let mode = reader.value(modeField, of: fields)
            let owner = reader.value(ownerField, of: fields) ?? .user
            let isShared = reader.value(sharedField, of: fields) ?? false
            if owner == .root, let path, !path.isAbsolute {
                reader.note(
                    "root makes no directory below SCRATCH_HOME, which belongs to the user: name an absolute path that is "
                        + "nobody else's, or another owner", at: pathField, of: fields)
                return nil
            }
            return path.map { Directory(path: $0, mode: mode, owner: owner, isShared: isShared) }
        }
    }
}

extension SeedDirectory {
    private static let pathField = Field(
        "path", .absolutePath, isRequired: true, "where the seed user may make directories")
    private static let sourceField = Field(
        "source", .text, "what is mounted there, as the kernel writes it; without one it is the image's own")
    private static let typeField = Field("type", .text, "the type of its file system")
    private static let rootField = Field(
        "root", .text, "the directory of the file system that is mounted; / without one")
    private static let pointField = Field(
        "point", .absolutePath, "where it is mounted; without one at `path` or anywhere above it, as the pod chooses")

    /// A directory of the image, by its path, or one that may be on a volume.
    static let type = ValueType<SeedDirectory>.either(
        .text { text throws(FormatError) in SeedDirectory(try ValueFormats.absolutePath(text)) }, orObject: described)

    private static let described = ValueType<SeedDirectory>.object(
        [pathField, sourceField, typeField, rootField, pointField]
    ) { reader, fields in
        let path = reader.value(pathField, of: fields)
        let source = reader.value(sourceField, of: fields)
        let type = reader.value(typeField, of: fields)
        let root = reader.value(rootField, of: fields)
        let point = reader.value(pointField, of: fields)
        let isVolume = [sourceField.name, typeField.name, rootField.name, pointField.name].contains {
            fields[$0] != nil
        }
        guard isVolume else { return path.map { SeedDirectory($0) } }
        // One of the two without the other would also describe somebody else's volume.
        _ = reader.required(sourceField.name, of: fields)
        _ = reader.required(typeField.name, of: fields)
        guard let path, let source, let type else { return nil }
        return SeedDirectory(path, on: Volume(source: source, type: type, root: root ?? "/", point: point))
    }
}
