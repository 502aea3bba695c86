internal import Boot
internal import Linux
internal import Text

/// How a line is written to the pod's log: as the boot's own lines are.
struct LogFormat {
    typealias Level = LogRelay.Level

    let format: LogSettings.Format
    private let name: String

    /// The most bytes of a line's own text.
    let room: Int
    /// What stands in front of a line, with ``LogSettings/Format/text``.
    private let prefix: [UInt8]

    /// - Parameter name: the service's name; empty for the keeper.
    init(_ format: LogSettings.Format, name: String) {
        self.format = format
        self.name = name
        prefix = Self.frame(.text, name, .info, nil)
        room = LogWriter.pieceLimit - 1 - Self.frame(format, name, .info, nil).count
    }

    /// Gives the lines for a text, each with its newline: several where it is too long for one.
    ///
    /// - Parameters:
    ///   - bytes: a line of the service, without its newline.
    ///   - give: receives each line.
    func lines(of bytes: UnsafeRawBufferPointer, _ give: (UnsafeRawBufferPointer) -> Void) {
        var bytes = bytes
        // Programs that draw a progress bar end lines with both characters.
        if bytes.last == .carriageReturn { bytes = UnsafeRawBufferPointer(rebasing: bytes.dropLast()) }
        let room = room
        if format == .text, bytes.count <= room, bytes.allSatisfy({ $0.isPrintable }) {
            return self.give(text: bytes, give)
        }
        var piece: [UInt8] = []
        var size = 0
        for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
            let shown = scalar.escaped.utf8
            let cost = format == .json && (shown.first == Self.quote || shown.first == Self.backslash) ? 1 : 0
            if size + shown.count + cost > room {
                self.give(piece, .info, nil, give)
                piece.removeAll(keepingCapacity: true)
                size = 0
            }
            piece += shown
            size += shown.count + cost
        }
        self.give(piece, .info, nil, give)
    }

    private static let quote = UInt8(ascii: "\"")
    private static let backslash = UInt8(ascii: "\\")

    /// The line for a text of the keeper's, cut where it is too long.
    func line(_ level: Level, _ text: String, _ id: MessageIdentifier?) -> [UInt8] {
        var line: [UInt8] = []
        give(Array(text.shown(limit: 2000).utf8.prefix(room / 2 - 64)), level, id) { line += $0 }
        return line
    }

    private func give(text: UnsafeRawBufferPointer, _ give: (UnsafeRawBufferPointer) -> Void) {
        withUnsafeTemporaryAllocation(byteCount: prefix.count + text.count + 1, alignment: 1) { line in
            line.copyBytes(from: prefix)
            UnsafeMutableRawBufferPointer(rebasing: line[prefix.count...]).copyMemory(from: text)
            line[line.count - 1] = .newline
            give(UnsafeRawBufferPointer(line))
        }
    }

    private func give(
        _ text: [UInt8], _ level: Level, _ id: MessageIdentifier?, _ give: (UnsafeRawBufferPointer) -> Void
    ) {
        var line = Self.frame(format, name, level, id)
        switch format {
        case .text: line += text
        case .json:
            // The text takes the place of the empty one at the end.
            line.removeLast(2)
            for byte in text {
                if byte == Self.quote || byte == Self.backslash { line.append(Self.backslash) }
                line.append(byte)
            }
            line += "\"}".utf8
        }
        line.append(.newline)
        line.withUnsafeBytes(give)
    }

    /// A line without text: what stands in front of it, or the JSON object.
    private static func frame(
        _ format: LogSettings.Format, _ name: String, _ level: Level, _ id: MessageIdentifier?
    ) -> [UInt8] {
        switch format {
        case .text:
            let place = name.isEmpty ? "" : "\(name): "
            return Array("entrypoint: \(place)\(level == .warning ? "warning: " : "")".utf8)
        case .json:
            var writer = JSONWriter(capacity: 256)
            writer.beginObject()
            writer.member("time", Timestamps.utc(nanoseconds: Clock.realTime))
            writer.member("program", "entrypoint")
            writer.member("level", level.rawValue)
            if let id { writer.member("id", id.rawValue) }
            writer.member("step", name)
            writer.member("message", "")
            writer.endObject()
            return writer.bytes
        }
    }
}
