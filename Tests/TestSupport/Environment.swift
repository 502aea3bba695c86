import Foundation

/// An environment block: strings in order, most of them `NAME=value`, duplicates and oddities included.
package struct Environment: Hashable, Sendable {
    /// The strings, in the order in which the program finds them.
    package var entries: [ByteString]

    package init(entries: [ByteString] = []) { self.entries = entries }

    /// The value of the first entry of that name. Setting removes all of the name, and appends one unless it is `nil`.
    package subscript(name: ByteString) -> ByteString? {
        get {
            let prefix = (name + "=").bytes
            return entries.first { $0.bytes.starts(with: prefix) }.map { ByteString($0.bytes.dropFirst(prefix.count)) }
        }
        set {
            let prefix = (name + "=").bytes
            entries.removeAll { $0.bytes.starts(with: prefix) }
            if let newValue { entries.append(name + "=" + newValue) }
        }
    }

    /// This environment with the other's entries set in it, as in `base.with(["NB_UID": "7"])`.
    package func with(_ changes: Environment) -> Environment {
        var result = self
        for entry in changes.entries {
            let name = entry.bytes.prefix { $0 != UInt8(ascii: "=") }
            result[ByteString(name)] = ByteString(entry.bytes.dropFirst(name.count + 1))
        }
        return result
    }

    /// This environment without the variables of these names.
    package func without(_ names: ByteString...) -> Environment {
        var result = self
        for name in names { result[name] = nil }
        return result
    }

    /// The environment of the tests, with some variables set.
    package static func inherited(with changes: [String: String] = [:]) -> Environment {
        let variables = ProcessInfo.processInfo.environment.merging(changes) { $1 }
        return Environment(entries: variables.map { ByteString("\($0.key)=\($0.value)") })
    }

    /// What a runtime gives to every container: a search path.
    package static let container: Environment = ["PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]
}

extension Environment: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (ByteString, ByteString)...) {
        self.init(entries: elements.map { $0 + "=" + $1 })
    }
}
