import Foundation
import TestSupport
import Testing

@testable import Boot

/// What is known of a git configuration without asking git; where git is asked too, both must agree.
struct GitConfigurationTests {
    /// Texts with the keys of `user` that they have.
    static let texts: [(String, [String])] = [
        ("", []), ("\n\n", []), ("[user]\n", []), ("[user]\n\tname = Jane\n", ["name"]), ("[user]name=Jane", ["name"]),
        ("[user] name = Jane\nemail=j@example.org", ["name", "email"]), ("[USER]\nNAME = x\n", ["name"]),
        ("\u{FEFF}[user]\r\n\tname = x\r\n\temail = y\r\n", ["name", "email"]),
        ("; [user]\n# name = x\n[core]\nname = x\n", []), ("[user]\n# name = x\n;email = y\n", []),
        ("[user \"work\"]\nname = x\n", []), ("[user.work]\nname = x\n", []), ("[user \"\"]\nname = x\n", []),
        ("[core]\nx = \"a # b\" ; [user]\n[user]\nname = a#b\nemail = \"a;b\"\n", ["name", "email"]),
        ("[core]\nx = a\\\n[user]\nname = x\n", []), ("[core]\nx = \"a\\\nb\"\n[user]\nname = x\n", ["name"]),
        ("[core]\nx = a ; \"\n[user]\nname = x\n", ["name"]), ("[user]\nname\n", ["name"]),
        ("[user]\nname =\n", ["name"]),
        ("[user]\nname-2 = x\nnamed = y\n", ["name-2", "named"]), ("[user]\nname=\\\"\\\\\\n\\t\\b\n", ["name"]),
        ("[a \"b\\\"]\\\\c\"]\nx = y\n[user]\nname = z\n", ["name"]), ("  [user]   \n   name   =   x   \n", ["name"]),
        ("[alias]\n\tname = !f() { echo \\\"[user]\\\"; }\n", []), ("[user]\nname = Jané\n", ["name"]),
        ("name = x\n[user]\n", []), ("[user]\nname = x\\", ["name"]),
        ("[core]\nx = y\n[user]\nsigningkey = z\n[user]\nname = a\n", ["name", "signingkey"]),
    ]

    @Test(arguments: texts)
    func `the keys of the section user are known, as git knows them`(text: String, keys: [String]) throws {
        let configuration = GitConfiguration(Array(text.utf8))
        #expect(configuration.userKeys == Set(keys) && !configuration.isBad && !configuration.hasIncludes)
        let known = try git(["--list", "--name-only"], text)
        try #require(known.status == 0)
        let userKeys = known.output.split(separator: "\n").filter { $0.hasPrefix("user.") }.map { $0.dropFirst(5) }
        #expect(Set(userKeys.filter { !$0.contains(".") }) == Set(keys.map { Substring($0) }))
    }

    @Test(arguments: [
        "[user\nname = x\n", "[user]\n= x\n", "[user]\n1name = x\n", "[user]\nname = \"x\n", "[user]\nname = \\x\n",
        "[]\nname = x\n", "[user \"x]\nname = y\n", "[user x]\n", "[us er]\n", "[user]\nna_me = x\n",
        "[user]\nname x\n",
        "[user \"a\nb\"]\nx = y\n", "[user]]\n", "\0",
    ])
    func `what git refuses is known to be bad`(text: String) throws {
        #expect(GitConfiguration(Array(text.utf8)).isBad)
        #expect(try git(["--list"], text).status == 128)
    }

    @Test(arguments: [
        ("[include]\npath = x\n", true, false), ("[includeIf \"gitdir:~/\"]\npath = x\n", true, true),
        ("[INCLUDE]\nPATH = x\n", true, false), ("[include \"a\"]\npath = x\n", false, false),
        ("[include]\n", false, false),
    ])
    func `included files are known of`(text: String, hasIncludes: Bool, isConditional: Bool) {
        let configuration = GitConfiguration(Array(text.utf8))
        #expect(configuration.hasIncludes == hasIncludes && configuration.hasConditionalIncludes == isConditional)
    }

    @Test(arguments: [
        "Jane", "Jané \"J\" O'Neil", "a\\b", " spaces ", "#;=[]", "tab\there", "line\nbreak", "日本", "\\", "\"", "a b",
        "a  b",
        " a", "a ", "carriage\rreturn", "x = y", "[user]", "a;", "#", "\u{7F}", "é#",
    ])
    func `a value is written as git writes it`(value: String) throws {
        let text = "[user]\n\tname = \(GitConfiguration.written(value))\n"
        let known = try git(["--null", "--get", "user.name"], text)
        #expect(known.status == 0 && known.output == value + "\0")
        #expect(GitConfiguration(Array(text.utf8)).userKeys == ["name"])
        // Newer versions put a carriage return in quotes.
        if !value.contains("\r") { #expect(try git(["--", "user.name", value], "").text == text) }
    }

    private func git(_ arguments: [String], _ text: String) throws -> (status: Int32, output: String, text: String) {
        let file = FileManager.default.temporaryDirectory.appending(path: "entrypoint-git-\(UUID())")
        try Data(text.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let outcome = try Program(["/usr/bin/git", "config", "--file", file.path()] + arguments).run()
        return (outcome.exitCode, outcome.output, try String(contentsOf: file, encoding: .utf8))
    }
}
