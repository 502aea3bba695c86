internal import Linux
internal import Text
internal import YAML

/// The services of all configuration files, in the order in which they are started.
struct ServiceList {
    private(set) var services: [Service] = []
    /// The names of the files that have services as root.
    private(set) var rootFiles: [String] = []

    /// An entry, and the file that has it.
    private typealias PlacedEntry = (entry: ServiceEntry, file: Int)

    /// Reads the entries of a setting, and notes what is wrong with them or between them.
    init(_ setting: FileSetting<[ServiceEntry]>, reading reader: inout SettingsReader) {
        let entries = reader.entries(of: setting, "service") { reader, entry, other, file in
            guard reader.configuration.files[file].isUsers, entry.service?.identity == .root else { return }
            reader.note("'\(other.name)' is the name of a service of root's", at: other.nameValue, inFile: file)
        }
        let names = entries.map { $0.entry.name }
        var waiting: [PlacedEntry] = []
        for placed in entries {
            guard let service = placed.entry.service else { continue }
            check(service, placed, among: entries, names, &reader)
            waiting.append(placed)
        }
        order(waiting, &reader)
        for placed in entries where placed.entry.service?.identity == .root {
            let name = reader.configuration.files[placed.file].name
            if !rootFiles.contains(name) { rootFiles.append(name) }
        }
    }

    /// Checks the services that one is started after.
    private func check(
        _ service: Service, _ placed: PlacedEntry, among entries: [PlacedEntry], _ names: [String],
        _ reader: inout SettingsReader
    ) {
        if service.name == "snapshot" || service.name.hasPrefix("snapshot-") {
            reader.note(
                "'\(service.name)' is the name of a service that saves a snapshot", at: placed.entry.nameValue,
                inFile: placed.file)
        }
        if reader.configuration.files[placed.file].isUsers, service.identity != .user {
            reader.note(
                "a file of the user's own has services as the user only",
                at: placed.entry.identity ?? placed.entry.nameValue, inFile: placed.file)
        }
        guard let value = placed.entry.after else { return }
        for name in service.after {
            guard let index = names.firstIndex(where: { $0.utf8.elementsEqual(name.utf8) }) else {
                let nearest = Suggestion.nearest(to: name, among: names.sorted()).map { "; did you mean \($0)?" } ?? ""
                reader.note("no service '\(name.shown())'\(nearest)", at: value, inFile: placed.file)
                continue
            }
            guard let other = entries[index].entry.service else { continue }
            if service.identity == .root && other.identity != .root {
                reader.note(
                    "\(service.name) is root's and cannot come after \(name), which is the user's: root's services are "
                        + "started first", at: value, inFile: placed.file)
            } else if service.identity != other.identity && other.start == .afterCommand {
                reader.note(
                    "\(name) is root's and starts after the command: a service of the user's can come after one of root's "
                        + "that starts before it", at: value, inFile: placed.file)
            } else if service.start == .beforeCommand && other.start == .afterCommand {
                reader.note(
                    "\(service.name) starts before the command and cannot come after \(name), which starts after it",
                    at: value, inFile: placed.file)
            }
        }
    }

    /// Puts root's services first, and each service after those that it names.
    private mutating func order(_ entries: [PlacedEntry], _ reader: inout SettingsReader) {
        var waiting = entries.filter { $0.entry.service?.identity == .root }
        waiting += entries.filter { $0.entry.service?.identity != .root }
        while !waiting.isEmpty {
            let names = waiting.map { $0.entry.name }
            guard
                let index = waiting.firstIndex(where: { entry, _ in
                    entry.service?.after.contains { after in names.contains { $0.utf8.elementsEqual(after.utf8) } }
                        != true
                })
            else { break }
            if let service = waiting.remove(at: index).entry.service { services.append(service) }
        }
        for (entry, file) in waiting {
            guard let after = entry.after else { continue }
            reader.note(
                entry.service?.after.contains(entry.name) == true
                    ? "the service names itself" : "its place depends on itself, through \(names(waiting))", at: after,
                inFile: file)
        }
    }

    private func names(_ entries: [PlacedEntry]) -> String {
        entries.map { $0.entry.name }.joined(separator: ", ")
    }
}
