import Linux
import Testing

@testable import Boot

extension Privileges {
    /// What root starts with in a container.
    static func root(groups: [UInt32] = [0], noNewPrivileges: Bool = false) -> Privileges {
        let usual: UInt64 = 0xA804_25FB
        return Privileges(
            user: IDTriple(all: 0), group: IDTriple(all: 0), groups: groups,
            capabilities: CapabilitySets(
                inheritable: 0, permitted: usual, effective: usual, bounding: usual, ambient: 0),
            noNewPrivileges: noNewPrivileges)
    }

    /// What a pod with runAsUser starts with.
    static func bare(user: UInt32, group: UInt32, groups: [UInt32] = []) -> Privileges {
        Privileges(
            user: IDTriple(all: user), group: IDTriple(all: group), groups: groups,
            capabilities: CapabilitySets(inheritable: 0, permitted: 0, effective: 0, bounding: 0xA804_25FB, ambient: 0))
    }
}

extension AccountFiles {
    /// The files of a small image.
    static func image(passwd more: String = "", group moreGroups: String = "") -> AccountFiles {
        AccountFiles(
            passwd: Array("root:x:0:0:root:/root:/bin/bash\nsite-admin:x:177449:0::/:/bin/sh\n\(more)".utf8),
            group: Array("root:x:0:\nadm:x:4:\nsudo:x:27:\nseeds:x:600:site-admin\n\(moreGroups)".utf8),
            shadow: Array("root:*:::::::\n".utf8))
    }
}

extension Host {
    /// A host of an image with all shells and sudo.
    static func made(
        _ privileges: Privileges = .root(), accounts: AccountFiles = .image(),
        shells: [FilePath] = ["/bin/zsh", "/bin/bash", "/bin/sh"], sudo: FilePath? = "/usr/bin/sudo",
        sudoReadsDirectory: Bool = true, devices: [Device] = [], problems: [Note] = []
    ) -> Host {
        var facts = HostFacts()
        facts.accounts = accounts
        facts.accountProblems = problems
        facts.programs = shells + [sudo].compactMap { $0 }
        facts.sudoers = Sudoers(readsDirectory: sudoReadsDirectory)
        facts.devices = devices
        return Host(tree: FileTree(root: "/nowhere"), privileges: privileges, facts: facts)
    }
}

extension Pod {
    /// The people of a pod on a host.
    static func people(_ changes: [String: String] = [:], on host: Host) throws -> People {
        let settings = try settings(changes)
        let identity = try #require(settings[Identity.self])
        return try People.work(out: identity.request(settings[Scratch.self]), on: host)
    }

    /// Why a pod cannot have its people on a host.
    static func refusal(_ changes: [String: String] = [:], on host: Host) throws -> BootError {
        try #require(throws: BootError.self) { try people(changes, on: host) }
    }
}

struct PeopleTests {
    @Test func `root becomes the user with the groups of the image, of the pod and of the devices`() throws {
        let devices = [
            Device(path: "/dev/dri/renderD128", mode: 0o660, group: 105),
            Device(path: "/dev/kfd", mode: 0o666, group: 44), Device(path: "/dev/nvidia0", mode: 0o600, group: 45),
            Device(path: "/dev/nvidia1", mode: 0o660, group: 0), Device(path: "/dev/nvidia2", mode: 0o664, group: 46),
        ]
        let people = try Pod.people(on: .made(.root(groups: [0, 5000, 83070, 600, 5000]), devices: devices))
        #expect(people.user.name == "jane")
        #expect(people.user.groupName == "lab")
        #expect(people.user.home == "/home/jane")
        #expect(people.user.shell == "/bin/zsh")
        // Of the image: adm and sudo. Of the devices: those that only their group may read and write.
        #expect(
            people.user.credentials
                == Credentials(user: 254_321, group: 83070, groups: [4, 27, 46, 105, 600, 5000]))
        #expect(people.warnings.isEmpty)
    }

    @Test func `groups that the image gives to root do not come from the pod`() throws {
        let accounts = AccountFiles.image(group: "wheel:x:10:root\nstaff:x:50:jane\n")
        let people = try Pod.people(on: .made(.root(groups: [0, 10, 50, 60]), accounts: accounts))
        #expect(people.user.credentials.groups == [4, 27, 50, 60])
    }

    @Test func `root's group is never the user's, whatever the image says`() throws {
        var accounts = AccountFiles.image()
        accounts.group = Array("root:x:0:jane\nsudo:x:27:\n".utf8)
        let people = try Pod.people(on: .made(accounts: accounts))
        #expect(people.user.credentials.groups == [27])
    }

    @Test func `the seed is an account, acts with the user's group and never with root's`() throws {
        let people = try Pod.people(["SCRATCH_SEED_USER": "site-admin"], on: .made())
        #expect(people.seed == Credentials(user: 177_449, group: 83070, groups: [600]))
    }

    @Test func `there is no seed unless somebody asks for one`() throws {
        #expect(try Pod.people(on: .made()).seed == nil)
    }

    @Test func `the seed may be given by its ids`() throws {
        let people = try Pod.people(["SCRATCH_SEED_USER": "500:600"], on: .made())
        #expect(people.seed == Credentials(user: 500, group: 83070, groups: [600]))
        let same = try Pod.people(["SCRATCH_SEED_USER": "500:83070"], on: .made())
        #expect(same.seed == Credentials(user: 500, group: 83070, groups: []))
    }

    @Test func `the seed is found before the user is made of its account`() throws {
        let people = try Pod.people(["NB_UID": "177449", "SCRATCH_SEED_USER": "site-admin"], on: .made())
        #expect(people.seed?.user == 177_449)
        #expect(people.user.credentials.user == 177_449)
        #expect(people.user.name == "jane")
    }

    @Test func `a seed that is not there is a wrong setting`() throws {
        let error = try Pod.refusal(["SCRATCH_SEED_USER": "nobody-here"], on: .made())
        #expect(
            error.message == "SCRATCH_SEED_USER is 'nobody-here': there is no such user in /etc/passwd; "
                + "add the account to the image, or give its ids as uid:gid")
        #expect(error.exitCode == .settings)
    }

    @Test func `a seed that is root by another name is refused`() throws {
        let accounts = AccountFiles.image(passwd: "toor:x:0:0::/:/bin/sh\n")
        let error = try Pod.refusal(["SCRATCH_SEED_USER": "toor"], on: .made(accounts: accounts))
        #expect(
            error.message == "SCRATCH_SEED_USER is root: nothing in a scratch directory is done as root; "
                + "name the account that owns the directory")
        #expect(error.exitCode == .settings)
    }

    @Test func `accounts of the image that stand against the pod end the boot with 78`() throws {
        let accounts = AccountFiles.image(passwd: "jane:x:5:5::/:/bin/sh\n", group: "lab:x:7:\n")
        let error = try Pod.refusal(on: .made(accounts: accounts))
        #expect(error.exitCode == .settings)
        #expect(error.message.hasPrefix("NB_USER: "))
        #expect(error.message.contains("; NB_GROUP: "))
    }

    @Test(
        arguments: [
            ([], ["the image has no shell"], "/bin/sh"),
            (["/bin/sh"], ["the image has no /bin/zsh: the login shell is /bin/sh"], "/bin/sh"),
            (["/bin/bash", "/bin/sh"], ["the image has no /bin/zsh: the login shell is /bin/bash"], "/bin/bash"),
            (["/bin/zsh"], [], "/bin/zsh"),
        ] as [([FilePath], [String], FilePath)])
    func `the login shell is the best that the image has`(shells: [FilePath], warnings: [String], shell: FilePath)
        throws
    {
        let people = try Pod.people(on: .made(shells: shells))
        #expect(people.user.shell == shell)
        #expect(people.warnings.map(\.text) == warnings)
    }

    @Test func `without privileges the ids are those of the process`() throws {
        let privileges = Privileges.bare(user: 254_321, group: 83070, groups: [7, 8])
        let people = try Pod.people(on: .made(privileges))
        #expect(people.user.credentials == Credentials(user: 254_321, group: 83070, groups: [7, 8]))
        #expect(people.seed == nil)
        #expect(people.accounts.differences.map { $0.text.hasPrefix("user jane ") } == [true])
        #expect(people.accounts.planned.group == people.accounts.found.group)
        #expect(people.accounts.planned.shadow == people.accounts.found.shadow)
        #expect(people.accounts.planned.passwd != people.accounts.found.passwd)
    }

    @Test func `without privileges nobody else can be become`() throws {
        let user = try Pod.refusal(on: .made(.bare(user: 1000, group: 83070)))
        #expect(
            user.message == "cannot become user 254321: the container runs as user 1000 without CAP_SETUID; "
                + "set securityContext.runAsUser: 254321 in the pod spec, or start as root")
        #expect(user.exitCode == .boot)
        let group = try Pod.refusal(on: .made(.bare(user: 254_321, group: 0)))
        #expect(
            group.message == "cannot become group 83070: the container runs with group 0 without CAP_SETGID; "
                + "set securityContext.runAsGroup: 83070 in the pod spec, or start as root")
        #expect(group.exitCode == .boot)
    }

    @Test func `a group that is a supplementary one stays one`() throws {
        let people = try Pod.people(on: .made(.bare(user: 254_321, group: 0, groups: [83070])))
        #expect(people.user.credentials == Credentials(user: 254_321, group: 0, groups: [83070]))
        #expect(
            people.warnings.first?.text
                == "group 83070 stays a supplementary group: without privileges the primary group 0 cannot change; "
                + "set securityContext.runAsGroup in the pod spec")
    }
}
