import Boot
import Testing

/// Account files before and after a plan, as text that a reader can compare.
struct AccountCase: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let request: AccountRequest
    let before: AccountFiles
    let after: AccountFiles
    let changes: [String]
    let warnings: [String]

    /// - Parameter after: nil where nothing changes.
    init(
        _ sentence: String, _ request: AccountRequest = .jane(), before: AccountFiles, after: AccountFiles? = nil,
        changes: [String] = [], warnings: [String] = []
    ) {
        testDescription = sentence
        self.request = request
        self.before = before
        self.after = after ?? before
        self.changes = changes
        self.warnings = warnings
    }

    func check() throws {
        let plan = try AccountPlan.plan(request, on: before)
        #expect(plan.files.shown == after.shown)
        #expect(plan.changes == changes)
        #expect(plan.warnings == warnings)
        #expect(plan.userID == request.userID)
        #expect(plan.groupID == request.groupID)
    }

    static let all = entries + texts + injected + renames + reuses + elevated + kept
}

/// Account files that stand against a request, and what is said of it.
struct AccountRefusalCase: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let request: AccountRequest
    let files: AccountFiles
    let refusals: [String]

    init(_ sentence: String, _ request: AccountRequest = .jane(), on files: AccountFiles, refusals: [String]) {
        testDescription = sentence
        self.request = request
        self.files = files
        self.refusals = refusals
    }

    func check() {
        let error = #expect(throws: AccountRefusals.self) { try AccountPlan.plan(request, on: files) }
        #expect(error?.refusals.map { "\($0.variable): \($0.reason)" } == refusals)
    }
}

extension AccountRequest {
    /// A request of the usual kind: a uid and a gid far above those of any image.
    static func jane(
        uid: UInt32 = 254321, group: String = "MLO-unit", gid: UInt32 = 83070, joining: [String] = [],
        devices: [UInt32] = [], policy: CollisionPolicy = .rename, start: Start = .root
    ) -> AccountRequest {
        AccountRequest(
            userName: "jane", userID: uid, groupName: group, groupID: gid, home: "/home/jane", shell: "/bin/zsh",
            supplementaryGroupNames: joining, deviceGroupIDs: devices, policy: policy, start: start)
    }
}

extension AccountFiles {
    /// Files from their lines; a newline is added after the last one. nil is a missing file, an empty text an empty one.
    static func lines(
        passwd: String? = nil, group: String? = nil, shadow: String? = nil, gshadow: String? = nil
    ) -> AccountFiles {
        func bytes(_ text: String?) -> [UInt8]? { text.map { $0.isEmpty ? [] : Array("\($0)\n".utf8) } }
        return AccountFiles(
            passwd: bytes(passwd), group: bytes(group), shadow: bytes(shadow), gshadow: bytes(gshadow))
    }

    /// All four files in one text.
    var shown: String {
        [("passwd", passwd), ("group", group), ("shadow", shadow), ("gshadow", gshadow)].map { name, bytes in
            guard let bytes else { return "\(name) is missing" }
            return "\(name):\n\(String(decoding: bytes, as: UTF8.self))"
        }.joined(separator: "\n")
    }
}

extension AccountPlan {
    /// What changes, one line for each change.
    var changes: [String] { differences.map(\.text) }
}
