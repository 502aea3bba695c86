import Boot
import Foundation
import Glibc
import Testing

/// Account files as the C library reads them; one test at a time, because it has one place for an entry.
@Suite(.serialized) struct AccountsLibraryTests {
    /// Ids as a line of passwd may have them.
    static let ids = [
        "1000", " 1000", "\t1000", "\u{B}\u{C}\r1000", "+1000", " +1000", "-0", "-1000", "-18446744073709550616",
        "-18446744073709551616", "-99999999999999999999999", "001000", "+001000", "4294967295", "4294967296",
        "4294968296",
        "99999999999999999999999", "1000 ", "1000\r", "1000x", "x1000", "0x3e8", "+ 1000", "- 1000", "--1000", "++1000",
        "", " ", "+", "-", "1_000", "1000.0", "1e3",
    ]

    /// What fgetpwent(3) makes of a file: a line an entry.
    private static func entries(_ text: [UInt8]) throws -> [String] {
        var text = text
        let stream = try #require(fmemopen(&text, text.count, "r"))
        defer { fclose(stream) }
        var entries: [String] = []
        while let entry = fgetpwent(stream)?.pointee {
            entries.append("\(String(cString: entry.pw_name)) \(entry.pw_uid) \(entry.pw_gid)")
        }
        return entries
    }

    @Test func `ids are what the C library makes of them`() throws {
        for (number, id) in Self.ids.enumerated() {
            for line in ["a\(number):x:\(id):7::/:/bin/sh", "a\(number):x:7:\(id)::/:/bin/sh", "a\(number):x:7:\(id)"] {
                let file = Array((line + "\n").utf8)
                let found = AccountFiles(passwd: file).account(named: "a\(number)")
                let told = found.map { "a\(number) \($0.userID) \($0.groupID)" }
                #expect(try told == Self.entries(file).first, "\(line)")
            }
        }
        // What the library takes for the uid leads to the entry.
        for id in [" 1000", "+01000", "-18446744073709550616", "\t 1000"] {
            let files = AccountFiles.lines(passwd: "a:x:\(id):7::/:/bin/sh")
            #expect(files.account(withUserID: 1000)?.groupID == 7, "\(id)")
        }
    }

    @Test(arguments: 0..<20) func `lines of random bytes are what the C library makes of them`(_ seed: UInt64) throws {
        var random = SeededGenerator(seed)
        let alphabet = Array("::::  \t\r+-0012x,#a".utf8)
        for _ in 0..<500 {
            let rest = (0..<Int.random(in: 0...14, using: &random)).map { _ in
                alphabet.randomElement(using: &random) ?? 0
            }
            let line = Array("b:x:".utf8) + rest + [0x0A]
            let found = AccountFiles(passwd: line).account(named: "b")
            #expect(
                try found.map { "b \($0.userID) \($0.groupID)" } == Self.entries(line).first,
                "\(String(decoding: line, as: UTF8.self))")
        }
    }

    @Test func `a blank before the uid gives no second line of the name`() throws {
        let files = AccountFiles.lines(
            passwd: "jane:x: 254321:83070::/home/jane:/bin/zsh", group: "MLO-unit:x:+83070:")
        for start in Start.allCases {
            #expect(try AccountPlan.plan(.jane(start: start), on: files).files == files)
        }
    }
}
