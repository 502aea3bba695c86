package import Text

/// An environment as one JSON object.
package struct EnvironmentJSON: Sendable {
    /// The object: each name with its value. A value that is not UTF-8 is an object with the one member `base64`.
    package let json: JSON
    /// What the object does not show, one line for each reason.
    package let problems: [String]

    /// - Parameter entries: the environment byte for byte. Of several entries with one name, the first counts, as for
    ///   getenv(3).
    package init(_ entries: [[UInt8]]) {
        var members: [(String, JSON)] = []
        var names: Set<[UInt8]> = []
        var (nameless, foreign, repeated) = (0, 0, 0)
        for entry in entries {
            guard let end = entry.firstIndex(of: UInt8(ascii: "=")), end > 0 else {
                nameless += 1
                continue
            }
            guard let name = String(validating: entry[..<end], as: UTF8.self) else {
                foreign += 1
                continue
            }
            // Names are compared as bytes: as text, different names may be equal, for example with the kelvin sign.
            guard names.insert(Array(entry[..<end])).inserted else {
                repeated += 1
                continue
            }
            members.append((name, Self.value(entry[(end + 1)...])))
        }
        json = .object(members)
        problems = [
            (nameless, "no name"), (foreign, "a name that is not UTF-8"), (repeated, "a name that an earlier one has"),
        ].filter { $0.0 > 0 }.map { count, reason in
            "left out \(count == 1 ? "an entry" : "\(count) entries") with \(reason): see --null"
        }
    }

    private static func value(_ bytes: ArraySlice<UInt8>) -> JSON {
        String(validating: bytes, as: UTF8.self).map { .string($0) } ?? .object([("base64", .string(base64(bytes)))])
    }

    /// The bytes in base64 with padding (RFC 4648, section 4).
    static func base64(_ bytes: ArraySlice<UInt8>) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        var rest = bytes
        while !rest.isEmpty {
            let three = rest.prefix(3)
            rest = rest.dropFirst(3)
            var bits: UInt32 = 0
            for index in 0..<3 {
                bits = bits << 8 | (index < three.count ? UInt32(three[three.startIndex + index]) : 0)
            }
            for index in 0..<4 {
                let digit = alphabet[Int(bits >> UInt32(18 - 6 * index) & 0x3F)]
                text.append(index <= three.count ? digit : UInt8(ascii: "="))
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
