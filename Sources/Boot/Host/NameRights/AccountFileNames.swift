internal import Linux
internal import Text

extension AccountFiles {
    /// The lines of the account files that would give something to a new name: an account of the same name, a password,
    /// a membership.
    func reasons(against name: AccountName, _ kind: NameKind) -> [String] {
        var reasons: [String] = []
        func look(_ path: FilePath, _ text: [UInt8]?, _ isMeant: ([ArraySlice<UInt8>]) -> Bool) {
            for line in SourceText.lines(of: text ?? []) {
                let fields = line.bytes.split(separator: .colon, omittingEmptySubsequences: false)
                if isMeant(fields) { reasons.append("\(path):\(line.number): the name is there") }
            }
        }
        func isName(_ field: ArraySlice<UInt8>?) -> Bool {
            field.map { AccountName($0.trimmed) == name } ?? false
        }
        func isListed(_ fields: ArraySlice<ArraySlice<UInt8>>) -> Bool {
            fields.contains { $0.split(separator: .comma).contains { isName($0) } }
        }
        switch kind {
        case .user:
            look(Paths.passwd, passwd) { isName($0.first) }
            // A closed entry, which a killed boot has left, gives nothing.
            look(Paths.shadow, shadow) { isName($0.first) && !$0.isClosed(["*", "", "", "", "", "", "", ""]) }
            look(Paths.group, group) { isListed($0.dropFirst(3)) }
            look(Paths.gshadow, gshadow) { isListed($0.dropFirst(2)) }
        case .group:
            look(Paths.group, group) { isName($0.first) }
            look(Paths.gshadow, gshadow) { isName($0.first) && !$0.isClosed(["*", "", ""]) }
        }
        return reasons
    }
}

extension [ArraySlice<UInt8>] {
    /// Whether these fields follow the name.
    fileprivate func isClosed(_ fields: [String]) -> Bool {
        dropFirst().elementsEqual(fields) { $0.elementsEqual($1.utf8) }
    }
}
