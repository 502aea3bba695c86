internal import Boot
internal import Text

/// Which variables a pod spec takes for secrets by their names and values.
///
/// It takes more than the boot does: what is in a secret by mistake reaches the pod all the same, and what is in plain by
/// mistake is with everybody who may read the pod.
struct LikelySecrets {
    private let secrets = Secrets(of: BootSequence.groups)

    /// Words that make a name a secret's wherever they stand in it.
    private static let words: Set<String> = [
        "APIKEY", "CREDENTIAL", "PASSPHRASE", "PASSWD", "PASSWORD", "SECRET", "TOKEN",
    ]
    /// Words that do so at the end.
    private static let lastWords: Set<String> = ["AUTH", "BEARER", "COOKIE", "CRED", "KEY", "PASS", "PAT", "PWD"]
    /// Endings of words without a `_` in front.
    private static let endings = words.sorted() + ["ACCESSKEY", "PRIVATEKEY", "SECRETKEY"]
    /// Last words of names whose values say where a secret is.
    private static let places: Set<String> = ["DIR", "FILE", "PATH"]
    /// What is in values that are secrets, in small letters.
    private static let parts = ["private key-----", "passwd=", "password="].map { Array($0.utf8) }

    /// Whether a name is a secret's, in whatever case, with a number or a plural at its end.
    func isSecret(_ name: String) -> Bool {
        if Self.isPublic(name) { return false }
        if secrets.isSecret(name) || secrets.isSecret(name.uppercased()) { return true }
        var words = name.uppercased().utf8.split(separator: UInt8(ascii: "_")).map { Self.forms($0) }
        while words.last?.contains("") == true { words.removeLast() }
        guard let last = words.last, Self.places.isDisjoint(with: last) else { return false }
        return !Self.lastWords.isDisjoint(with: last) || words.contains { !Self.words.isDisjoint(with: $0) }
            || last.contains { form in
                Self.endings.contains { form.utf8.reversed().starts(with: $0.utf8.reversed()) }
            }
    }

    /// Whether a value is a secret, whatever its name.
    func isSecret(value: String) -> Bool {
        // A name that is nobody's: the value alone decides.
        if secrets.isSecret("X", value: value) { return true }
        let bytes = value.utf8.map { $0.lowered }
        return Self.parts.contains { bytes.firstRange(of: $0) != nil }
    }

    /// Whether everybody may have the value, although the name ends like a secret's.
    static func isPublic(_ name: String) -> Bool {
        let name = name.uppercased()
        return name.hasSuffix("PUBLIC_KEY") || name.hasSuffix("AUTHORIZED_KEYS")
    }

    /// A word without the number at its end, and without its plural.
    private static func forms(_ word: some Sequence<UInt8>) -> Set<String> {
        var bytes = Array(word)
        while bytes.last?.isDigit == true { bytes.removeLast() }
        let plain = String(decoding: bytes, as: UTF8.self)
        return bytes.last == UInt8(ascii: "S") ? [plain, String(decoding: bytes.dropLast(), as: UTF8.self)] : [plain]
    }
}

/// Of which secrets of a user's file a text has the value.
struct SecretOrigins {
    /// The secret that a variable is, or is made with.
    private var origins: [String: String] = [:]
    /// The values by their first bytes, with the names of their variables.
    private var values: [UInt64: [(name: String, value: [UInt8])]] = [:]
    /// Entries that are made with a secret of the environment, with its name.
    private(set) var fromEnvironment: [(entry: DotEnv.Entry, name: String)] = []

    /// The fewest bytes of a value that is recognised in another.
    private static let shortest = 8

    /// - Parameters:
    ///   - entries: the user's file.
    ///   - declared: the names that the file calls secrets.
    init(_ entries: DotEnv, declared: Set<String>) {
        let likely = LikelySecrets()
        var seen: Set<String> = []
        for entry in entries.entries {
            var origin = declared.contains(entry.name) || likely.isSecret(entry.name) ? entry.name : nil
            for used in entry.uses {
                let isOfEnvironment = !seen.contains(used) && likely.isSecret(used)
                if isOfEnvironment, used != entry.name { fromEnvironment.append((entry, used)) }
                origin = origin ?? (isOfEnvironment ? used : origins[used])
            }
            if origin == nil, likely.isSecret(value: entry.value), !LikelySecrets.isPublic(entry.name) {
                origin = entry.name
            }
            origins[entry.name] = origin
            seen.insert(entry.name)
        }
        for entry in entries.entries where entries[entry.name] == entry { keep(entry) }
    }

    private mutating func keep(_ entry: DotEnv.Entry) {
        let bytes = Array(entry.value.utf8)
        guard origins[entry.name] != nil, bytes.count >= Self.shortest else { return }
        let head = bytes.prefix(Self.shortest).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        values[head, default: []].append((entry.name, bytes))
    }

    /// The secret that an entry is, is made with, or has the value of; `nil` for none.
    func origin(of entry: DotEnv.Entry) -> String? { origins[entry.name] ?? origin(in: entry.value) }

    /// The secret whose value a text has in it; `nil` for none that can be recognised.
    func origin(in text: String) -> String? {
        let bytes = Array(text.utf8)
        var head: UInt64 = 0
        for (place, byte) in bytes.enumerated() {
            head = head << 8 | UInt64(byte)
            let start = place + 1 - Self.shortest
            guard start >= 0, let found = values[head] else { continue }
            if let secret = found.first(where: { bytes[start...].starts(with: $0.value) }) { return secret.name }
        }
        return nil
    }
}
