/// What a start as root does when a name or an id that it was given is already taken in the image.
package enum CollisionPolicy: String, CaseIterable, Sendable {
    /// The holder of the id gets the name, and the entry with the name gets the id.
    case rename
    /// The holder of the id is kept under its own name and used; a name that is taken is refused.
    case reuse
    /// Every collision is refused, in every way of starting.
    case fail
}
