import Boot
import Linux
import Programs
import Testing

/// The exact text of every problem that a pod's environment can have.
struct SettingsProblemTests {
    private static let name =
        "not a name: a letter or _, then at most 30 letters, digits, _ . or -, and perhaps a $ at the end"
    private static let reserved = "not a usable name: sudo or the system gives it another meaning"
    private static let id = "not a decimal id from 1 to 4294967294, other than 65534, which is nobody's"
    private static let seed = "not the name of an account, nor two decimal ids as uid:gid; root is neither"
    private static let control = "not a path for this: it has a control character"
    private static let climbs =
        "it has .. in it, which leads elsewhere behind a symbolic link: write what realpath prints for it"
    private static let long = "too long for a path: at most 4095 bytes, and 255 between slashes"

    private static let names = ["NB_USER", "NB_GROUP"]
    private static let ids = ["NB_UID", "NB_GID"]
    private static let paths = [
        "SCRATCH_HOME_ROOT", "WORKING_DIR", "SCRATCH_HOME", "HF_HOME", "HF_TOKEN_PATH", "ZDOTDIR", "ZSH",
        "GIT_CONFIG_GLOBAL",
    ]

    @Test(
        arguments: names,
        [
            ("ALL", "'ALL': \(reserved)"), ("root", "'root': \(reserved)"), ("Defaults", "'Defaults': \(reserved)"),
            ("..", "'..': \(name)"), ("a:b", "'a:b': \(name)"), ("ja\nne", "'ja\\nne': \(name)"), ("1", "'1': \(name)"),
            ("\u{1B}[2J", "'\\u{1b}[2J': \(name)"),
        ])
    func `a bad name is told`(variable: String, value: (String, String)) {
        #expect(Pod.problem(variable, Array(value.0.utf8)) == "\(variable) is \(value.1)")
    }

    @Test(arguments: ids, ["0", "-1", "4294967295", "12x", "99999999999", "65534", "1:2", "007"])
    func `a bad id is told`(variable: String, value: String) {
        #expect(Pod.problem(variable, Array(value.utf8)) == "\(variable) is '\(value)': \(Self.id)")
        #expect(Pod.problem(variable, Array("1\n2".utf8)) == "\(variable) is '1\\n2': \(Self.id)")
    }

    @Test(
        arguments: paths,
        [
            ("relative", "'relative': not an absolute path"), ("a/../b", "'a/../b': not an absolute path"),
            ("/a/../b", "'/a/../b': \(climbs)"), ("/a/..", "'/a/..': \(climbs)"), ("/../a/", "'/../a/': \(climbs)"),
            ("/a/./b//c", "'/a/./b//c': not in its normal form: write /a/b/c"),
            ("/..a/b..", nil), ("/a/.", "'/a/.': not in its normal form: write /a"),
            ("/a/", "'/a/': not in its normal form: write /a"), ("/a\nb", "'/a\\nb': \(control)"),
            ("~/x", "'~/x': not an absolute path"),
        ])
    func `a bad path is told`(variable: String, value: (String, String?)) {
        #expect(Pod.problem(variable, Array(value.0.utf8)) == value.1.map { "\(variable) is \($0)" })
    }

    @Test(
        arguments: [
            ("SCRATCH_UMASK", "0777", "'0777': not a umask: octal from 000 to 077"),
            ("SCRATCH_UMASK", "a:b", "'a:b': not a umask: octal from 000 to 077"),
            ("SCRATCH_TIMEOUT", "-1", "'-1': not whole seconds from 0 to 86400"),
            ("SCRATCH_TIMEOUT", "1\n", "'1\\n': not whole seconds from 0 to 86400"),
            ("SCRATCH_SEED_USER", "root", "'root': \(seed)"), ("SCRATCH_SEED_USER", "0:0", "'0:0': \(seed)"),
            ("SCRATCH_SEED_USER", "0:1000", "'0:1000': \(seed)"), ("SCRATCH_SEED_USER", "1000", "'1000': \(seed)"),
            ("SCRATCH_SEED_USER", "1000:", "'1000:': \(seed)"), ("SCRATCH_SEED_USER", "1:2:3", "'1:2:3': \(seed)"),
            ("SCRATCH_SEED_USER", "a:b", "'a:b': \(seed)"), ("SCRATCH_SEED_USER", "-1:5", "'-1:5': \(seed)"),
            ("SCRATCH_SEED_USER", "4294967295:5", "'4294967295:5': \(seed)"),
            ("SCRATCH_SEED_USER", "ad\nmin", "'ad\\nmin': \(seed)"),
            ("IDENTITY_SUDO", "yes", "'yes': not one of all, none"),
            ("IDENTITY_SUDO", "all\n", "'all\\n': not one of all, none; did you mean all?"),
            ("IDENTITY_ON_COLLISION", "Rename", "'Rename': not one of rename, reuse, fail; did you mean rename?"),
            ("UV_LINK_MODE", "fast", "'fast': not one of clone, copy, hardlink, symlink"),
            (
                "UV_LINK_MODE", "hard-link",
                "'hard-link': not one of clone, copy, hardlink, symlink; did you mean hardlink?"
            ),
            ("IDENTITY_WHEN_INCOMPLETE", "x", "'x': not one of fail, run"),
            ("ENTRYPOINT_LOG", "verbose", "'verbose': not one of quiet, info, debug"),
            ("ENTRYPOINT_LOG_FORMAT", "yaml", "'yaml': not one of text, json"),
            ("ENTRYPOINT_MODE", "fork", "'fork': not one of exec, init"),
            ("ENTRYPOINT_WARN_REAPED", "1", "'1': neither true nor false"),
        ])
    func `a bad value of another kind is told`(variable: String, value: String, problem: String) {
        #expect(Pod.problem(variable, Array(value.utf8)) == "\(variable) is \(problem)")
    }

    /// The variables whose values have a form: not the contents of files, names of people, or what is passed on.
    private static let formed = BootSequence.groups.variables.map(\.name).filter { name in
        // What is in the place of a secret's path may be the secret.
        !name.hasPrefix("SSH_") && !name.hasPrefix("GIT_USER_") && !name.hasPrefix("SNAPSHOT_")
    }

    /// The problem of each variable with a form when all have the same value.
    private func problemsOfAll(_ value: [UInt8]) -> [(variable: String, problem: String?)] {
        let variables = Self.formed
        let found = Pod.problems(Pod.environment(Dictionary(uniqueKeysWithValues: variables.map { ($0, value) })))
        return variables.map { name in (name, found.first { $0.hasPrefix("\(name) ") }) }
    }

    @Test func `a password in a value is not shown where the value is wrong`() {
        let value = "postgres://jane:hunter2hunter2@db/x"
        for (_, problem) in problemsOfAll(Array(value.utf8)) where problem != nil {
            let words = "(\(value.utf8.count) bytes): a URL with a password, which is not shown, is no value for this"
            #expect(problem?.hasSuffix(words) == true, "\(problem ?? "")")
        }
    }

    @Test func `what is not UTF-8 is no setting`() {
        for (variable, problem) in problemsOfAll([0x61, 0xFF, 0x62]) {
            #expect(problem == "\(variable) is 'a\u{FFFD}b': not UTF-8")
        }
    }

    @Test func `an empty value is an unset one`() {
        for variable in Self.formed {
            let missing =
                Pod.required[variable] == nil ? nil : "\(variable) is not set, but the other required variables are"
            #expect(Pod.problem(variable, []) == missing)
        }
    }

    @Test(arguments: ["/", "x"]) func `128 KiB of a value are not all printed`(start: String) {
        let shown = start + String(repeating: "x", count: 99)
        for (variable, problem) in problemsOfAll(Array((start + String(repeating: "x", count: 131_071)).utf8)) {
            #expect(problem?.hasPrefix("\(variable) is '\(shown)… (131072 bytes)': ") == true)
            #expect(problem.map { $0.utf8.count < 500 } == true)
        }
    }

    @Test(arguments: ["a\nb", "/a\r\nb", "\u{1B}c", "a\u{2028}b", "\u{202E}", "1\n", ","])
    func `a problem is one line`(value: String) {
        let odd: [Unicode.GeneralCategory] = [.control, .lineSeparator, .paragraphSeparator, .format]
        for (_, problem) in problemsOfAll(Array(value.utf8)) {
            #expect(problem?.unicodeScalars.contains { odd.contains($0.properties.generalCategory) } != true)
            #expect(problem?.hasSuffix(".") != true)
        }
    }

    @Test func `all problems are told at once, in the order of the declarations`() {
        let environment = Pod.environment([
            "NB_USER": Array("a:b".utf8), "NB_UID": Array("0".utf8), "NB_GROUP": [0xFF], "NB_GID": Array("x".utf8),
            "SCRATCH_HOME_ROOT": Array("x".utf8), "WORKING_DIR": Array("/x/".utf8),
            "ENTRYPOINT_LOG": Array("x".utf8), "SCRATCH_UMASK": Array("9".utf8), "SCRATCH_SEED_USER": Array("0".utf8),
        ])
        #expect(
            Pod.problems(environment) == [
                "ENTRYPOINT_LOG is 'x': not one of quiet, info, debug",
                "NB_USER is 'a:b': \(Self.name)",
                "NB_UID is '0': \(Self.id)",
                "NB_GROUP is '\u{FFFD}': not UTF-8",
                "NB_GID is 'x': \(Self.id)",
                "SCRATCH_HOME_ROOT is 'x': not an absolute path",
                "WORKING_DIR is '/x/': not in its normal form: write /x",
                "SCRATCH_UMASK is '9': not a umask: octal from 000 to 077",
                "SCRATCH_SEED_USER is '0': \(Self.seed)",
            ])
    }

    @Test func `one missing variable and the others' problems are told together`() {
        let environment = Pod.environment(["NB_UID": Array("0".utf8)], without: ["NB_GID"])
        #expect(
            Pod.problems(environment) == [
                "NB_GID is not set, but the other required variables are", "NB_UID is '0': \(Self.id)",
            ])
    }

    @Test func `several missing variables are one problem`() {
        #expect(
            Pod.problems(Pod.environment(without: ["NB_USER", "NB_GID", "WORKING_DIR"])) == [
                "NB_USER, NB_GID, WORKING_DIR are not set, but other required variables are"
            ])
    }
}
