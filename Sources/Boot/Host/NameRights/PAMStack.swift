/// The modules of one service of pam(7) that check who somebody is, in the order of its lines.
struct PAMStack: Equatable, Sendable {
    enum Entry: Equatable, Sendable {
        case module(PAMControl, PAMResults)
        /// The lines of another service are inserted here.
        case include(String)
        /// The lines of another service; an end in them ends only those lines.
        case substack(String)
    }

    private(set) var entries: [Entry] = []
    /// The first line, counted from 1.
    private(set) var line = 1

    mutating func append(_ entry: Entry, line: Int) {
        if entries.isEmpty { self.line = line }
        entries.append(entry)
    }
}

/// What a module may answer to somebody who has a new name and no password, and controls everything else.
enum PAMResults: Equatable, Sendable {
    /// The module asks for a proof of identity, and never answers with success.
    case failure
    /// As ``failure``, but the module may also have no opinion.
    case failureOrIgnore
    case success
    case any

    init(of module: ArraySlice<UInt8>) {
        self =
            switch module.text {
            case "pam_unix.so", "pam_rootok.so", "pam_deny.so": .failure
            // The group of pam_wheel(8) is a mention.
            case "pam_wheel.so", "pam_systemd_home.so": .failureOrIgnore
            case "pam_permit.so": .success
            default: .any
            }
    }

    var words: [String] {
        // There are also other failures, for which a control may have no word.
        let failures =
            PAMControl.results.filter { !["success", "new_authtok_reqd", "ignore", "default"].contains($0) } + ["other"]
        return switch self {
        case .failure: failures
        case .failureOrIgnore: failures + ["ignore"]
        case .success: ["success"]
        case .any: failures + ["success", "new_authtok_reqd", "ignore"]
        }
    }
}

/// What happens for each answer of a module (pam.conf(5)).
struct PAMControl: Equatable, Sendable {
    enum Action: Hashable, Sendable {
        case ignore, ok, done, bad, die, reset
        case jump(Int)
    }

    static let results = [
        "success", "default", "ignore", "new_authtok_reqd", "user_unknown", "module_unknown", "authinfo_unavail",
        "auth_err", "perm_denied", "maxtries", "acct_expired", "cred_err", "authtok_err", "abort", "open_err",
    ]

    private var actions: [String: Action] = [:]

    /// Reads one of the four words; `nil` for any other word.
    init?(word: ArraySlice<UInt8>) {
        switch word.text {
        case "required": actions = ["success": .ok, "new_authtok_reqd": .ok, "ignore": .ignore, "default": .bad]
        case "requisite": actions = ["success": .ok, "new_authtok_reqd": .ok, "ignore": .ignore, "default": .die]
        case "sufficient": actions = ["success": .done, "new_authtok_reqd": .done, "default": .ignore]
        case "optional": actions = ["success": .ok, "new_authtok_reqd": .ok, "default": .ignore]
        default: return nil
        }
    }

    /// Reads words of the form `result=action`; `nil` if there are others. PAM allows blanks around the sign; here they
    /// are not understood.
    init?(words: [ArraySlice<UInt8>]) {
        if words.isEmpty { return nil }
        for word in words {
            let parts = word.split(separator: UInt8(ascii: "="), omittingEmptySubsequences: false)
            guard parts.count == 2, Self.results.contains(where: { parts[0].is($0) }),
                let action = Self.action(parts[1]), actions.updateValue(action, forKey: parts[0].text) == nil
            else { return nil }
        }
    }

    private static func action(_ word: ArraySlice<UInt8>) -> Action? {
        switch word.text {
        case "ignore": .ignore
        case "ok": .ok
        case "done": .done
        case "bad": .bad
        case "die": .die
        case "reset": .reset
        default: word.isDecimal && word.count < 4 ? Int(word.text).map(Action.jump) : nil
        }
    }

    /// The actions for an answer; if none is given, two are possible.
    func actions(on result: String) -> [Action] {
        (actions[result] ?? actions["default"]).map { [$0] } ?? [.ignore, .bad]
    }
}

/// Follows stacks as PAM does (pam.conf(5)), along every path that is open without a proof of identity.
struct PAMWays {
    /// The result of the modules so far.
    private struct Ends: OptionSet, Hashable {
        let rawValue: UInt8
        static let open = Ends(rawValue: 1)
        static let passed = Ends(rawValue: 2)
        static let failed = Ends(rawValue: 4)

        var each: [Ends] { [.open, .passed, .failed].filter(contains) }
    }

    private indirect enum Step {
        case module(PAMControl, PAMResults)
        case stack([Step])
    }

    private struct Place: Hashable {
        let index: Int
        let state: Ends
    }

    /// How many modules a service may have, including those that it includes, and how deep the includes may be.
    private static let (lengthLimit, depthLimit) = (100, 6)

    private let find: (String) -> PAMStack?
    private var length = 0

    /// - Parameter find: the stack of a service; `nil` if the service is unknown.
    init(find: @escaping (String) -> PAMStack?) {
        self.find = find
    }

    /// Whether somebody passes without a proof of identity.
    mutating func lead(through stack: PAMStack) -> Bool {
        length = 0
        guard !stack.entries.isEmpty else { return false }
        guard let steps = steps(of: stack, depth: 0) else { return true }
        return Self.ends(of: steps, from: .open).contains(.passed)
    }

    /// A stack with everything that it includes; `nil` if that is too much.
    private mutating func steps(of stack: PAMStack, depth: Int) -> [Step]? {
        if depth > Self.depthLimit { return nil }
        var steps: [Step] = []
        for entry in stack.entries {
            length += 1
            if length > Self.lengthLimit { return nil }
            switch entry {
            case .module(let control, let results): steps.append(.module(control, results))
            case .include(let name), .substack(let name):
                // An unknown service may let everybody pass.
                guard let other = find(name), let inner = self.steps(of: other, depth: depth + 1) else { return nil }
                if case .include = entry { steps += inner } else { steps.append(.stack(inner)) }
            }
        }
        return steps
    }

    /// The possible ends of a stack that begins in a given state.
    private static func ends(of steps: [Step], from state: Ends) -> Ends {
        var seen: [Place: Ends] = [:]
        return ends(of: steps, Place(index: 0, state: state), from: state, &seen)
    }

    private static func ends(
        of steps: [Step], _ place: Place, from start: Ends, _ seen: inout [Place: Ends]
    ) -> Ends {
        guard place.index < steps.count else { return place.state }
        if let known = seen[place] { return known }
        var result: Ends = []
        func goOn(_ state: Ends, by count: Int = 1) {
            result.formUnion(ends(of: steps, Place(index: place.index + count, state: state), from: start, &seen))
        }
        switch steps[place.index] {
        case .stack(let inner):
            for end in ends(of: inner, from: place.state).each { goOn(end) }
        case .module(let control, let results):
            for word in results.words {
                for action in control.actions(on: word) {
                    switch action {
                    case .ignore: goOn(place.state)
                    case .jump(let count): goOn(place.state, by: count + 1)
                    // The state returns to what it was before the stack began.
                    case .reset: goOn(start)
                    case .bad: goOn(.failed)
                    case .die: result.formUnion(.failed)
                    case .ok: goOn(after(word, place.state))
                    case .done:
                        let state = after(word, place.state)
                        if state == .passed { result.formUnion(.passed) } else { goOn(state) }
                    }
                }
            }
        }
        seen[place] = result
        return result
    }

    /// The state after an answer that counts.
    private static func after(_ word: String, _ state: Ends) -> Ends {
        switch word {
        case "ignore": state
        case "success", "new_authtok_reqd": state == .failed ? .failed : .passed
        // The failure is then the stack's answer, and no later module can improve it.
        default: .failed
        }
    }
}
