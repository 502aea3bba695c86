package import Linux
package import SystemPackage

/// Who does a change.
package enum Actor: String, Sendable {
    case root, seed, user
}

/// What happens to the boot when a change fails.
package enum FailurePolicy: Sendable {
    /// The boot ends with exit code 125.
    case stop
    /// The boot goes on with a warning.
    case warn
}

/// Something that must be true, as data. How to tell that it is true and how to make it true is in `Apply`.
package enum Change: Equatable, Sendable {
    case accounts(AccountsChange)
    case directory(DirectoryChange)
    case file(FileChange)
    case removal(RemovalChange)
}

/// The account files have a planned text.
package struct AccountsChange: Equatable, Sendable {
    /// The files as the plan read them: they are written only if they are still the same.
    package let found: AccountFiles
    /// The planned text; a file that equals what was found is not written.
    package let planned: AccountFiles
    /// What the difference means, one clause each: `user jane (uid 1000) added`.
    package let meanings: [String]
}

/// A directory exists.
package struct DirectoryChange: Equatable, Sendable {
    /// What the user must be able to do there.
    package enum Use: Equatable, Sendable {
        /// Nothing in particular.
        case none
        /// Enter it.
        case enter
        /// Enter it, and make and remove files in it.
        case write
    }

    package let path: FilePath
    /// The mode of a directory that is made; one that exists keeps its own.
    package let mode: ModeBits
    /// The owner of a directory that root makes; others own what they make.
    package let owner: UInt32?
    /// The group of a directory that is made.
    package let group: UInt32
    package let use: Use
    /// Whether it is expected on a volume, so that its absence may mean that the volume is missing.
    package let isOnVolume: Bool
    /// Whether others of the group work in it too: an existing one is then expected to have the same mode bits.
    package let isShared: Bool
    /// What is used in its place when it cannot be; made as the user.
    package let fallback: FilePath?

    package init(
        path: FilePath, mode: ModeBits, owner: UInt32? = nil, group: UInt32, use: Use,
        isOnVolume: Bool = false, isShared: Bool = false, fallback: FilePath? = nil
    ) {
        self.path = path
        self.mode = mode
        self.owner = owner
        self.group = group
        self.use = use
        self.isOnVolume = isOnVolume
        self.isShared = isShared
        self.fallback = fallback
    }
}

/// A file of the boot's own has a content.
package struct FileChange: Equatable, Sendable {
    package let path: FilePath
    package let content: [UInt8]
    package let mode: ModeBits
    /// What the file is for, in a clause.
    package let meaning: String
}

/// A file of the boot's own is gone.
package struct RemovalChange: Equatable, Sendable {
    package let path: FilePath
    /// Why it goes, in a clause.
    package let meaning: String
}

/// A change with who does it and what a failure means.
package struct PlannedChange: Equatable, Sendable {
    package let change: Change
    /// Who does it; the next one tries what the one before was not permitted to do.
    package let by: [Actor]
    package let onFailure: FailurePolicy
    /// What a failure means to the user, in a clause; empty when the error says all.
    package let consequence: String

    package init(_ change: Change, by actors: [Actor], onFailure: FailurePolicy, consequence: String = "") {
        self.change = change
        self.by = actors
        self.onFailure = onFailure
        self.consequence = consequence
    }
}

extension Change {
    /// What must be true, in words that hold before and after: `/scratch/jane is a directory`.
    package var goal: String {
        switch self {
        case .accounts(let change):
            change.meanings.isEmpty ? "account files are as planned" : change.meanings.joined(separator: "; ")
        case .directory(let change): "directory \(Text.shown(change.path)) (\(change.mode.octal))"
        case .file(let change): "file \(Text.shown(change.path)) (\(change.mode.octal)): \(change.meaning)"
        case .removal(let change): "no file \(Text.shown(change.path)): \(change.meaning)"
        }
    }

    /// The path that the change is about, if it is one.
    package var path: FilePath? {
        switch self {
        case .accounts: nil
        case .directory(let change): change.path
        case .file(let change): change.path
        case .removal(let change): change.path
        }
    }
}
