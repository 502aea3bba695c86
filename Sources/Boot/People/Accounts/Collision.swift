/// What happens to a wanted name and id in passwd or group. The numbers are line numbers.
enum Resolution: Equatable {
    /// Neither exists: a new entry is added.
    case add
    /// The entry has both.
    case keep(Int)
    /// The holder of the id gets the name.
    case rename(Int)
    /// The entry with the name gets the id. If another entry holds the id, this entry is moved before it, so that the
    /// id resolves to the name; both then share the id.
    case renumber(Int, before: Int?)
    /// The holder of the id is used under its own name.
    case use(Int)

    /// The line of the entry that will be in force; nil if there is none yet.
    var line: Int? {
        switch self {
        case .add: nil
        case .keep(let line), .rename(let line), .renumber(let line, _), .use(let line): line
        }
    }
}

/// A wanted name and id, compared with the entries of a file: the table of collisions.
///
/// If a name or an id occurs more than once in the file, the first line counts, as for the C library.
struct Collision<Entry: IdentifiedEntry> {
    /// The words for messages, and the differences between users and groups.
    let kind: AccountKind
    let wantedName: ArraySlice<UInt8>
    let wantedID: UInt32
    let policy: CollisionPolicy
    let start: Start
    /// The entry that has the name.
    let named: (line: Int, entry: Entry)?
    /// The entry that has the id.
    let holder: (line: Int, entry: Entry)?
    /// Whether that entry has the form that container runtimes use.
    let holderHasRuntimesForm: Bool
    /// Whether the image has the wanted name for the pod's user, whose ids a pod chooses.
    let isImagesUser: Bool

    func resolve() throws(AccountRefusals) -> Resolution {
        if let named, named.line == holder?.line { return .keep(named.line) }
        // A later line with the same name does not count as another holder.
        let holder = holder.flatMap { $0.entry.name == wantedName ? nil : $0 }
        var refusals: [AccountRefusal] = []
        if let named, named.entry.id != wantedID, let reason = reasonAgainstRenumbering(named.entry) {
            refusals.append(AccountRefusal(variable: kind.nameVariable, reason: reason))
        }
        if let holder, let reason = reasonAgainstTaking(holder.entry) {
            refusals.append(AccountRefusal(variable: kind.idVariable, reason: reason))
        }
        guard refusals.isEmpty else { throw AccountRefusals(refusals: refusals) }
        switch (named, holder) {
        case (nil, nil): return .add
        case (let named?, nil): return .renumber(named.line, before: nil)
        case (_, let holder?) where keepsName(holder.entry): return .use(holder.line)
        case (let named?, let holder?): return .renumber(named.line, before: holder.line)
        case (nil, let holder?): return .rename(holder.line)
        }
    }

    /// Whether the holder of the id stays in force under its own name.
    private func keepsName(_ holder: Entry) -> Bool {
        // Moving the image's entry before it, or giving both the same name, would change what the image has.
        if isInjected(holder) { return kind == .group && start == .elevated && named != nil }
        return policy == .reuse || kind == .group && (start != .root || kind.isSystem(holder))
    }

    /// Why the entry with the wanted name must not get the wanted id; nil if it may.
    private func reasonAgainstRenumbering(_ named: Entry) -> String? {
        let name = named.name.shownName
        let choice = "choose another \(kind.nameVariable)"
        let isAnswer = (try? ValueFormats.accountID("\(named.id)")) != nil && !(kind == .user && kind.isSystem(named))
        let alternative = isAnswer ? "\(choice), or set \(kind.idVariable) (\(kind.podField)) to \(named.id)" : choice
        if kind.isSystem(named) && !(isImagesUser && named.id != 0) {
            return "\(kind.noun) \(name) is a system \(kind.systemNoun) with \(kind.idNoun) \(named.id): \(alternative)"
        }
        let fact = "\(kind.noun) \(name) has \(kind.idNoun) \(named.id) in this image"
        if start != .root { return "\(fact), which only a start as root may change: \(alternative)" }
        if policy != .rename {
            return "\(fact), not \(wantedID) (identity.onCollision is \(policy.rawValue)): \(alternative)"
        }
        return nil
    }

    /// Why the holder of the wanted id must neither get the wanted name nor be used under its own; nil if it may.
    private func reasonAgainstTaking(_ holder: Entry) -> String? {
        if isInjected(holder) && !(kind == .user && start == .elevated && named?.entry.id == wantedID) { return nil }
        let name = holder.name.shownName
        let choice = "choose another \(kind.idVariable) (\(kind.podField))"
        let isAnswer = (try? ValueFormats.accountName(name)) != nil
        let alternative = isAnswer ? "set \(kind.nameVariable) to \(name), or \(choice)" : choice
        if kind == .user, kind.isSystem(holder) {
            return "uid \(wantedID) belongs to the system account \(name): \(choice), 1000 or above"
        }
        let fact = "\(kind.idNoun) \(wantedID) belongs to \(kind.noun) \(name)"
        if policy == .fail { return "\(fact) (identity.onCollision is fail): \(alternative)" }
        if kind == .user, start != .root { return "\(fact), which only a start as root may rename: \(alternative)" }
        return nil
    }

    /// Whether a container runtime added the entry for an id that it did not find: its name is the id. An elevated
    /// start also checks the entry's form, because the image may have an account or group with such a name.
    private func isInjected(_ holder: Entry) -> Bool {
        holder.name.elementsEqual(wantedID.decimal) && (start != .elevated || holderHasRuntimesForm)
    }
}
