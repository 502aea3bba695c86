import Testing
import Text

/// How a program ended.
package enum Ending: Hashable, Sendable, CustomStringConvertible {
    /// It exited with this status, 0 to 255.
    case exited(Int32)
    /// A signal with this number ended it.
    case killed(signal: Int32)

    package var description: String {
        switch self {
        case .exited(let status): "exit code \(status)"
        case .killed(let signal): "killed by signal \(signal)"
        }
    }
}

/// What is known of a program that has ended.
package struct Outcome: Sendable {
    /// How it ended.
    package var ending: Ending
    /// The bytes that it wrote to standard output, or to its terminal.
    package var standardOutput: ByteString
    /// The bytes that it wrote to standard error; empty with a terminal.
    package var standardError: ByteString
    /// From the start to the end.
    package var duration: Duration
    /// The most memory that it or a descendant it waited for had resident, in bytes. The figure of a fresh process
    /// begins with what the one that started it had.
    package var peakMemory: Int
    /// What a container runtime logged; it explains an end that the container's own output does not.
    package var runtimeLog = ""
    /// Whether a process that outlived it still had the output open when it was read.
    package var outputStayedOpen: Bool

    /// The exit code as a shell gives it: 128 and the signal's number where a signal was the end.
    package var exitCode: Int32 {
        switch ending {
        case .exited(let status): status
        case .killed(let signal): 128 + signal
        }
    }

    /// Standard output as text.
    package var output: String { standardOutput.text }
    /// Standard error as text.
    package var errors: String { standardError.text }
    /// Standard output as text, a line an element, without the newlines.
    package var outputLines: [String] { output.split(separator: "\n").map(String.init) }
    /// Standard error as text, a line an element, without the newlines.
    package var errorLines: [String] { errors.split(separator: "\n").map(String.init) }
}

extension Outcome: CustomStringConvertible, CustomTestStringConvertible {
    /// Everything that explains a failed expectation.
    package var description: String {
        "\(ending) after \(duration)" + (outputStayedOpen ? ", output still open" : "")
            + Outcome.shown(standardOutput, as: "standard output")
            + Outcome.shown(standardError, as: "standard error")
            + Outcome.shown(ByteString(runtimeLog), as: "log of the runtime")
    }

    package var testDescription: String { description }

    /// The last bytes of some output, under its name; nothing for no output.
    package static func shown(_ bytes: ByteString, as name: String) -> String {
        let limit = 4000
        if bytes.bytes.isEmpty { return "" }
        if bytes.bytes.count <= limit { return "\n\(name):\n\(bytes.text)" }
        return "\n\(name), the last \(limit) of \(bytes.bytes.count) bytes:\n"
            + ByteString(bytes.bytes.suffix(limit)).text
    }
}
