import Linux
import TestSupport
import Testing
import Text

@testable import UserSide

/// What a user's file asks for.
struct PodRequestTests {
    static let file = """
        LDAP_USERNAME=jane
        LDAP_UID=254321
        LDAP_GROUPNAME=lab
        LDAP_GID=83070
        IMAGE_PATH=lab/train
        TAG=1.0
        RUNAI_IMAGE=registry.example/${IMAGE_PATH}:${TAG}
        SCRATCH_HOME_ROOT=/scratch/homes
        WORKING_DIR=/scratch/homes/jane

        """

    /// Reads a file with more lines; those of the file above are 1 to 9.
    static func read(
        _ more: String, file: String = Self.file, _ options: PodSpecOptions = PodSpecOptions(),
        _ environment: [String: String] = [:]
    ) -> (request: PodRequest?, problems: [String], notes: [String]) {
        var reader = PodRequestReader(Array((file + more).utf8), of: "user.env", options: options) { environment[$0] }
        let request = reader.read()
        return (request, reader.problems, reader.notes)
    }

    @Test func `who the user is and the image come from the names of the document`() throws {
        let (request, problems, notes) = Self.read("")
        #expect(problems == [] && notes == [])
        let found = try #require(request)
        #expect(found.owner == .init(user: "jane", uid: 254321, group: "lab", gid: 83070))
        #expect(found.image == "registry.example/lab/train:1.0")
        #expect(
            found.variables.map { "\($0.name)=\($0.value)" } == [
                "SCRATCH_HOME_ROOT=/scratch/homes", "WORKING_DIR=/scratch/homes/jane", "ENTRYPOINT_STOP_TIMEOUT=45",
            ])
        #expect(found.secrets.isEmpty && found.gracePeriod == 60)
    }

    @Test func `names of entrypoint do as well, and parts of the image may be in the environment`() throws {
        let file = """
            NB_USER=jane
            NB_UID=1000
            NB_GROUP=lab
            NB_GID=2000
            RUNAI_IMAGE=registry.example/${IMAGE_PATH}:${TAG}
            SCRATCH_HOME_ROOT=/s
            WORKING_DIR=/s
            """
        let found = Self.read("", file: file, PodSpecOptions(), ["IMAGE_PATH": "a/b", "TAG": "2"])
        #expect(found.problems == [] && found.request?.image == "registry.example/a/b:2")
        #expect(found.request?.owner.uid == 1000)
    }

    @Test func `everything that is missing is told at once`() {
        let found = Self.read("", file: "TAG=1\n-\nLDAP_UID=0\n")
        #expect(found.request == nil)
        #expect(
            found.problems == [
                "user.env:2: not NAME=VALUE, where NAME is of letters, digits and _; a value of several lines needs quotes",
                "user.env:3: NB_UID is '0': not a decimal id from 1 to 4294967294, other than 65534, which is nobody's",
                "user.env: LDAP_USERNAME is missing (or NB_USER): the user's name, as id -un prints it",
                "user.env: LDAP_GROUPNAME is missing (or NB_GROUP): the name of the group, as id -gn prints it",
                "user.env: LDAP_GID is missing (or NB_GID): the id of the group, as id -g prints it",
                "user.env: RUNAI_IMAGE is missing: the image, such as registry.example/${IMAGE_PATH}:${TAG}; or give --image",
            ])
        #expect(found.notes.contains { $0.contains("SCRATCH_HOME_ROOT is missing") })
    }

    @Test(
        arguments: [
            ("NB_UID=1000", "user.env:4: LDAP_UID is '254321'"),
            ("LDAP_USERNAME=root", "user.env:10: NB_USER is 'root'"),
            ("WORKING_DIR=scratch", "user.env:10: WORKING_DIR is"),
            ("ENTRYPOINT_GRACE=long", "user.env:10: ENTRYPOINT_GRACE is 'long'"),
            ("NB_UDI=1", "user.env:10: NB_UDI is not a variable of entrypoint; did you mean NB_UID?"),
            ("SSH_PRIVATE_KEY_B64=bm8gLi4u", "user.env:10: SSH_PRIVATE_KEY_B64 ("),
            ("RUNAI_IMAGE=a b", "user.env:10: RUNAI_IMAGE is not the name of an image"),
            ("RUNAI_IMAGE=--privileged", "user.env:10: RUNAI_IMAGE is not the name of an image"),
            ("HF_TOKEN=hf_x\nRUNAI_IMAGE=a/${HF_TOKEN}", "user.env:11: RUNAI_IMAGE has the secret HF_TOKEN in it"),
            ("A_KEY=/scratch1\nSCRATCH_HOME_ROOT=/scratch1/h", "user.env:11: SCRATCH_HOME_ROOT has the secret A_KEY"),
            ("HF_TOKEN=hf_x\nHF_TOKEN_FILE=/x", "user.env:11: HF_TOKEN_FILE is set, and HF_TOKEN, too"),
            ("EXTRA_SECRET_KEYS=A-B", "user.env:10: EXTRA_SECRET_KEYS has 'A-B'"),
            ("EXTRA_SECRET_KEYS=LDAP_UID", "user.env:10: EXTRA_SECRET_KEYS has LDAP_UID"),
            ("GITHUB_SSH_KEY_PATH=/nowhere/key", "user.env:10: there is no /nowhere/key"),
            ("GITHUB_SSH_KEY_PATH=/", "user.env:10: cannot read the key /"),
            ("GITHUB_SSH_KEY_PATH=~/key", "user.env:10: GITHUB_SSH_KEY_PATH begins with ~, and HOME is not set"),
        ])
    func `what the boot would refuse is told with its line`(more: String, words: String) throws {
        let found = Self.read(more)
        let isTold = found.problems.contains { $0.hasPrefix(words) }
        if more.hasPrefix("NB_UID") {
            #expect(found.problems == ["user.env:2: LDAP_UID is '254321', and NB_UID another: leave one out"])
        } else {
            #expect(found.request == nil && isTold, "\(found.problems)")
        }
    }

    /// A public key, which is no secret.
    private static let people =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl jane"

    @Test func `secrets are those of the document, extra keys, and what is one by its name or its value`() throws {
        let found = Self.read(
            """
            HF_TOKEN=hf_1
            WANDB_API_KEY=2
            GIT_USER_NAME=Jane Doe
            SSH_PUBLIC_KEY=ssh-ed25519 AAAA
            SSH_AUTHORIZED_KEYS="\(Self.people)
            \(Self.people) more"
            EXTRA_SECRET_KEYS= PLAIN , MORE,NONE
            PLAIN=3
            MORE=4
            OPENAI_API_KEY=5
            DATABASE=postgres://jane:6@host/x
            COLOUR=blue
            """)
        let request = try #require(found.request)
        #expect(
            request.secrets.map { "\($0.name)=\(String(decoding: $0.value, as: UTF8.self)) \($0.delivery)" } == [
                "SSH_PUBLIC_KEY=ssh-ed25519 AAAA file",
                "SSH_AUTHORIZED_KEYS=\(Self.people)\n\(Self.people) more file", "HF_TOKEN=hf_1 file",
                "WANDB_API_KEY=2 file",
                "GIT_USER_NAME=Jane Doe variable", "PLAIN=3 variable", "MORE=4 variable", "OPENAI_API_KEY=5 variable",
                "DATABASE=postgres://jane:6@host/x variable",
            ])
        #expect(request.variables.map(\.name).contains("COLOUR"))
        #expect(
            found.notes == [
                "user.env:16: EXTRA_SECRET_KEYS has NONE, and the file has no value for it",
                "user.env: everybody who may read the pod sees COLOUR; name in EXTRA_SECRET_KEYS what is secret",
            ])
    }

    /// Lines, and the names of the secrets among the letters A to D.
    @Test(
        arguments: [
            ("HF_TOKEN=x\nA=${HF_TOKEN}\nB=\"-${A}-\"\nC='${A}'\nD=${NONE:-x}", "AB"),
            ("A=1${HF_TOKEN:-x}\nHF_TOKEN=x\nB=${A}", ""), ("EXTRA_SECRET_KEYS=A\nA=p\nB=${A}", "AB"),
            ("HF_TOKEN=valuevalue\nA=--token=valuevalue\nB=valuevalu\nC=XvaluevalueX", "AC"),
            ("HF_TOKEN=x\nA=${HF_TOKEN}\nA=${A}y", "A"), ("A=${HF_TOKEN:-x}\nA=${A}y\nHF_TOKEN=x", ""),
            ("HF_TOKEN=short\nA=short", ""), ("A_KEY=x\nA=${A_KEY}\nA=y\nB=${A}", ""),
            ("LDAP_PASSWORD=valuevalue\nA=${LDAP_PASSWORD}\nB=valuevalue", "AB"), ("A=${MY_TOKEN}\nB=${A}", "AB"),
            ("A=${COLOUR}", ""),
            ("A='-----BEGIN RSA PRIVATE KEY-----'\nB=Server=x;Password=y\nC=https://j:p@h/", "ABC"),
            ("GIT_USER_NAME=Jane Doe\nA=Jane Doe\nSSH_PUBLIC_KEY=ssh-ed25519 AAAA\nB=ssh-ed25519 AAAA", ""),
            ("SSH_AUTHORIZED_KEYS='\(people)'\nA=\(people)", ""),
            ("HF_TOKEN=\u{301}valueval\nA=e\u{301}valueval", "A"),
        ])
    func `what is made with a secret, or has its value, is a secret`(lines: String, names: String) throws {
        let environment = ["MY_TOKEN": "t", "COLOUR": "blue"]
        let found = Self.read(lines, file: Self.file, PodSpecOptions(), environment)
        let request = try #require(found.request, "\(found.problems)")
        let letters = request.secrets.map(\.name).filter { $0.utf8.count == 1 }
        #expect(letters.sorted().joined() == names)
        #expect(request.variables.allSatisfy { !letters.contains($0.name) })
        #expect(found.notes.contains { $0.contains("A has MY_TOKEN of the environment") } == lines.contains("MY_TOKEN"))
        let plain = request.variables.map(\.name).filter { $0.utf8.count == 1 }
        #expect(plain.isEmpty || found.notes.contains { $0.contains("sees \(plain.joined(separator: ", "));") })
    }

    @Test(arguments: [
        "TOKEN", "SECRET", "APIKEY", "API_KEYS", "MY_TOKEN_2", "hf_token", "AUTH", "PASSWORD", "Password1", "DB_PASS",
        "PWD", "KEY", "GITHUB_PAT", "TOKENS", "HFTOKEN", "AWS_SECRET_ACCESS_KEY", "AWS_SECRET_ACCESS_KEY_ID",
        "TOKEN_HF",
        "credentials", "CREDS", "SSH_KEY2", "SECRETS_3", "dbpassword", "OPENAI_APIKEY", "A_PRIVATEKEY", "REGISTRY_AUTH",
    ]) func `a name may be a secret's`(name: String) {
        #expect(LikelySecrets().isSecret(name))
    }

    @Test(arguments: [
        "COLOUR", "TOKENIZERS_PARALLELISM", "KEYBOARD", "MONKEY", "PATH", "COMPASS", "BYPASS", "SSH_AUTH_SOCK",
        "AUTHOR",
        "TOKEN_FILE", "HF_TOKEN_PATH", "MY_PUBLIC_KEY", "my_public_key", "SSH_AUTHORIZED_KEYS", "A", "_", "_1", "SEED2",
        "KEY_SIZE", "",
    ]) func `a name is nobody's secret`(name: String) {
        #expect(!LikelySecrets().isSecret(name))
    }

    @Test func `a secret on the command line is refused`() {
        var options = PodSpecOptions()
        options.command = ["train", "--token=valuevalue"]
        let found = Self.read("HF_TOKEN=valuevalue\n", file: Self.file, options)
        #expect(found.problems.count == 1 && !found.problems[0].contains("valuevalue"), "\(found.problems)")
        #expect(found.problems[0].hasPrefix("user.env:10: the command line has the value of HF_TOKEN in it"))
    }

    @Test func `a value that runai would read as a reference is refused`() {
        var options = PodSpecOptions()
        #expect(Self.read("A=SECRET:x,y\n", file: Self.file, options).problems.isEmpty)
        options.format = .runai
        let problems = Self.read("A=SECRET:x,y\nB=xSECRET:\n", file: Self.file, options).problems
        #expect(problems.count == 1 && problems[0].hasPrefix("user.env:10: A begins with SECRET:"), "\(problems)")
    }

    @Test func `many secrets are looked for at once`() {
        let lines = (0..<5_000).map { "A\($0)_KEY=\($0)valuevalue\nB\($0)=\($0)valuevalu\n" }.joined()
        let start = ContinuousClock.now
        _ = SecretOrigins(DotEnv(reading: Array(lines.utf8)) { _ in nil }, declared: []).origin(in: lines)
        #expect(ContinuousClock.now - start < .seconds(20))
    }

    @Test func `what is for the writer of the spec reaches nobody`() throws {
        let request = try #require(Self.read("RUNAI_PROJECT=x\nK8S_NAMESPACE=y\nEXTRA_SECRET_KEYS=HF_TOKEN\n").request)
        let names = Set((request.identity + request.variables).map(\.name) + request.secrets.map(\.name))
        #expect(
            names == [
                "NB_USER", "NB_UID", "NB_GROUP", "NB_GID", "SCRATCH_HOME_ROOT", "WORKING_DIR",
                "ENTRYPOINT_STOP_TIMEOUT",
            ])
    }

    @Test(
        arguments: [
            ("", 60, true), ("ENTRYPOINT_GRACE=30", 80, true), ("ENTRYPOINT_STOP_TIMEOUT=100", 115, false),
            ("ENTRYPOINT_STOP_TIMEOUT=0.5\nENTRYPOINT_GRACE=0.2", 6, false), ("ENTRYPOINT_STOP_TIMEOUT=0", 60, false),
            ("ENTRYPOINT_STOP_TIMEOUT=31536000\nENTRYPOINT_GRACE=31536000", 172805, false),
        ])
    func `the grace period is what the program takes, and more`(more: String, seconds: Int, isAdded: Bool) throws {
        let request = try #require(Self.read(more).request)
        #expect(request.gracePeriod == seconds)
        #expect(request.variables.contains { $0.name == "ENTRYPOINT_STOP_TIMEOUT" && $0.value == "45" } == isAdded)
    }

    @Test func `a key is taken from the user's files`() throws {
        try withTemporaryDirectory { directory in
            let home = directory.string
            try Self.run("mkdir -p .ssh other && ssh-keygen -q -t ed25519 -N '' -f .ssh/github", in: home)
            try Self.run("ssh-keygen -q -t ed25519 -N 'pass' -f other/key; mv other/key.pub other/public", in: home)
            let environment = ["HOME": home]
            let usual = Self.read("", file: Self.file, PodSpecOptions(), environment)
            #expect(usual.problems == [] && usual.notes == ["the SSH key is \(home)/.ssh/github"])
            let secrets = try #require(usual.request?.secrets)
            #expect(secrets.map(\.name) == ["SSH_PRIVATE_KEY_B64", "SSH_PUBLIC_KEY"])
            #expect(secrets.map(\.source) == ["\(home)/.ssh/github", "\(home)/.ssh/github.pub"])
            let encoded = try Self.run("base64 --wrap 0 .ssh/github", in: home)
            #expect(String(decoding: secrets[0].value, as: UTF8.self) == encoded)

            let named = Self.read(
                "GITHUB_SSH_KEY_PATH=~/other/key\nGITHUB_SSH_PUBLIC_KEY_PATH=\(home)/other/public\n", file: Self.file,
                PodSpecOptions(), environment)
            #expect(named.request?.secrets.map(\.source) == ["\(home)/other/key", "\(home)/other/public"])
            #expect(named.notes.contains { $0.contains("has a passphrase") })

            let both = Self.read("SSH_PRIVATE_KEY_B64=\(encoded)\n", file: Self.file, PodSpecOptions(), environment)
            #expect(both.request?.secrets.map(\.name) == ["SSH_PRIVATE_KEY_B64"] && both.notes == [])
            let swapped = Self.read(
                "GITHUB_SSH_KEY_PATH=~/.ssh/github.pub\nGITHUB_SSH_PUBLIC_KEY_PATH=~/.ssh/github\n", file: Self.file,
                PodSpecOptions(), environment)
            #expect(
                swapped.problems == [
                    "user.env:10: cannot use the key \(home)/.ssh/github.pub: it is a public key, and the private one is "
                        + "expected",
                    "user.env:11: cannot use the public key \(home)/.ssh/github: it holds a private key, which must not be "
                        + "in a file that everybody may read",
                ])
            try Self.run(": >.ssh/github", in: home)
            #expect(
                Self.read("", file: Self.file, PodSpecOptions(), environment).problems == [
                    "user.env: \(home)/.ssh/github has nothing in it"
                ])
        }
    }

    /// What a shell prints; it must succeed.
    @discardableResult
    static func run(_ script: String, in directory: String) throws -> String {
        let outcome = try Program("/bin/sh", ["-euc", "cd \"$1\"; \(script)", "sh", "\(directory)"]).run()
        try #require(outcome.exitCode == 0, "\(outcome)")
        return outcome.output
    }
}
