/// What a user's file asks for: who the pod is for, what its command finds in the environment, and what is secret.
package struct PodRequest: Sendable {
    /// A variable of the pod that everybody may see.
    struct Variable: Equatable, Sendable {
        let name: String
        let value: String
    }

    /// A variable of the pod whose value is in the secret alone.
    struct Secret: Sendable {
        /// How the container gets it.
        enum Delivery: Equatable, Sendable {
            /// In a mounted file, whose path the variable `NAME_FILE` has.
            case file
            /// In the environment: nobody reads a file for it.
            case variable
        }

        let name: String
        /// The bytes of the value.
        let value: [UInt8]
        let delivery: Delivery
        /// The file of this machine that it comes from; `nil` for the user's own file.
        let source: String?
    }

    /// Who it is for.
    struct Owner: Equatable, Sendable {
        var user = "user"
        var uid = 1
        var group = "group"
        var gid = 1
    }

    /// The file, as it was named.
    let file: String
    let owner: Owner
    /// The container's image.
    let image: String
    /// Besides the owner's.
    let variables: [Variable]
    let secrets: [Secret]
    /// Where the persistent directories are; `nil` where the image's policy says it.
    let scratchRoot: String?
    /// Seconds until the container is killed: more than what the program itself takes to end everything in order.
    let gracePeriod: Int
    /// What the file has, with how another reader sees it.
    let entries: DotEnv

    /// The variables that tell who the user is.
    var identity: [Variable] {
        [
            Variable(name: "NB_USER", value: owner.user), Variable(name: "NB_UID", value: "\(owner.uid)"),
            Variable(name: "NB_GROUP", value: owner.group), Variable(name: "NB_GID", value: "\(owner.gid)"),
        ]
    }
}
