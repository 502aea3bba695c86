/// How a variable's value is kept from others.
package enum Secrecy: String, Sendable {
    /// An ordinary value.
    case none
    /// Kept for the user's command, and shown nowhere else.
    case passed
    /// Used by the boot, and kept from the user's command too.
    case stripped
}

/// Who has to set a variable, who may set it, and who sees its value.
package struct VariableRules: Sendable {
    /// Whether the boot as a whole needs it.
    package let isRequired: Bool
    /// Whether only the image's configuration sets it when the program's file gives the boot its privileges.
    package let isImagePolicy: Bool
    /// How its value is kept from others.
    package let secrecy: Secrecy

    private init(isRequired: Bool = false, isImagePolicy: Bool = false, secrecy: Secrecy = .none) {
        self.isRequired = isRequired
        self.isImagePolicy = isImagePolicy
        self.secrecy = secrecy
    }

    /// Anybody may set it, and nobody has to.
    package static let ordinary = VariableRules()
    /// The boot needs it.
    package static let required = VariableRules(isRequired: true)
    /// Only the image's configuration sets it when the program's file gives the boot its privileges.
    package static let imagePolicy = VariableRules(isImagePolicy: true)
    /// Its value is kept from others.
    package static func secret(_ secrecy: Secrecy) -> VariableRules { VariableRules(secrecy: secrecy) }
}
