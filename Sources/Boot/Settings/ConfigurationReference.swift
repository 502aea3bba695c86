internal import Text

/// What people and editors are told of the configuration file, from the declarations of its settings.
package enum ConfigurationReference {
    /// All keys, as a Markdown table.
    package static var table: String {
        let rows = BootSequence.fileSettings.map { setting in
            let variable = (setting as? any VariableDeclaration).map { "`\($0.name)`" } ?? ""
            return [
                "`\(setting.key ?? "")`", variable, setting.shape.words, setting.meaning, setting.defaultText,
            ]
        }
        return Tables.table(["key", "variable", "value", "meaning", "default"], rows)
    }

    /// The JSON schema of a file.
    package static var schema: String {
        let sections = groups.map { name, settings in
            Shape.Field(
                name, .optional(.object(settings.map { Shape.Field(shortKey($0), $0.shape, description($0)) })),
                title(of: name))
        }
        let steps = Shape.Field(DropInStep.key, .optional(.list(DropInStep.shape)), DropInStep.meaning)
        let head: [(String, JSON)] = [
            ("$schema", .string("http://json-schema.org/draft-07/schema#")), ("title", .string("entrypoint.yaml")),
        ]
        guard case .members(let members) = Shape.optional(.object(sections + [steps])).schema() else { return "" }
        return JSON.object(head + members.map { ($0.name, $0.value) }).indented() + "\n"
    }

    /// A file with every key in a comment, to be started from.
    package static var example: String {
        var text =
            comment(
                "The configuration of entrypoint: \(Paths.configuration), and what ends in .yaml in "
                    + "\(Paths.configurationDirectory), in the order of the names. A later file counts more than an earlier "
                    + "one, and the environment counts more than any file. A list takes the place of an earlier one; "
                    + "\(addedKeys) add up.",
                indentation: "")
            + comment("Every key is optional. Remove the # in front of one to set it.", indentation: "")
        for (name, settings) in groups {
            text += "\n" + comment(title(of: name), indentation: "") + "\(name):\n"
            for setting in settings {
                let fallback = setting.defaultText.isEmpty ? "none" : setting.defaultText
                let variable = (setting as? any VariableDeclaration).map { "; variable: \($0.name)" } ?? ""
                text += comment(setting.meaning, indentation: "  ")
                text += comment("\(setting.shape.words); default: \(fallback)\(variable)", indentation: "  ")
                text += "  #\(shortKey(setting)): \(exampleValue(setting))\n"
            }
        }
        return text + DropInStep.example
    }

    private static var groups: [(name: String, settings: [any SettingDeclaration])] {
        BootSequence.sections.map { section in
            (section.name, BootSequence.fileSettings.filter { $0.key?.hasPrefix(section.name + ".") == true })
        }
    }

    /// The keys whose values in several files add up.
    private static var addedKeys: String {
        let keys = [
            Secrets.strippedSetting.key, Secrets.passedSetting.key, Caches.directoriesSetting.key, DropInStep.key,
        ]
        return keys.compactMap { $0 }.joined(separator: ", ")
    }

    private static func title(of section: String) -> String {
        if let step = BootSequence.steps.first(where: { $0.name == section }) {
            return "Step \(section): \(step.summary)"
        }
        return switch section {
        case "log": "What the boot prints"
        case "init": "Process 1: signals, exit codes, and how the container ends"
        case "capabilities": "What the command keeps of the container's capabilities"
        case "secrets": "Which variables are kept from others; those of several files add up"
        default: section
        }
    }

    private static func shortKey(_ setting: any SettingDeclaration) -> String {
        String((setting.key ?? "").drop { $0 != "." }.dropFirst())
    }

    private static func description(_ setting: any SettingDeclaration) -> String {
        setting.defaultText.isEmpty ? setting.meaning : "\(setting.meaning) (default: \(setting.defaultText))"
    }

    /// A text in lines of comment.
    private static func comment(_ text: String, indentation: String) -> String {
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

    private static func exampleValue(_ setting: any SettingDeclaration) -> String {
        if !setting.example.isEmpty { return setting.example }
        return switch setting.shape {
        case .choice(let words): words.contains(setting.defaultText) ? setting.defaultText : words.first ?? ""
        case .octal: "\"\(setting.defaultText)\""
        default: setting.defaultText
        }
    }
}
