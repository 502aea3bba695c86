internal import Text
internal import YAML

/// The position of drop-in steps among the built-in ones, whose order is fixed.
///
/// Unless it asks for a position, a drop-in runs after all built-in steps and before the handoff: first the files of
/// `steps.d`, then the entries of the configuration, then the files of `user-steps.d`.
struct DropInOrder {
    /// A step at its position.
    private struct Item {
        let name: String
        let isBuiltIn: Bool
        let dropIn: DropIn?
        /// The step that it was placed after, if any.
        var anchor: String?
    }

    /// A position that is impossible: what is wrong, and where it is written.
    typealias Problem = (file: Int, value: YAML.Value, text: String)

    private var items: [Item]
    private(set) var problems: [Problem] = []
    /// The names of the built-in steps.
    private let steps: [String]
    /// Whether the directories of drop-ins were read, so that a reference to one of their files can be checked.
    private let knowsFiles: Bool

    /// An entry, and the file that has it.
    typealias PlacedEntry = (entry: DropInSteps.Entry, file: Int)

    /// Determines the order.
    ///
    /// - Parameters:
    ///   - entries: the steps of configuration files.
    ///   - files: the steps of the image's directories.
    ///   - steps: the names of the built-in steps, in order.
    ///   - knowsFiles: whether the directories were read.
    init(entries: [PlacedEntry], files: [DropIn], steps: [String], knowsFiles: Bool) {
        self.steps = steps
        self.knowsFiles = knowsFiles
        func items(_ dropIns: [DropIn]) -> [Item] {
            dropIns.map { Item(name: $0.name, isBuiltIn: false, dropIn: $0) }
        }
        let builtIn = steps.map { Item(name: $0, isBuiltIn: true, dropIn: nil) }
        self.items = builtIn.dropLast() + items(files.filter { $0.identity == .root })
        let userItems = items(files.filter { $0.identity == .user }) + builtIn.suffix(1)
        let known = Set(self.items.map { $0.name } + userItems.map { $0.name } + entries.map { $0.entry.name })
        var waiting: [PlacedEntry] = []
        for (entry, file) in entries {
            if hasPlace(entry, file, known) {
                waiting.append((entry, file))
            } else {
                self.items.append(Item(name: entry.name, isBuiltIn: false, dropIn: entry.dropIn))
            }
        }
        self.items += userItems
        place(waiting)
    }

    /// The drop-ins in order, each with the built-in step that follows it.
    var dropIns: [DropIn] {
        var result: [DropIn] = []
        for (index, item) in items.enumerated() {
            guard var dropIn = item.dropIn else { continue }
            dropIn.successor = items[index...].first { $0.isBuiltIn }?.name ?? last
            result.append(dropIn)
        }
        return result
    }

    /// The name of the last built-in step.
    private var last: String { steps.last ?? "" }

    /// Whether the step that an entry runs before or after exists, if it names one.
    private mutating func hasPlace(_ entry: DropInSteps.Entry, _ file: Int, _ known: Set<String>) -> Bool {
        var hasPlace = false
        for (name, value) in [entry.before, entry.after].compactMap({ $0 }) {
            if known.contains(name) {
                hasPlace = true
                continue
            }
            if !knowsFiles && StepDirectory.all.contains(where: { name.hasPrefix($0.prefix) }) { continue }
            let nearest = Suggestion.nearest(to: name, among: known.sorted()).map { "; did you mean \($0)?" }
            let hint = nearest ?? "; the steps are \(items.map { $0.name }.joined(separator: ", "))"
            problems.append((file, value, "no step '\(name.shown())'\(hint)"))
        }
        if let after = entry.after, after.name == last {
            problems.append((file, after.value, "nothing runs after \(last), which is the last step"))
            return false
        }
        return hasPlace
    }

    /// Places the entries, each as soon as the steps that it names have a position.
    private mutating func place(_ entries: [PlacedEntry]) {
        var waiting = entries
        while !waiting.isEmpty {
            let names = Set(waiting.map { $0.entry.name })
            guard
                let index = waiting.firstIndex(where: { entry, _ in
                    ![entry.before, entry.after].contains { $0.map { names.contains($0.name) } ?? false }
                })
            else { break }
            insert(waiting.remove(at: index))
        }
        for (entry, file) in waiting {
            guard let (name, value) = [entry.before, entry.after].compactMap({ $0 }).first else { continue }
            problems.append(
                (
                    file, value,
                    name == entry.name
                        ? "the step names itself" : "its place depends on '\(name)', whose place depends on it in turn"
                ))
        }
    }

    private mutating func insert(_ placed: PlacedEntry) {
        let (entry, file) = placed
        var item = Item(name: entry.name, isBuiltIn: false, dropIn: entry.dropIn)
        let before = entry.before.flatMap { before in items.firstIndex { $0.name == before.name } }
        let after = entry.after.flatMap { after in items.firstIndex { $0.name == after.name } }
        guard let after, let afterName = entry.after?.name else {
            items.insert(item, at: before ?? items.count - 1)
            return
        }
        if let before, before <= after, let (name, value) = entry.before {
            problems.append(
                (file, value, "\(name) runs before \(afterName), which this step is to run after"))
            return
        }
        item.anchor = afterName
        var index = after + 1
        // Entries with the same position keep the order of the files.
        while index < before ?? items.count - 1, items[index].anchor == afterName { index += 1 }
        items.insert(item, at: index)
    }
}
