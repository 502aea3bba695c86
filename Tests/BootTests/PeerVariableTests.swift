import Foundation
import Linux
import Programs
import TestSupport
import Testing
import Text

@testable import Boot

/// What the variables of other images come to.
struct PeerVariableTests {
    private static let linuxserver = "compatibility: [linuxserver]\nscratch: {enabled: false}\n"
    private static let stacks = "compatibility: [docker-stacks]\nscratch: {enabled: false}\n"

    struct Case: Sendable {
        let file: String
        let variables: [String: String]
        /// Lines that must be there.
        let facts: [String]
        var isElevated = false
    }

    static let cases = [
        Case(
            file: linuxserver, variables: ["PUID": "1000", "PGID": "100"],
            facts: ["abc 1000 abc 100 umask 0022", "sudo none"]),
        Case(
            file: linuxserver, variables: ["PUID": "1000", "UMASK": "002"],
            facts: ["abc 1000 abc 911 umask 0002"]),
        Case(
            file: linuxserver, variables: ["PUID": "1000", "PGID": "100", "NB_USER": "jane", "NB_GROUP": "lab"],
            facts: ["jane 1000 lab 100 umask 0022"]),
        Case(file: linuxserver, variables: ["UMASK": "002"], facts: ["nothing is prepared"]),
        Case(
            file: linuxserver, variables: ["PUID": "x", "UMASK": "9"],
            facts: [
                "problem: UMASK is '9': not a umask: octal from 000 to 077",
                "problem: PUID is 'x': not a decimal id from 1 to 4294967294, other than 65534, which is nobody's",
            ]),
        Case(
            file: linuxserver, variables: ["PUID": "1000", "NB_UID": "1001"],
            facts: ["problem: PUID and NB_UID are both set, and differ: give one of them"]),
        Case(
            file: linuxserver, variables: ["PUID": "1000", "NB_UID": "1000"],
            facts: ["abc 1000 abc 911 umask 0022"]),
        Case(
            file: linuxserver, variables: ["PUID": "1000", "FILE__NB_GID": "/x"],
            facts: ["problem: FILE__NB_GID: entrypoint reads no setting from such a file; set the variable itself"]),
        Case(
            file: linuxserver, variables: ["PUID": "1000", "FILE__LD_PRELOAD": "/x"],
            facts: ["problem: FILE__LD_PRELOAD: not the name of a secret; set the variable itself"]),
        // A mark that joins the prefix, and the kelvin sign.
        Case(
            file: linuxserver, variables: ["PUID": "1000", "FILE__\u{301}DB": "/x"],
            facts: ["problem: FILE__\u{301}DB: not the name of a secret; set the variable itself"]),
        Case(
            file: linuxserver, variables: ["PUID": "1000", "FILE__SSH_PUBLIC_\u{212A}EY": "/x"],
            facts: ["problem: FILE__SSH_PUBLIC_\u{212A}EY: not the name of a secret; set the variable itself"]),
        Case(
            file: linuxserver,
            variables: Dictionary(
                uniqueKeysWithValues: [("PUID", "1000")] + (0..<20_000).map { ("FILE__A\($0)", "/x") }),
            facts: ["problem: 20000 variables begin with FILE__: at most 100 are read"]),
        Case(
            file: linuxserver, variables: ["PUID": "1000", "FILE__DB": "x/y"],
            facts: ["problem: FILE__DB (3 bytes): not an absolute path"]),
        Case(
            file: linuxserver, variables: ["PUID": "1000", "FILE__HF_TOKEN": "/x", "HF_TOKEN_FILE": "/y"],
            facts: ["problem: FILE__HF_TOKEN and HF_TOKEN_FILE are both set: give one of them"]),
        // Jupyter's own names are ours, and the group is called as the user unless the pod says otherwise.
        Case(
            file: stacks, variables: ["NB_USER": "jane", "NB_UID": "1000", "NB_GID": "100", "NB_UMASK": "027"],
            facts: ["jane 1000 jane 100 umask 0027", "sudo none"]),
        Case(
            file: stacks,
            variables: ["NB_USER": "jane", "NB_UID": "1000", "NB_GID": "100", "NB_GROUP": "lab", "GRANT_SUDO": "yes"],
            facts: ["jane 1000 lab 100 umask 0022", "sudo all"]),
        Case(
            file: stacks, variables: ["NB_USER": "jane", "NB_UID": "1000", "NB_GID": "100", "GRANT_SUDO": "true"],
            facts: ["sudo none"]),
        Case(
            file: stacks + "identity: {sudo: all}\n",
            variables: ["NB_USER": "jane", "NB_UID": "1000", "NB_GID": "100"], facts: ["sudo all"]),
        Case(
            file: stacks, variables: ["NB_USER": "jane", "NB_UID": "1000", "NB_GID": "100", "GRANT_SUDO": "yes"],
            facts: [
                "sudo none",
                "notice: GRANT_SUDO is ignored: in a start with the capabilities of the program's file only the image's "
                    + "configuration counts for it",
            ], isElevated: true),
        Case(
            file: stacks,
            variables: [
                "NB_USER": "jane", "NB_UID": "1000", "NB_GID": "100", "CHOWN_HOME": "yes", "CHOWN_EXTRA": "/x",
            ],
            facts: [
                "notice: CHOWN_HOME has no effect: a home that is there is left as it is",
                "notice: CHOWN_EXTRA has no effect: no owner of anything that is there is changed",
            ]),
        // Who has not asked for them has none of them.
        Case(
            file: "scratch: {enabled: false}", variables: ["PUID": "1000", "GRANT_SUDO": "yes", "UMASK": "002"],
            facts: [
                "nothing is prepared",
                "notice: PUID has no effect: it is a variable of linuxserver, which counts where the image's configuration says "
                    + "compatibility: [linuxserver]",
            ]),
        Case(
            file: "scratch: {enabled: false}",
            variables: ["NB_USER": "jane", "NB_UID": "1", "NB_GROUP": "g", "NB_GID": "2", "NB_UMASK": "002"],
            facts: [
                "jane 1 g 2 umask 0022",
                "notice: NB_UMASK has no effect: it is a variable of docker-stacks, which counts where the image's "
                    + "configuration says compatibility: [docker-stacks]",
            ]),
    ]

    @Test(arguments: cases.indices)
    func `they count as what they stand for, where the image says so`(index: Int) {
        let example = Self.cases[index]
        let facts = Self.facts(example)
        for fact in example.facts { #expect(facts.contains(fact), "\(example.variables.count) variables: \(facts)") }
        if !example.facts.contains(where: { $0.hasPrefix("problem: ") }) {
            #expect(!facts.contains { $0.hasPrefix("problem: ") }, "\(facts)")
        }
    }

    private static func facts(_ example: Case) -> [String] {
        var configuration = Configuration()
        configuration.add(Array(example.file.utf8), name: "f")
        let environment = EnvironmentBlock(example.variables.map { CString(Array("\($0)=\($1)".utf8)) })
        do throws(SettingsError) {
            let settings = try Settings.read(
                from: environment, configuration: configuration, contents: .expected(FileTree(root: "/nowhere")),
                isElevated: example.isElevated)
            var facts = settings.notices.map { "notice: \($0.text)" }
            // The command has what the pod has set, and nothing else.
            #expect(Set(settings.environment.entries.map(\.bytes)) == Set(environment.entries.map(\.bytes)))
            guard let identity = settings[Identity.self], let work = settings.workplace else {
                return facts + ["nothing is prepared"]
            }
            facts.append(
                "\(identity.userName) \(identity.userID) \(identity.groupName) \(identity.groupID) "
                    + "umask \(work.umask.octal)")
            return facts + ["sudo \(identity.sudo.rawValue)"]
        } catch {
            return error.problems.map { "problem: \($0.text)" }
        }
    }

    @Test func `a file's content is the value that the command gets, and a secret`() throws {
        try Self.withFile("s3cret\n\n") { path in
            var configuration = Configuration()
            configuration.add(Array(Self.linuxserver.utf8), name: "f")
            let environment = EnvironmentBlock(
                ["PUID=1000", "FILE__DB=\(path)", "FILE__SSH_PUBLIC_KEY=\(path)"].map { CString(Array($0.utf8)) })
            let settings = try Settings.read(from: environment, configuration: configuration)
            let entries = settings.environment.entries.map { $0.bytes.shown() }
            #expect(entries.sorted() == ["DB=s3cret", "FILE__SSH_PUBLIC_KEY=\(path)", "PUID=1000"])
            #expect(settings.secrets.isSecret("DB"))
            #expect(settings.secretFiles.map(\.name) == ["DB"])
            #expect(settings[SSHKeys.self] != nil)
        }
    }

    private static func withFile(_ content: String, _ body: (String) throws -> Void) throws {
        try withTemporaryDirectory { directory in
            let path = "\(directory)/secret"
            try content.write(toFile: path, atomically: false, encoding: .utf8)
            try body(path)
        }
    }
}
