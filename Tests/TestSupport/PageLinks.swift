import Foundation

extension Page {
    /// A link to a file or a heading of the repository.
    package struct Link: Sendable {
        /// What stands in the brackets of the page, such as `Steps.md#shell`.
        package var target: String
        /// The file, relative to the repository.
        package var file: String
        /// The heading, as code hosts call it; empty where there is none.
        package var anchor: String
    }

    /// The headings with their levels, from 1.
    package var headings: [(level: Int, text: String)] {
        prose.compactMap { line in
            let level = line.prefix { $0 == "#" }.count
            guard level > 0, line.dropFirst(level).first == " " else { return nil }
            return (level, String(line.dropFirst(level + 1)))
        }
    }

    /// The names of the headings in links, as code hosts make them.
    package var anchors: [String] {
        headings.map { heading in
            heading.text.lowercased().filter { $0.isLetter || $0.isNumber || "-_ ".contains($0) }
                .replacing(" ", with: "-")
        }
    }

    /// The links that lead to no other host.
    package var links: [Link] {
        let directory = Golden.url(path).deletingLastPathComponent()
        let root = Golden.url("").standardizedFileURL.path
        // What is code has no links.
        let text = prose.joined(separator: "\n").replacing(/`[^`\n]*`/, with: "code")
        return text.matches(of: /\]\(([^)\s]*)\)/).map { String($0.output.1) }
            .filter { !$0.hasPrefix("https://") }
            .map { target in
                let parts = target.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
                let file = directory.appending(path: String(parts[0])).standardizedFileURL.path
                let relative = file.hasPrefix(root) ? String(file.dropFirst(root.utf8.count).drop { $0 == "/" }) : file
                return Link(
                    target: target, file: parts[0].isEmpty ? path : relative,
                    anchor: parts.count > 1 ? String(parts[1]) : "")
            }
    }
}
