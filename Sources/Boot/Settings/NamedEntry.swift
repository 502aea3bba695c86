internal import YAML

/// Something in a list of a configuration file that is known by its name, such as a step.
protocol NamedEntry: Sendable {
    var name: String { get }
    /// The name, with its place in the file.
    var nameValue: YAML.Value { get }
}

extension SettingsReader {
    /// The entries of all files with the files that have them: an entry of a later file replaces one with the same name.
    ///
    /// - Parameters:
    ///   - setting: the list.
    ///   - noun: what an entry is, for messages.
    ///   - willReplace: may note that an entry must not be replaced by another one, which a file has.
    mutating func entries<Entry: NamedEntry>(
        of setting: FileSetting<[Entry]>, _ noun: String,
        willReplace: (inout SettingsReader, Entry, _ other: Entry, _ file: Int) -> Void = { _, _, _, _ in }
    ) -> [(entry: Entry, file: Int)] {
        var entries: [(entry: Entry, file: Int)] = []
        for (file, found) in valuesByFile(setting) {
            for entry in found {
                guard let index = entries.firstIndex(where: { $0.entry.name.utf8.elementsEqual(entry.name.utf8) })
                else {
                    entries.append((entry, file))
                    continue
                }
                guard entries[index].file == file else {
                    willReplace(&self, entries[index].entry, entry, file)
                    entries[index] = (entry, file)
                    continue
                }
                let line = entries[index].entry.nameValue.mark.line
                note(
                    "'\(entry.name)' is already the name of the \(noun) in line \(line)", at: entry.nameValue,
                    inFile: file)
            }
        }
        return entries
    }
}
