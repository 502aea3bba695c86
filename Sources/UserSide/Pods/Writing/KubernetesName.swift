package import Text

/// The names that Kubernetes takes (RFC 1123).
package enum KubernetesName {
    /// The name of a pod, a service or a namespace.
    ///
    /// - Parameter longest: the most letters.
    /// - Throws: what is wrong.
    package static func label(_ text: String, longest: Int = 63) throws(FormatError) -> String {
        guard !text.isEmpty, text.utf8.count <= longest else {
            throw FormatError(
                "not a name for Kubernetes: 1 to \(longest) letters are expected, and it has \(text.utf8.count)")
        }
        guard isLabel(text.utf8[...]) else {
            throw FormatError(
                "not a name for Kubernetes (RFC 1123): lower-case letters, digits and - between them"
                    + (suggestion(for: text).map { ", such as \($0)" } ?? ""))
        }
        return text
    }

    /// The name of a service, which may not begin with a digit (RFC 1035).
    package static func service(_ text: String, longest: Int = 63) throws(FormatError) -> String {
        guard text.utf8.first?.isDigit != true else {
            throw FormatError("not a name for a service: it begins with a digit (RFC 1035)")
        }
        return try label(text, longest: longest)
    }

    /// The name of a secret or a claim: labels with dots between them.
    package static func subdomain(_ text: String) throws(FormatError) -> String {
        guard text.utf8.count <= 253,
            text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy({ isLabel($0) })
        else {
            throw FormatError(
                "not a name for Kubernetes (RFC 1123): at most 253 lower-case letters, digits, - and . between them")
        }
        return text
    }

    private static func isLabel(_ text: String.UTF8View.SubSequence) -> Bool {
        guard let first = text.first, let last = text.last, first != UInt8(ascii: "-"), last != UInt8(ascii: "-") else {
            return false
        }
        return text.allSatisfy { $0.isLowercase || $0.isDigit || $0 == UInt8(ascii: "-") }
    }

    /// The nearest name: in lower case, with - for whatever else there is; `nil` where nothing is left.
    package static func suggestion(for text: String, longest: Int = 63) -> String? {
        var bytes = text.utf8.prefix(longest).map { byte -> UInt8 in
            byte.isLetter || byte.isDigit ? byte.lowered : UInt8(ascii: "-")
        }
        bytes = Array(bytes.drop { $0 == UInt8(ascii: "-") })
        while bytes.last == UInt8(ascii: "-") { bytes.removeLast() }
        return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
    }
}
