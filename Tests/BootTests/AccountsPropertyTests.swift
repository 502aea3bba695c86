import Boot
import Foundation
import Testing

@Suite struct AccountsPropertyTests {
    @Test(arguments: AccountCase.all)
    func `a second plan changes nothing`(_ example: AccountCase) throws {
        try expectSound(example.request, on: example.before)
    }

    @Test(arguments: 0..<40)
    func `plans of random files are sound`(_ seed: UInt64) throws {
        var random = SeededGenerator(seed)
        var planned = 0
        for _ in 0..<25 {
            let files = AccountFiles.random(&random)
            let request = AccountRequest.random(&random)
            do {
                try expectSound(request, on: files)
                planned += 1
            } catch let error as AccountRefusals {
                #expect(!error.refusals.isEmpty)
                #expect(error.refusals.allSatisfy { !$0.reason.utf8.contains { $0 < 0x20 } })
            }
        }
        // A generator that only makes refusals would prove nothing.
        #expect(planned > 0)
    }

    @Test(arguments: 0..<20)
    func `random bytes are kept`(_ seed: UInt64) throws {
        var random = SeededGenerator(seed)
        let alphabet = Array("::::\n\n,,#+- \t\rxjane0123456789\0".utf8) + [0xFF, 0xC3, 0xA9]
        func bytes() -> [UInt8] {
            (0..<Int.random(in: 0...400, using: &random)).map { _ in alphabet.randomElement(using: &random) ?? 0 }
        }
        for _ in 0..<25 {
            try? expectSound(
                .jane(joining: ["x"], devices: [0, 1, 2]),
                on: AccountFiles(passwd: bytes(), group: bytes(), shadow: bytes(), gshadow: bytes()))
        }
    }

    @Test func `an account file of 50 MB is planned for`() throws {
        let block = (0..<1000).map { "user\($0):x:\(2000 + $0):100::/home/user\($0):/bin/sh\n" }.joined()
        let copies = 50_000_000 / block.utf8.count + 1
        var text = Data()
        for _ in 0..<copies { text.append(contentsOf: block.utf8) }
        let files = AccountFiles(passwd: [UInt8](text), group: Array("users:x:100:\n".utf8))
        let plan = try AccountPlan.plan(.jane(), on: files)
        text.append(contentsOf: "jane:*:254321:83070::/home/jane:/bin/zsh\n".utf8)
        #expect(text.count > 50_000_000)
        // Not of the arrays: a difference would be shown element by element.
        #expect(Data(plan.files.passwd ?? []) == text)
    }
}

/// Checks what is true of every plan.
///
/// - Throws: the refusals, where there is no plan.
private func expectSound(_ request: AccountRequest, on files: AccountFiles) throws {
    let plan = try AccountPlan.plan(request, on: files)
    let after = plan.files
    let context = Comment(rawValue: "\(request)\n\(files.shown)\nbecame\n\(after.shown)")
    #expect(plan.changes.isEmpty == (after == files), context)
    #expect(plan.changes.allSatisfy { !$0.utf8.contains { $0 < 0x20 } }, context)

    // The ids lead to the names in force, and the names to the ids.
    let user = after.account(named: plan.userName)
    #expect(user?.userID == request.userID, context)
    // An elevated start finds both as the image has them.
    if request.start != .elevated { #expect(user?.groupID == request.groupID, context) }
    #expect(after.account(withUserID: request.userID) == user, context)
    #expect(user?.shell == plan.shell || user?.shell == nil && request.start == .elevated, context)
    let groups = Set(after.groups(ofUserNamed: plan.userName)).subtracting([request.groupID]).sorted()
    #expect(plan.groups == groups, context)
    let devices = Set(request.deviceGroupIDs).subtracting([0, request.groupID])
    #expect(devices.isSubset(of: plan.groups), context)

    if request.start == .elevated {
        expectAllKept(request, plan, files, context)
    } else {
        expectClosed(plan, files, context)
    }

    // A missing shadow file stays missing; a second plan, even as nobody but the caller, has nothing to do.
    #expect((after.shadow == nil) == (files.shadow == nil), context)
    #expect((after.gshadow == nil) == (files.gshadow == nil), context)
    let second = try AccountPlan.plan(request, on: after)
    #expect(second.files == after, context)
    #expect(second.changes == [], context)
    #expect(second.groups == plan.groups, context)
    #expect(second.userName == plan.userName, context)

    expectUnrelatedLinesKept(request, files, after, context)
}

/// Checks that nobody logs in with a password.
private func expectClosed(_ plan: AccountPlan, _ files: AccountFiles, _ context: Comment) {
    let after = plan.files
    let own = Data("\(plan.userName):".utf8)
    let shadow = lines(after.shadow).filter { $0.starts(with: own) }
    #expect(shadow == (after.shadow == nil ? [] : [own + Data("*:::::::".utf8)]), context)
}

/// Checks of an elevated start that every line which was found is still there, byte for byte and in its order, but for
/// members at the end of groups that were asked for, and entries that a runtime made for the ids.
private func expectAllKept(
    _ request: AccountRequest, _ plan: AccountPlan, _ before: AccountFiles, _ context: Comment
) {
    func name(_ line: Data) -> String {
        String(decoding: line.drop { $0 <= 0x20 }.prefix { $0 != UInt8(ascii: ":") }, as: UTF8.self)
    }
    func isJoined(_ old: Data, _ new: Data) -> Bool {
        let added = String(decoding: new.dropFirst(old.count), as: UTF8.self)
        return new.starts(with: old) && added.hasSuffix(plan.userName)
            && added.dropLast(plan.userName.count).allSatisfy { $0 == ":" || $0 == "," }
    }
    let devices = lines(before.group).filter { line in
        let fields = line.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        return fields.count > 2
            && UInt32(String(decoding: fields[2], as: UTF8.self)).map(request.deviceGroupIDs.contains) == true
    }
    let granted = request.supplementaryGroupNames + devices.map(name)
    for (old, new, injected, joinable) in [
        (before.passwd, plan.files.passwd, request.userID, []),
        (before.group, plan.files.group, request.groupID, granted),
        (before.shadow, plan.files.shadow, nil, []), (before.gshadow, plan.files.gshadow, nil, granted),
    ] as [([UInt8]?, [UInt8]?, UInt32?, [String])] {
        let (old, new) = (lines(old), lines(new))
        #expect(new.count >= old.count, context)
        for (old, new) in zip(old, new) where old != new {
            let fields = String(decoding: old, as: UTF8.self).split(separator: ":", omittingEmptySubsequences: false)
            let isInjected =
                injected.map { name(old) == String($0) } == true && fields.count > 1 && ["x", "*"].contains(fields[1])
            #expect(isInjected || joinable.contains(name(old)) && isJoined(old, new), context)
        }
    }
}

/// Checks that every line which says nothing about the request is still there, in its order.
private func expectUnrelatedLinesKept(
    _ request: AccountRequest, _ before: AccountFiles, _ after: AccountFiles, _ context: Comment
) {
    let ids = ([request.userID, request.groupID] + request.deviceGroupIDs).map { Data("\($0)".utf8) }
    let wanted = [request.userName, request.groupName] + request.supplementaryGroupNames
    // Whoever has one of the ids may be renamed, everywhere.
    let holders = [before.passwd, before.group].flatMap { lines($0) }
        .filter { line in ids.contains { line.range(of: $0) != nil } }
        .map { line in Data(line.drop { $0 <= 0x20 }.prefix { $0 != UInt8(ascii: ":") }) }
    let words = ids + wanted.map { Data($0.utf8) } + holders.filter { !$0.isEmpty }
    func isUnrelated(_ line: Data) -> Bool { !words.contains { line.range(of: $0) != nil } }
    for (old, new) in [
        (before.passwd, after.passwd), (before.group, after.group), (before.shadow, after.shadow),
        (before.gshadow, after.gshadow),
    ] {
        #expect(lines(new).filter(isUnrelated) == lines(old).filter(isUnrelated), context)
    }
}

private func lines(_ bytes: [UInt8]?) -> [Data] {
    guard let bytes, !bytes.isEmpty else { return [] }
    let text = bytes.last == UInt8(ascii: "\n") ? bytes.dropLast() : bytes[...]
    return text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { Data($0) }
}

/// SplitMix64: the same numbers for the same seed on every machine.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

extension AccountRequest {
    /// A request that collides often: few names and few ids.
    static func random(_ random: inout SeededGenerator) -> AccountRequest {
        .jane(
            uid: [33, 999, 1000, 1001, 254321].randomElement(using: &random) ?? 1000,
            group: ["MLO-unit", "users", "ubuntu"].randomElement(using: &random) ?? "MLO-unit",
            gid: [100, 1000, 1001, 83070].randomElement(using: &random) ?? 1000,
            joining: ["sudo", "adm", "MLO-unit"].shuffled(using: &random), devices: [0, 44, 1000, 109],
            policy: CollisionPolicy.allCases.randomElement(using: &random) ?? .rename,
            start: Start.allCases.randomElement(using: &random) ?? .root)
    }
}

extension AccountFiles {
    /// Files with few names and ids, duplicates, comments, malformed lines, and now and then no last newline or no file.
    static func random(_ random: inout SeededGenerator) -> AccountFiles {
        func pick(_ texts: [String]) -> String { texts.randomElement(using: &random) ?? "" }
        func name() -> String {
            pick([
                "jane", "ubuntu", "bob", "root", "sudo", "adm", "users", "MLO-unit", "1000", "254321", " eve",
                "j\u{F6}rg",
            ])
        }
        func id() -> String {
            pick(["0", "33", "44", "100", "999", "1000", "01000", "1001", "254321", "83070", "x", ""])
        }
        func names() -> String {
            (0..<Int.random(in: 0...3, using: &random)).map { _ in name() }.joined(separator: ",")
        }
        func password() -> String { pick(["x", "*", "!", "", "$6$salt$hash"]) }
        func file(_ line: () -> String) -> [UInt8]? {
            if Int.random(in: 0..<8, using: &random) == 0 { return nil }
            let lines = (0..<Int.random(in: 0...8, using: &random)).map { _ in
                Int.random(in: 0..<6, using: &random) == 0
                    ? pick(["", "# comment", "+:::", "malformed", "a:b", "\t", "-jane", ":::::::", "jane"]) : line()
            }
            return Array((lines.joined(separator: "\n") + pick(["", "\n"])).utf8)
        }
        return AccountFiles(
            passwd: file { "\(name()):\(password()):\(id()):\(id()):Comment:\(pick(["/home/jane", "", "/"])):/bin/sh" },
            group: file { "\(name()):\(password()):\(id()):\(names())" },
            shadow: file { "\(name()):\(password()):19000:0:99999:7:::" },
            gshadow: file { "\(name()):\(password()):\(names()):\(names())" })
    }
}
