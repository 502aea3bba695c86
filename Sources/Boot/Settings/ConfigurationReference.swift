internal import Linux
internal import Text

/// What people and editors learn about the configuration file, from the declarations of its settings.
package struct ConfigurationReference {
    private let groups: SettingGroups

    /// - Parameter groups: all settings that files can have.
    package init(of groups: SettingGroups) { self.groups = groups }

    /// All keys, as a Markdown table.
    package var table: String {
        let rows = groups.fileSettings.map { setting in
            let variable = setting.variableName.map { "`\($0)`" } ?? ""
            return [
                "`\(setting.key ?? "")`", variable, setting.shape.words, setting.meaning,
                setting.words.defaultText(among: groups),
            ]
        }
        return MarkdownTable.text(["key", "variable", "value", "meaning", "default"], rows)
    }

    /// The JSON schema of a file.
    package var schema: String {
        let sections = groups.sections.map { section in
            let fields = section.settings.map {
                Shape.Field(SettingGroups.Section.key(of: $0), $0.shape, description($0))
            }
            return Shape.Field(section.name, .optional(.object(fields)), section.title)
        }
        let others = groups.topSettings.map { Shape.Field($0.key ?? "", .optional($0.shape), $0.meaning) }
        let head: [(String, JSON)] = [
            ("$schema", .string("http://json-schema.org/draft-07/schema#")), ("title", .string("entrypoint.yaml")),
        ]
        guard case .members(let members) = Shape.optional(.object(sections + others)).schema() else { return "" }
        return JSON.object(head + members.map { ($0.name, $0.value) }).indented() + "\n"
    }

    /// A file with every key in a comment, as a template.
    package var example: String {
        let added = (groups.fileSettings + groups.topSettings).filter { $0.addsUp }.compactMap { $0.key }
        var text =
            comment(
                "The configuration of entrypoint: \(Paths.configuration), and what ends in .yaml in "
                    + "\(Paths.configurationDirectory), in the order of the names. A later file counts more than an earlier "
                    + "one, and the environment counts more than any file. A list takes the place of an earlier one; "
                    + "\(added.joined(separator: ", ")) add up.",
                indentation: "")
            + comment("Every key is optional. Remove the # in front of one to set it.", indentation: "")
        for section in groups.sections {
            text += "\n" + comment(section.title, indentation: "") + "\(section.name):\n"
            for setting in section.settings {
                let standard = setting.words.defaultText(among: groups)
                let variable = setting.variableName.map { "; variable: \($0)" } ?? ""
                text += comment(setting.meaning, indentation: "  ")
                text += comment(
                    "\(setting.shape.words); default: \(standard.isEmpty ? "none" : standard)\(variable)",
                    indentation: "  ")
                text += "  #\(SettingGroups.Section.key(of: setting)): \(setting.example(among: groups))\n"
            }
        }
        return groups.topSettings.reduce(text) { $0 + "\n\($1.key ?? ""):\n" + $1.example(among: groups) }
    }

    private func description(_ setting: any SettingDeclaration) -> String {
        let standard = setting.words.defaultText(among: groups)
        return standard.isEmpty ? setting.meaning : "\(setting.meaning) (default: \(standard))"
    }

    /// A text as lines of a comment.
    private func comment(_ text: String, indentation: String) -> String {
        var lines = ""
        var line = "\(indentation)#"
        for word in text.split(separator: " ") {
            if line.utf8.count + 1 + word.utf8.count > 100 {
                lines += line + "\n"
                line = "\(indentation)#"
            }
            line += " \(word)"
        }
        return lines + line + "\n"
    }
}
