/// How a variable's value is protected.
package enum Secrecy: String, Sendable {
    /// An ordinary value.
    case none
    /// The value is passed to the user's command, and shown nowhere else.
    case passed
    /// The value is used by the boot, and not passed to the user's command either.
    case stripped
}

/// Who has to set a variable, who may set it, and who sees its value.
package struct VariableRules: Sendable {
    /// Whether a boot needs it.
    package let isRequired: Bool
    /// Whether only the image's configuration may set it when the boot's privileges come from the program's file.
    package let isImagePolicy: Bool
    /// How its value is protected.
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
    /// Only the image's configuration may set it when the boot's privileges come from the program's file.
    package static let imagePolicy = VariableRules(isImagePolicy: true)
    /// Its value is a secret.
    package static func secret(_ secrecy: Secrecy) -> VariableRules { VariableRules(secrecy: secrecy) }
}
