import Linux
internal import Text

/// What a step has done, in one line: `created .shell and .gitconfig in /scratch/jane; 3 names lead to /scratch/jane`.
struct StepSummary {
    /// The step.
    let step: String
    private var clauses: [Clause] = []

    init(of step: String) { self.step = step }

    /// Things that are told together.
    private struct Clause {
        let deed: Deed
        let isBySeed: Bool
        let remark: String
        /// What was made, or copied.
        var paths: [FilePath] = []
        /// What the links lead to.
        var targets: [FilePath] = []

        init(_ deed: Deed, isBySeed: Bool, remark: String) {
            self.deed = deed
            self.isBySeed = isBySeed
            self.remark = remark
            add(deed)
        }

        mutating func add(_ deed: Deed) {
            switch deed {
            case .created(let path): paths.append(path)
            case .copied(let source, _): paths.append(source)
            case .linked(let path, let target):
                paths.append(path)
                targets.append(target)
            case .other: break
            }
        }

        /// Whether a deed is of the same kind, and by the same actor.
        func isLike(_ other: Deed, isBySeed isOthers: Bool) -> Bool {
            guard isBySeed == isOthers, remark.isEmpty else { return false }
            switch (deed, other) {
            case (.created, .created), (.copied, .copied), (.linked, .linked): return true
            default: return false
            }
        }
    }

    /// Adds what was done.
    ///
    /// - Parameters:
    ///   - isBySeed: whether the seed user did it.
    ///   - remark: what was done beyond that, in a clause.
    mutating func add(_ deed: Deed, isBySeed: Bool, remark: String) {
        if remark.isEmpty, let index = clauses.firstIndex(where: { $0.isLike(deed, isBySeed: isBySeed) }) {
            clauses[index].add(deed)
        } else {
            clauses.append(Clause(deed, isBySeed: isBySeed, remark: remark))
        }
    }

    /// The line, without the step's name.
    var text: String {
        clauses.map { clause in
            Self.words(for: clause) + (clause.isBySeed ? " as the seed user" : "")
                + (clause.remark.isEmpty ? "" : "; \(clause.remark)")
        }.joined(separator: "; ")
    }

    private static func words(for clause: Clause) -> String {
        switch clause.deed {
        case .created: return "created " + list(clause.paths, "in")
        case .copied(let source, let copy):
            guard clause.paths.count > 1 else { return "copied \(source.shown()) to \(copy.shown())" }
            return "copied " + list(clause.paths, "from")
        case .linked(let path, let target):
            guard clause.paths.count > 1 else { return "\(path.shown()) leads to \(target.shown())" }
            return "\(clause.paths.count) names lead to \(commonDirectory(of: clause.targets).shown())"
        case .other(let words): return words
        }
    }

    /// How many names are told.
    private static let mostNames = 5

    /// Paths by their names below the directory that they share.
    private static func list(_ paths: [FilePath], _ preposition: String) -> String {
        if paths.count == 1 { return paths[0].shown() }
        let directory = commonDirectory(of: paths)
        if paths.count > mostNames { return "\(paths.count) things \(preposition) \(directory.shown())" }
        if directory == "/" { return paths.map { $0.shown() }.inWords }
        let depth = directory.components.count
        let names = paths.map { path in
            path.components.dropFirst(depth).map { $0.string }.joined(separator: "/").shown()
        }
        return "\(names.inWords) \(preposition) \(directory.shown())"
    }

    /// The deepest directory that holds all the paths.
    private static func commonDirectory(of paths: [FilePath]) -> FilePath {
        guard var common = paths.first?.parent else { return "/" }
        for path in paths {
            while !path.parent.starts(with: common), common != "/" { common = common.parent }
        }
        return common
    }
}
