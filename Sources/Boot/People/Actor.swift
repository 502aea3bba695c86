/// Who makes a change.
package enum Actor: String, CaseIterable, Sendable {
    case root, seed, user
}
