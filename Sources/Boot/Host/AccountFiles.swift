/// The bytes of the account files; nil stands for a file that does not exist.
///
/// If the plan is going to be written, a file that exists but cannot be read must not be planned as missing: its
/// content would be lost. Only `shadow` and `gshadow` may be nil for that reason, because a missing one is never
/// created.
package struct AccountFiles: Equatable, Sendable {
    /// `/etc/passwd`, passwd(5).
    package var passwd: [UInt8]?
    /// `/etc/group`, group(5).
    package var group: [UInt8]?
    /// `/etc/shadow`, shadow(5).
    package var shadow: [UInt8]?
    /// `/etc/gshadow`, gshadow(5).
    package var gshadow: [UInt8]?

    package init(
        passwd: [UInt8]? = nil, group: [UInt8]? = nil, shadow: [UInt8]? = nil, gshadow: [UInt8]? = nil
    ) {
        self.passwd = passwd
        self.group = group
        self.shadow = shadow
        self.gshadow = gshadow
    }
}
