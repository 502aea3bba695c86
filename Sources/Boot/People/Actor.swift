/// Who does a change.
package enum Actor: String, CaseIterable, Sendable {
    case root, seed, user
}
