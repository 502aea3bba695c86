package import Linux
import Programs
import Text

extension OutputStyle {
    /// How the reader of one of this process's streams sees text.
    package static func ofReader(of stream: StandardStream) -> OutputStyle {
        let environment = EnvironmentBlock(ProcessStart.environment)
        return OutputStyle(of: stream) { name in
            environment.value(name).map { String(decoding: $0, as: UTF8.self) }
        }
    }
}
