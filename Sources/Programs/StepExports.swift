package import Text

/// What a drop-in step writes into the file that `ENTRYPOINT_EXPORT` names: one line `NAME=value` for each variable
/// that later steps and the user's command receive.
package enum StepExports {
    /// The variable that names the file.
    package static let variable = "ENTRYPOINT_EXPORT"
    /// The maximum size of such a file in bytes.
    package static let limit = 65536

    /// Reads a file. Empty lines are skipped; of two values for one name, the last wins.
    ///
    /// - Parameters:
    ///   - bytes: the file.
    ///   - isRefused: whether a name is not allowed.
    /// - Throws: what is wrong and in which line, but never its text, which may be a secret.
    package static func parse(_ bytes: [UInt8], refusing isRefused: (String) -> Bool) throws(FormatError)
        -> [Assignment]
    {
        guard bytes.count <= limit else { throw FormatError("it has more than \(limit) bytes") }
        var result: [Assignment] = []
        for line in AssignmentLine.lines(of: bytes[...]) where !line.bytes.isEmpty {
            let place = "line \(line.number)"
            guard let value = line.value else { throw FormatError("\(place) has no '='") }
            let name = String(decoding: line.name, as: UTF8.self)
            guard name.isVariableName else {
                throw FormatError("\(place) does not begin with the name of a variable")
            }
            guard !isRefused(name) else {
                throw FormatError("\(place) sets \(name.shown()), which a step cannot set")
            }
            guard !value.contains(0) else { throw FormatError("\(place) has a NUL byte") }
            guard let text = String(validating: value, as: UTF8.self) else {
                throw FormatError("\(place) is not UTF-8")
            }
            result.removeAll { $0.name == name }
            result.append(Assignment(name, text))
        }
        return result
    }

    /// Whether a variable makes loaders, shells or interpreters do something else than the program says. Such a
    /// variable is not passed to later programs of root's or the seed user's.
    package static func steersPrograms(_ name: String) -> Bool {
        steering.contains(name) || steeringPrefixes.contains { name.utf8.starts(with: $0.utf8) }
    }

    // The variables that the C library ignores in privileged programs (ld.so(8)), and those like them for shells and
    // interpreters.
    private static let steering: Set<String> = [
        "PATH", "IFS", "ENV", "CDPATH", "SHELLOPTS", "BASHOPTS", "PS4", "PROMPT_COMMAND", "GLOBIGNORE", "ZDOTDIR",
        "FPATH",
        "GCONV_PATH", "GETCONF_DIR", "HOSTALIASES", "LOCALDOMAIN", "LOCPATH", "NIS_PATH", "NLSPATH", "RESOLV_HOST_CONF",
        "RES_OPTIONS", "TMPDIR", "TZDIR", "CLASSPATH", "AWKPATH", "AWKLIBPATH", "TCLLIBPATH",
    ]
    private static let steeringPrefixes = [
        "LD_", "GLIBC_", "MALLOC_", "BASH_", "PYTHON", "PERL", "RUBY", "GEM_", "NODE_", "NPM_", "JAVA_", "_JAVA_",
        "JDK_",
        "LUA_", "R_", "GIT_",
    ]
}
