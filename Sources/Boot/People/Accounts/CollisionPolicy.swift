/// What a start as root does if a requested name or id is already taken in the image.
package enum CollisionPolicy: String, CaseIterable, Sendable {
    /// The holder of the id gets the name, and the entry with the name gets the id.
    case rename
    /// The holder of the id is used and keeps its own name; a name that is taken is refused.
    case reuse
    /// Every collision is refused, however the container is started.
    case fail
}
