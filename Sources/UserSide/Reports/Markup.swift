import Text

/// Text and numbers in XML and HTML.
enum Markup {
    /// A text as it may stand between tags and in a quoted attribute: on one line, without what ends or reorders it, and
    /// shortened if it is long.
    ///
    /// - Parameter limit: the maximum number of bytes that are shown in full.
    static func text(_ text: String, limit: Int) -> String {
        var markup = ""
        for scalar in text.shown(limit: limit).unicodeScalars {
            switch scalar {
            case "&": markup += "&amp;"
            case "<": markup += "&lt;"
            case ">": markup += "&gt;"
            case "\"": markup += "&quot;"
            case "'": markup += "&#39;"
            // No characters of XML (1.0, section 2.2).
            case "\u{FFFE}", "\u{FFFF}": markup += "\u{FFFD}"
            default: markup.unicodeScalars.append(scalar)
            }
        }
        return markup
    }

    /// A length or a place, with at most one decimal.
    static func number(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        let (whole, rest) = (abs(tenths) / 10, abs(tenths) % 10)
        return (tenths < 0 ? "-" : "") + "\(whole)" + (rest == 0 ? "" : ".\(rest)")
    }

    /// The word by which an outcome is coloured.
    static func style(of outcome: String) -> String {
        ["changed", "already", "unneeded", "skipped", "failed", Timeline.boot].contains(outcome) ? outcome : "other"
    }

    /// The colours, on a light ground and on a dark one, as properties of CSS. Both pages and pictures have them.
    static let colours = """
        :root{color-scheme:light dark;--ground:#fff;--ink:#1f2328;--faint:#59636e;--rule:#d8dee4;--band:#f3f5f7;\
        --changed:#1a7f37;--already:#8c959f;--unneeded:#b6bec7;--skipped:#bf8700;--failed:#cf222e;--boot:#0969da;\
        --other:#8250df}
        @media (prefers-color-scheme:dark){:root{--ground:#0d1117;--ink:#e6edf3;--faint:#9198a1;--rule:#30363d;\
        --band:#161b22;--changed:#3fb950;--already:#6e7681;--unneeded:#484f58;--skipped:#d29922;--failed:#f85149;\
        --boot:#58a6ff;--other:#bc8cff}}
        """

    /// The typeface.
    static let font = "font-family:system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif"
}
