package import Boot
import Linux
import Text

/// A boot as a picture: a bar for each change, from left to right as time passes, below each other as they followed.
///
/// The picture is SVG 1.1 without scripts and without anything from elsewhere. It follows the reader's choice of a light
/// or dark ground.
package struct Waterfall {
    private let record: BootRecord
    private let timeline: Timeline

    package init(_ record: BootRecord) {
        self.record = record
        timeline = Timeline(record)
    }

    // Lengths, in units of which a letter is about 7 wide.
    private static let width = 1200.0
    private static let margin = 24.0
    /// Where the bars begin, and where the time axis ends.
    private static let (left, right) = (430.0, 1080.0)
    private static let rowHeight = 22.0
    private static let barHeight = 12.0
    private static let headHeight = 128.0
    private static let footHeight = 40.0
    /// The width of a bar that takes no time to speak of.
    private static let leastWidth = 2.0

    /// A file with the picture.
    package var file: String { "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + picture + "\n" }

    /// The picture as an element, for a page.
    var picture: String {
        let rows = timeline.groups.reduce(0) { $0 + 1 + $1.bars.count }
        let bottom = Self.headHeight + Double(max(1, rows)) * Self.rowHeight
        let height = Markup.number(bottom + Self.footHeight)
        let width = Markup.number(Self.width)
        return """
            <svg xmlns="http://www.w3.org/2000/svg" width="\(width)" height="\(height)" viewBox="0 0 \(width) \(height)" \
            role="img" aria-label="\(Markup.text(title, limit: 300))">
            <style>\(Self.styles)</style>
            <defs><clipPath id="names"><rect x="0" y="0" width="\(Markup.number(Self.left - 12))" height="\(height)"/>\
            </clipPath></defs>
            <rect class="ground" width="\(width)" height="\(height)"/>
            \(head)
            \(bands)
            \(axis(bottom: bottom))
            \(groups)
            \(foot(at: bottom))
            </svg>
            """
    }

    private var title: String {
        "Boot of entrypoint \(record.version), started as \(record.start)"
            + (record.user.map { ", for \($0.name) (\($0.credentials.user):\($0.credentials.group))" } ?? "")
    }

    private static let styles = """
        \(Markup.colours)
        text{fill:var(--ink);font-size:13px;\(Markup.font);direction:ltr;unicode-bidi:isolate}
        svg{background:var(--ground)}.ground{fill:var(--ground)}.band{fill:var(--band)}
        .title{font-size:19px;font-weight:600}.step{font-weight:600}
        .faint{fill:var(--faint)}.time{font-size:12px;fill:var(--faint);paint-order:stroke;stroke:var(--ground);stroke-width:2px}
        .grid{stroke:var(--rule);stroke-width:1}.span{fill:var(--rule)}.end{stroke:var(--ink);stroke-dasharray:3 3}
        .changed{fill:var(--changed)}.already{fill:var(--already)}.unneeded{fill:var(--unneeded)}\
        .skipped{fill:var(--skipped)}.failed{fill:var(--failed)}.boot{fill:var(--boot)}.other{fill:var(--other)}
        """

    // The head: what it is, in figures, and what the colours mean.
    private var head: String {
        let figures =
            "\(record.changed.counted("change")), \(record.warnings.count.counted("warning")) in "
            + record.microseconds.inMilliseconds
            + (record.failure.map { "; it failed: \($0.step): \($0.text)" } ?? "")
        let note = timeline.isPlaced || timeline.bars.isEmpty ? "" : "; when each change began is not known"
        return Self.line(title, "title", x: Self.margin, y: 38, limit: 110) + "\n"
            + Self.line(figures + note, "faint", x: Self.margin, y: 60, limit: 160) + "\n" + legend
    }

    private var legend: String {
        let known = ["changed", "already", "unneeded", "skipped", "failed", Timeline.boot, "other"]
        let words = [Timeline.boot: "before and after the changes", "other": "of a later version"]
        let styles = timeline.bars.map { Markup.style(of: $0.outcome) }
        var x = Self.margin
        return known.filter(styles.contains).map { style in
            let text = words[style] ?? style
            defer { x += 40 + 7 * Double(text.count) }
            return "<rect class=\"\(style)\" x=\"\(Markup.number(x))\" y=\"76\" width=\"12\" height=\"12\" rx=\"3\"/>"
                + Self.line(text, "time", x: x + 18, y: 86.5, limit: 60)
        }.joined(separator: "\n")
    }

    // The axis: a line and a number for each round number of milliseconds, and the end of the boot.
    private func axis(bottom: Double) -> String {
        let top = Self.headHeight - 8
        let step = Self.round(timeline.total)
        var lines: [String] = []
        var time: Int64 = 0
        while time <= timeline.total {
            let x = place(of: time)
            lines.append(Self.vertical("grid", x: x, from: top, to: bottom))
            // The number of the end stands there, too.
            if place(of: timeline.total) - x > 48 || time == 0 {
                lines.append(Self.line(Self.milliseconds(time), "time", x: x, y: top - 5, anchor: "middle", limit: 40))
            }
            time += step
        }
        let end = place(of: timeline.total)
        lines.append(Self.vertical("end", x: end, from: top, to: bottom + 6))
        lines.append(
            Self.line(timeline.total.inMilliseconds, "time step", x: end, y: top - 5, anchor: "middle", limit: 40))
        return lines.joined(separator: "\n")
    }

    /// The distance of two lines of the axis, in microseconds: 1, 2 or 5 times a power of ten, for at most ten lines.
    private static func round(_ total: Int64) -> Int64 {
        var step: Int64 = 1
        while true {
            for factor in [1, 2, 5] as [Int64] where total / (step * factor) < 10 { return step * factor }
            step *= 10
        }
    }

    /// A time as a number of the axis has it: `0.5 ms`, `20 ms`, `3 s`.
    private static func milliseconds(_ time: Int64) -> String {
        if time >= 1_000_000 && time % 100_000 == 0 { return "\(Markup.number(Double(time) / 1_000_000)) s" }
        if time % 1000 == 0 { return "\(time / 1000) ms" }
        return time.inMilliseconds
    }

    // The rows.
    private var groups: String {
        var y = Self.headHeight
        var text: [String] = []
        for group in timeline.groups {
            text.append(heading(group.step, group.bars, y: y))
            for bar in group.bars {
                y += Self.rowHeight
                text.append(row(bar, y: y))
            }
            y += Self.rowHeight
        }
        return text.joined(separator: "\n")
    }

    /// The ground of every second step.
    private var bands: String {
        var y = Self.headHeight
        var text: [String] = []
        for (index, group) in timeline.groups.enumerated() {
            let height = Double(1 + group.bars.count) * Self.rowHeight
            if index % 2 == 0 {
                text.append(Self.box("band", x: 0, y: y, width: Self.width, height: height, rounded: false))
            }
            y += height
        }
        return text.joined(separator: "\n")
    }

    /// The row of a step: its name, and from when to when it had something to do.
    private func heading(_ step: String, _ bars: [Timeline.Bar], y: Double) -> String {
        let start = place(of: bars.map(\.start).min() ?? 0)
        let end = place(of: bars.map(\.end).max() ?? 0)
        return Self.line(step, "step", x: Self.margin, y: y + 16, limit: 60)
            + Self.box(
                "span", x: start, y: y + 9, width: max(Self.leastWidth, end - start), height: 4, rounded: false)

    }

    /// The row of a bar: what was done, when, and how long it took. A pointer that rests on it shows everything.
    private func row(_ bar: Timeline.Bar, y: Double) -> String {
        let start = place(of: bar.start)
        let width = max(Self.leastWidth, place(of: bar.end) - start)
        let duration = bar.duration.inMilliseconds
        let isUsual = ["changed", "already", Timeline.boot].contains(bar.outcome)
        let label = isUsual ? duration : "\(duration), \(bar.outcome)"
        let (middle, gap) = (y + Self.rowHeight / 2, 6.0)
        // Behind the bar where there is room, and otherwise before it.
        let isBehind = start + width + gap + 7 * Double(label.prefix(40).count) < Self.width - 4
        let name = Self.line(Self.cut(bar.what), "", x: Self.margin + 14, y: middle + 4.5, limit: 400)
        return "<g><title>\(Markup.text(details(bar), limit: 1000))</title><g clip-path=\"url(#names)\">\(name)</g>"
            + Self.box(
                Markup.style(of: bar.outcome), x: start, y: middle - Self.barHeight / 2, width: width,
                height: Self.barHeight, rounded: width > 6)
            + Self.line(
                label, "time", x: isBehind ? start + width + gap : start - gap, y: middle + 4.5,
                anchor: isBehind ? "start" : "end", limit: 60) + "</g>"
    }

    /// A text that fits before the bars, unless its letters are wide.
    private static func cut(_ text: String) -> String {
        let most = 54
        let head = text.prefix(most + 1)
        return head.count > most ? head.prefix(most - 1) + "…" : text
    }

    private func details(_ bar: Timeline.Bar) -> String {
        let identity = bar.identity.isEmpty ? "" : " (as \(bar.identity))"
        let rest = bar.rest.isEmpty ? "" : ": \(bar.rest)"
        let outcome = bar.outcome == Timeline.boot ? "" : "\(bar.outcome), "
        return "\(bar.step): \(bar.what)\(identity)\(rest); \(outcome)from \(bar.start.inMilliseconds), took "
            + bar.duration.inMilliseconds
    }

    private func foot(at y: Double) -> String {
        Self.line(
            "Times are those since entrypoint began. As a table: entrypointctl report.", "time", x: Self.margin,
            y: y + 26, limit: 200)
    }

    /// Where a time is, from the left.
    private func place(of time: Int64) -> Double {
        Self.left + (Self.right - Self.left) * Double(time) / Double(timeline.total)
    }
}

// The elements.
extension Waterfall {
    private static func line(
        _ text: String, _ style: String, x: Double, y: Double, anchor: String = "start", limit: Int
    ) -> String {
        let end = anchor == "start" ? "" : " text-anchor=\"\(anchor)\""
        let name = style.isEmpty ? "" : " class=\"\(style)\""
        return "<text\(name) x=\"\(Markup.number(x))\" y=\"\(Markup.number(y))\"\(end)>"
            + Markup.text(text, limit: limit) + "</text>"
    }

    private static func vertical(_ style: String, x: Double, from top: Double, to bottom: Double) -> String {
        let (x, top, bottom) = (Markup.number(x), Markup.number(top), Markup.number(bottom))
        return "<line class=\"\(style)\" x1=\"\(x)\" y1=\"\(top)\" x2=\"\(x)\" y2=\"\(bottom)\"/>"
    }

    private static func box(
        _ style: String, x: Double, y: Double, width: Double, height: Double, rounded: Bool
    ) -> String {
        "<rect class=\"\(style)\" x=\"\(Markup.number(x))\" y=\"\(Markup.number(y))\" "
            + "width=\"\(Markup.number(width))\" height=\"\(Markup.number(height))\"\(rounded ? " rx=\"3\"" : "")/>"
    }
}
