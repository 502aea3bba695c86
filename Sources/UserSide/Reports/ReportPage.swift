package import Boot
import Linux
import Text

/// A boot and the end of its container as one page that needs nothing else: no script, and nothing from elsewhere.
package struct ReportPage {
    private let boot: BootRecord
    private let end: EndRecord?

    /// The most bytes of a text that are shown: a pod chooses some of them.
    private static let limit = 2000

    /// - Parameter end: how the container ended; `nil` while it runs.
    package init(_ boot: BootRecord, end: EndRecord?) { (self.boot, self.end) = (boot, end) }

    /// The page.
    package var html: String {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8"/>
        <meta name="viewport" content="width=device-width, initial-scale=1"/>
        <meta name="color-scheme" content="light dark"/>
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"/>
        <title>Boot of \(Markup.text(boot.user?.name ?? "a container", limit: 100))</title>
        <style>
        \(Self.styles)
        </style>
        </head>
        <body>
        <h1>Boot of the container</h1>
        \(outcome)
        \(summary)
        <h2>When it happened</h2>
        <div class="picture">
        \(Waterfall(boot).picture)
        </div>
        \(changes)
        \(warnings)
        \(exports)
        </body>
        </html>

        """
    }

    private static let styles = """
        \(Markup.colours)
        body{margin:0 auto;max-width:1200px;padding:24px;background:var(--ground);color:var(--ink);\(Markup.font);\
        font-size:15px;line-height:1.45}
        h1{font-size:26px;margin:0 0 12px}h2{font-size:19px;margin:36px 0 10px}
        .picture{overflow-x:auto;border:1px solid var(--rule);border-radius:8px}.picture svg{display:block}
        dl{display:grid;grid-template-columns:max-content 1fr;gap:4px 20px;margin:12px 0}dt{color:var(--faint)}dd{margin:0}
        .scroll{overflow-x:auto}
        table{border-collapse:collapse;width:100%;font-size:14px}
        th,td{text-align:left;vertical-align:top;padding:5px 14px 5px 0;border-bottom:1px solid var(--rule)}
        th{color:var(--faint);font-weight:600;white-space:nowrap}
        td{overflow-wrap:anywhere}td.short{white-space:nowrap;overflow-wrap:normal}
        td.number{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
        .mark{display:inline-block;width:10px;height:10px;border-radius:3px;margin-right:7px}
        .changed .mark{background:var(--changed)}.already .mark{background:var(--already)}
        .unneeded .mark{background:var(--unneeded)}.skipped .mark{background:var(--skipped)}
        .failed .mark{background:var(--failed)}.other .mark{background:var(--other)}
        .note{border-left:4px solid var(--rule);background:var(--band);padding:8px 14px;margin:8px 0;overflow-wrap:anywhere}
        .note.good{border-color:var(--changed)}.note.attention{border-color:var(--skipped)}.note.bad{border-color:var(--failed)}
        code{font-family:ui-monospace,'DejaVu Sans Mono',monospace;font-size:13px}
        .faint{color:var(--faint)}
        """

    /// How the boot and the container ended.
    private var outcome: String {
        var notes: [String] = []
        if let failure = boot.failure {
            notes.append(Self.note("bad", "The boot failed", failure.text, step: failure.step, id: failure.id))
        }
        if let end {
            let style = end.exitCode == 0 ? "good" : "bad"
            notes.append(Self.note(style, "The container ended with \(end.exitCode)", end.message, id: end.id))
        }
        return notes.joined(separator: "\n")
    }

    private var summary: String {
        var rows = [
            ("entrypoint", Self.text(boot.version)), ("started as", Self.text(boot.start)),
            ("boot", "\(boot.changed.counted("change")) in \(boot.microseconds.inMilliseconds)"),
        ]
        if let user = boot.user {
            let ids = user.credentials
            let groups = ids.groups.map { "\($0)" }.joined(separator: ", ")
            rows += [
                ("user", "\(Self.text(user.name)) (\(ids.user))"),
                ("group", "\(Self.text(user.groupName)) (\(ids.group))" + (groups.isEmpty ? "" : "; also \(groups)")),
                ("home", Self.code(user.home.string)), ("shell", Self.code(user.shell.string)),
            ]
        }
        if let seed = boot.seed { rows.append(("seed user", Self.text(seed))) }
        return "<dl>\n" + rows.map { "<dt>\($0.0)</dt><dd>\($0.1)</dd>\n" }.joined() + "</dl>"
    }

    private var changes: String {
        guard !boot.changes.isEmpty else { return "<h2>Changes</h2>\n<p class=\"faint\">There is none.</p>" }
        let rows = boot.changes.map { change in
            let rest = [change.remark, change.reason].filter { !$0.isEmpty }.map { Self.text($0) }
            let remark = rest.isEmpty ? "" : "<br/><span class=\"faint\">\(rest.joined(separator: "; "))</span>"
            return """
                <tr class="\(Markup.style(of: change.outcome))">\
                <td class="short"><span class="mark"></span>\(Self.text(change.outcome))</td>\
                <td>\(Self.text(change.step))</td><td>\(Self.text(change.goal))\(remark)</td>\
                <td class="short">\(Markup.text(change.identity, limit: 60))</td>\
                <td class="number">\(change.microseconds.inMilliseconds)</td></tr>
                """
        }
        return Self.table("Changes", ["outcome", "step", "what", "as whom", "duration"], rows)
    }

    private var warnings: String {
        guard !boot.warnings.isEmpty else { return "" }
        return "<h2>Warnings</h2>\n"
            + boot.warnings.map { Self.note("attention", "", $0.text, step: $0.step, id: $0.id) }
            .joined(separator: "\n")
    }

    private var exports: String {
        guard !boot.exports.isEmpty else { return "" }
        let rows = boot.exports.map { export in
            "<tr><td class=\"short\">\(Self.code(export.name))</td><td>\(Self.code(export.value))</td></tr>"
        }
        return Self.table("Variables of the command", ["name", "value; a secret's is not kept"], rows)
    }

    private static func table(_ title: String, _ head: [String], _ rows: [String]) -> String {
        """
        <h2>\(title)</h2>
        <div class="scroll"><table>
        <thead><tr>\(head.map { "<th scope=\"col\">\($0)</th>" }.joined())</tr></thead>
        <tbody>
        \(rows.joined(separator: "\n"))
        </tbody>
        </table></div>
        """
    }

    private static func note(
        _ style: String, _ title: String, _ words: String, step: String = "", id: String = ""
    ) -> String {
        let head = title.isEmpty ? "" : "<strong>\(title)</strong><br/>"
        let place = step.isEmpty ? "" : "<strong>\(text(step))</strong>: "
        let name = id.isEmpty ? "" : " <span class=\"faint\">(entrypointctl explain \(text(id)))</span>"
        return "<p class=\"note \(style)\">\(head)\(place)\(text(words))\(name)</p>"
    }

    private static func text(_ text: String) -> String {
        "<bdi>\(Markup.text(text, limit: limit))</bdi>"
    }

    private static func code(_ text: String) -> String { "<code>\(Self.text(text))</code>" }
}
