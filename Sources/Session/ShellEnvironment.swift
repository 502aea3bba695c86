package import Linux
internal import Text

/// An environment as commands for a shell that evaluates them: `sh` of any kind, bash and zsh.
///
/// Each variable is exported with its value byte for byte, unless its name means something else in the running shell.
/// A variable that is read-only, a number or an array in this shell (`UID` in bash, `status` and `path` in zsh) would
/// end the evaluation or change the shell. Whatever options, aliases and functions the shell has, the commands try all
/// variables, let the shell continue, and leave nothing else in it.
package enum ShellEnvironment {
    /// Variables that the shell manages itself in every session: where it is, how deep it is, and how it splits words.
    package static let sessionsOwn = ["IFS", "OLDPWD", "OPTIND", "PWD", "SHLVL", "_"]

    /// The commands.
    ///
    /// - Parameters:
    ///   - entries: the environment; entries that are not shell variables are left out.
    ///   - removed: the names of variables that the shell does not keep.
    ///   - umask: the umask that the shell gets; `nil` leaves it.
    ///   - directory: where the shell goes if it leads this process's session, so that nobody else has sent it to where it
    ///     is; `nil` leaves it there.
    package static func commands(
        for entries: [[UInt8]], removing removed: [String] = [], umask: ModeBits? = nil, directory: FilePath? = nil
    ) -> [UInt8] {
        var variables: [(name: String, value: ArraySlice<UInt8>)] = []
        var last: [(name: String, value: ArraySlice<UInt8>)] = []
        for entry in entries {
            guard let end = entry.firstIndex(of: UInt8(ascii: "=")), !entry.contains(0) else { continue }
            let name = String(decoding: entry[..<end], as: UTF8.self)
            guard name.isVariableName, !sessionsOwn.contains(name) else { continue }
            if name == "MODULE_PATH" {
                // zsh finds its modules there, and some of them decide what a name means to it.
                last.append((name, entry[(end + 1)...]))
            } else {
                variables.append((name, entry[(end + 1)...]))
            }
        }
        variables += last
        if variables.isEmpty && removed.isEmpty && umask == nil && directory == nil { return [] }
        let prefix = prefix(besides: variables.map { $0.name })
        var text = Array(beginning(prefix).utf8)
        if variables.contains(where: { $0.value.contains(newline) }) { text += newlineLine(prefix).utf8 }
        for variable in variables {
            text += "\(prefix)name=\(variable.name) ".utf8
            append(variable.value, to: &text, prefix)
            text += "; \"$\(prefix)run\" \\eval \"$\(prefix)code\" || \\:\n".utf8
        }
        // A restricted shell may not go anywhere, and a directory may be gone: the shell continues.
        if let umask { text += "\"$\(prefix)run\" \\umask \(umask.octal) || \\:\n".utf8 }
        for name in removed where name.isVariableName { text += "\"$\(prefix)run\" \\unset \(name) || \\:\n".utf8 }
        if let directory {
            text += "case $$ in \(Terminal.sessionLeader)) \"$\(prefix)run\" \\cd -- ".utf8
            text += quoted(directory.string.utf8)
            text += " 2>/dev/null || \\: ;; esac\n".utf8
        }
        text += end(prefix).utf8
        return text
    }

    private static let newline = UInt8(ascii: "\n")

    /// The prefix of the commands' own variables. None of the given names begins with it.
    private static func prefix(besides names: [String]) -> String {
        var prefix = "entrypoint_"
        while names.contains(where: { $0.utf8.starts(with: prefix.utf8) }) { prefix = "_" + prefix }
        return prefix
    }

    /// Writes the assignment of a value. Line breaks are written as a variable, because zsh can be told to end a quoted
    /// text at the end of the line (CSH_JUNKIE_QUOTES, zshoptions(1)). Many of them are written in parts, because zsh
    /// copies a word once for each variable in it.
    private static func append(_ value: ArraySlice<UInt8>, to text: inout [UInt8], _ prefix: String) {
        let lines = value.split(separator: newline, omittingEmptySubsequences: false)
        let partSize = 64
        text += "\(prefix)value=".utf8
        for (index, line) in lines.enumerated() {
            if index > 0 && index.isMultiple(of: partSize) {
                if index > partSize { text += "; \(joining(prefix))".utf8 }
                text += "; \(prefix)part=".utf8
            }
            if index > 0 { text += "\"$\(prefix)newline\"".utf8 }
            text += quoted(line)
        }
        if lines.count > partSize { text += "; \(joining(prefix))".utf8 }
    }

    private static func joining(_ prefix: String) -> String { "\(prefix)value=\"$\(prefix)value$\(prefix)part\"" }

    /// Quotes a text with single quotes, which leave every byte as it is; a quote itself is written as `'\''`.
    private static func quoted(_ value: some Collection<UInt8>) -> [UInt8] {
        var text: [UInt8] = [UInt8(ascii: "'")]
        text.reserveCapacity(value.count + 2)
        for byte in value {
            if byte == UInt8(ascii: "'") { text += "'\\''".utf8 } else { text.append(byte) }
        }
        text.append(UInt8(ascii: "'"))
        return text
    }

    // MARK: The commands around the variables

    // Command names have a backslash, against aliases, and are run by `builtin` or `command`, against functions. With
    // `command`, an error of a special built-in command does not end a shell (POSIX, "Special Built-In Utilities"); in
    // zsh, `eval` contains errors.

    /// Finds out which shell it is, and how that shell exports a variable.
    ///
    /// No variable can make one shell look like another: only zsh knows `$+NAME`, and only bash has the text of the
    /// running command in `BASH_COMMAND`.
    private static func beginning(_ prefix: String) -> String {
        """
        \(prefix)run=command \(prefix)code=\(text(export(prefix)))
        case "$+PATH" in [01]) \(prefix)run=builtin \(prefix)code=\(text(zsh(prefix))) ;; *) \
        \(prefix)value=${BASH_COMMAND-}; case $\(prefix)value in \(prefix)value=*) \(prefix)code=\(text(bash(prefix))); \
        case $BASH_VERSION in [123].*|4.[0123].*) \(prefix)code=\(text(oldBash(prefix))) ;; esac; \
        case $- in *u*) \(prefix)unset=u; "$\(prefix)run" \\set +u ;; esac ;; esac ;; esac
        case $- in *r*) ;; *) \(prefix)code="{ $\(prefix)code ; } 2>/dev/null" ;; esac

        """
    }

    /// The command that exports each variable.
    private static func export(_ prefix: String) -> String {
        "\"$\(prefix)run\" \\export \"$\(prefix)name=$\(prefix)value\""
    }

    /// For zsh: the type of what has the name now. `USERNAME` is a text whose assignment changes the user; a restricted
    /// shell forbids some (zshmisc(1), "Restricted Shell").
    private static func zsh(_ prefix: String) -> String {
        """
        case ${(tP)\(prefix)name-} in *readonly*) ;; scalar*|"") case $-:$\(prefix)name in \
        *:USERNAME|*r*:PATH|*r*:SHELL|*r*:HISTFILE|*r*:MODULE_PATH|*r*:LD_*) ;; *) \(export(prefix)) ;; esac ;; esac
        """
    }

    /// For bash: the attributes. `BASH_ARGV0` is a text whose assignment changes `$0`.
    private static func bash(_ prefix: String) -> String {
        """
        \\eval "\(prefix)type=\\${$\(prefix)name@a}"; case $\(prefix)type:$\(prefix)name in \
        *[aAinr]*:*|*:BASH_ARGV0|*:LINENO) ;; *) \(export(prefix)) ;; esac
        """
    }

    /// For bash before 4.4, which cannot show the attributes: the names in its manual.
    private static func oldBash(_ prefix: String) -> String {
        """
        case $\(prefix)name in BASH_ENV) \(export(prefix)) ;; BASH*|COMP_*|DIRSTACK|EUID|FUNCNAME|GROUPS|HISTCMD|\
        LINENO|PIPESTATUS|PPID|RANDOM|SECONDS|SHELLOPTS|UID) ;; *) \(export(prefix)) ;; esac
        """
    }

    private static func newlineLine(_ prefix: String) -> String {
        """
        \(prefix)newline=$("$\(prefix)run" \\echo; "$\(prefix)run" \\echo .); \(prefix)newline=${\(prefix)newline%.}

        """
    }

    private static func end(_ prefix: String) -> String {
        let names = ["code", "name", "newline", "part", "type", "unset", "value", "run"].map { prefix + $0 }
        return """
            case ${\(prefix)unset-} in u) "$\(prefix)run" \\set -u ;; esac
            "$\(prefix)run" \\unset \(names.joined(separator: " ")) || \\:

            """
    }

    /// A text without line breaks, as one word of the shell.
    private static func text(_ text: String) -> String {
        String(decoding: quoted(text.utf8), as: UTF8.self)
    }
}
