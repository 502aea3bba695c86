package import Text

/// The pages of `entrypointctl` and its subcommands, from what it tells of itself (`--experimental-dump-help`).
package enum CommandPages {
    /// The pages.
    ///
    /// - Parameter description: what the program tells of itself, as JSON.
    /// - Throws: what is missing there.
    package static func all(of description: JSON) throws(FormatError) -> [ManualPage] {
        guard let command = description["command"] else { throw FormatError("expected command") }
        return pages(of: command, below: [])
    }

    private static func pages(of command: JSON, below parents: [String]) -> [ManualPage] {
        let path = parents + [command["commandName"]?.string ?? ""]
        let subcommands = visible(command["subcommands"]).filter { $0["commandName"]?.string != "help" }
        var page = ManualPage(path.joined(separator: "-"), withoutStop(command["abstract"]?.string ?? ""))
        let arguments = visible(command["arguments"])
        page.section("SYNOPSIS")
        page.synopsis(synopsis(path, arguments, hasSubcommands: !subcommands.isEmpty))
        page.section("DESCRIPTION")
        page.text(command["abstract"]?.string ?? "")
        page.text(command["discussion"]?.string ?? "")
        if !arguments.isEmpty {
            page.section("OPTIONS")
            for argument in arguments { page.term(term(argument), meaning(of: argument)) }
        }
        let children = subcommands.map { ($0["commandName"]?.string ?? "", $0["abstract"]?.string ?? "") }
        if !children.isEmpty {
            page.section("COMMANDS")
            for (name, abstract) in children { page.term(name, abstract) }
        }
        let name = path.joined(separator: "-")
        let above = parents.isEmpty ? ["entrypoint"] : [parents.joined(separator: "-")]
        page.seeAlso(above + children.map { "\(name)-\($0.0)" })
        return [page] + subcommands.flatMap { pages(of: $0, below: path) }
    }

    private static func visible(_ list: JSON?) -> [JSON] {
        (list?.items ?? []).filter { $0["shouldDisplay"] != .bool(false) }
    }

    private static func synopsis(_ path: [String], _ arguments: [JSON], hasSubcommands: Bool) -> String {
        let usual = ["help", "version"]
        let words = arguments.filter { !usual.contains($0["preferredName"]?["name"]?.string ?? "") }.map { argument in
            let text = argument["kind"]?.string == "positional" ? "<\(value(argument))>" : term(argument, isShort: true)
            let repeated = argument["isRepeating"] == .bool(true) ? text + " ..." : text
            return argument["isOptional"] == .bool(false) ? repeated : "[\(repeated)]"
        }
        return (path + words + (hasSubcommands ? ["<command>"] : [])).joined(separator: " ")
    }

    /// An option with its value, or the placeholder of an argument.
    ///
    /// - Parameter isShort: whether only the name that people use is told.
    private static func term(_ argument: JSON, isShort: Bool = false) -> String {
        if argument["kind"]?.string == "positional" { return "<\(value(argument))>" }
        let all = (isShort ? argument["preferredName"].map { [$0] } : argument["names"]?.items) ?? []
        let names = all.map { name in (name["kind"]?.string == "long" ? "--" : "-") + (name["name"]?.string ?? "") }
        let value = argument["kind"]?.string == "option" ? " <\(value(argument))>" : ""
        return names.joined(separator: ", ") + value
    }

    private static func value(_ argument: JSON) -> String { argument["valueName"]?.string ?? "value" }

    private static func meaning(of argument: JSON) -> String {
        var words = [argument["abstract"]?.string ?? ""]
        if let values = argument["allValues"]?.items, !values.isEmpty {
            words.append("One of \(values.compactMap { $0.string }.joined(separator: ", ")).")
        }
        if let value = argument["defaultValue"]?.string { words.append("Without it: \(value).") }
        return words.filter { !$0.isEmpty }.joined(separator: " ")
    }

    private static func withoutStop(_ text: String) -> String { text.hasSuffix(".") ? String(text.dropLast()) : text }
}
