internal import Linux
package import Text

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

    /// All keys, as a JSON array.
    package var json: JSON {
        .array(
            groups.fileSettings.map { setting in
                .object([
                    ("key", .string(setting.key ?? "")),
                    ("variable", setting.variableName.map { .string($0) } ?? .null),
                    ("value", .string(setting.shape.words)), ("meaning", .string(setting.meaning)),
                    ("default", .string(setting.words.defaultText(among: groups))),
                ])
            })
    }

    /// The JSON schema of a file.
    package var schema: String {
        let sections = groups.sections.map { section in
            let fields = section.settings.map {
                Shape.Field(SettingGroups.Section.key(of: $0), $0.shape, description($0))
            }
            return Shape.Field(section.name, .optional(.object(fields)), section.title)
        }
        let others = groups.topSettings.map {
            Shape.Field($0.key ?? "", .optional($0.shape), isSingle($0) ? description($0) : $0.meaning)
        }
        let head: [(String, JSON)] = [
            ("$schema", .string("http://json-schema.org/draft-07/schema#")), ("title", .string("entrypoint.yaml")),
        ]
        guard case .members(let members) = Shape.optional(.object(sections + others)).schema() else { return "" }
        return JSON.object(head + members.map { ($0.name, $0.value) }).indented(within: 400) + "\n"
    }

    /// A file with every key in a comment, as a template.
    package var example: String {
        let added = (groups.fileSettings + groups.topSettings.filter { !isSingle($0) }).filter { $0.addsUp }.compactMap
        { $0.key }
        var text =
            comment(
                "The configuration of entrypoint: \(Paths.configuration), and what ends in .yaml in "
                    + "\(Paths.configurationDirectory), in the order of the names. A later file counts more than an earlier "
                    + "one, and the environment counts more than any file. A list takes the place of an earlier one; "
                    + "\(added.joined(separator: ", ")) add up.",
                indentation: "")
            + comment("Every key is optional. Remove the # in front of one to set it.", indentation: "")
        for setting in groups.topSettings where isSingle(setting) {
            text += "\n" + entry(setting, key: setting.key ?? "", indentation: "")
        }
        for section in groups.sections {
            text += "\n" + comment(section.title, indentation: "") + "\(section.name):\n"
            for setting in section.settings {
                text += entry(setting, key: SettingGroups.Section.key(of: setting), indentation: "  ")
            }
        }
        return groups.topSettings.filter { !isSingle($0) }.reduce(text) {
            $0 + "\n\($1.key ?? ""):\n" + $1.example(among: groups)
        }
    }

    /// Whether a setting of the top level is one that the reference has, and not a list of steps.
    private func isSingle(_ setting: any SettingDeclaration) -> Bool {
        groups.fileSettings.contains { $0.key == setting.key }
    }

    /// A setting in a comment.
    private func entry(_ setting: any SettingDeclaration, key: String, indentation: String) -> String {
        let standard = setting.words.defaultText(among: groups)
        let variable = setting.variableName.map { "; variable: \($0)" } ?? ""
        let value = "\(setting.shape.words); default: \(standard.isEmpty ? "none" : standard)\(variable)"
        return comment(setting.meaning, indentation: indentation) + comment(value, indentation: indentation)
            + "\(indentation)#\(key): \(setting.example(among: groups))\n"
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
