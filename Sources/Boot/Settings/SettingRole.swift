/// What a group of settings is for.
package enum SettingRole: Sendable {
    /// The process and its command, whether anything is prepared or not.
    case process
    /// A built-in step, which is one of those that prepare the container.
    case step
    /// The image's own steps.
    case dropIns
}
