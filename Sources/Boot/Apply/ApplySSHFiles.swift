import Linux
import SystemPackage

extension Apply {
    mutating func apply(_ change: SSHFilesChange, by able: [Actor]) throws(BootError) -> Outcome { .already }
    mutating func apply(_ change: GitIdentityChange, by able: [Actor]) throws(BootError) -> Outcome { .already }
}
