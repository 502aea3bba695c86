/// What a group of settings is for.
package enum SettingRole: Sendable {
    /// The process and its command, whether or not anything is prepared.
    case process
    /// A built-in step that prepares the container.
    case step
    /// The image's own steps.
    case dropIns
}
