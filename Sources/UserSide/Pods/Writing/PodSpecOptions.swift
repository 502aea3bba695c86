package import Text

/// The kind of object that a pod spec is written as.
package enum PodSpecKind: String, CaseIterable, Sendable {
    case pod, job, deployment, statefulset, pytorchjob, jobset

    /// Whether the pods work on one thing together, so that there may be several.
    package var hasNodes: Bool { self != .pod && self != .deployment }

    /// Whether it ends with its command, and so needs one.
    package var endsWithCommand: Bool { self == .job || self == .pytorchjob || self == .jobset }

    /// The most letters of its name: what controllers append must fit into 63, the length of a label (RFC 1123).
    var longestName: Int { self == .pod || self == .deployment ? 63 : 52 }
}

/// How the container starts.
package enum PodSpecStart: String, CaseIterable, Sendable {
    /// As root, who becomes the user.
    case root
    /// As the user, with the file capabilities of the image's program.
    case user
    /// As the user, without privileges: what the restricted Pod Security Standard demands.
    case restricted
}

/// For whom a pod spec is written.
package enum PodSpecFormat: String, CaseIterable, Sendable {
    case kubernetes, runai, docker
}

/// What a user asks for, besides what stands in the file.
package struct PodSpecOptions: Sendable {
    package var format = PodSpecFormat.kubernetes
    package var kind = PodSpecKind.pod
    package var start = PodSpecStart.root
    /// The object's name; by default the user's and the kind.
    package var name: String?
    /// `nil` leaves it to `kubectl`.
    package var namespace: String?
    /// Overrides that of the file.
    package var image: String?
    /// The image that has the programs, where the container's own does not.
    package var injected: String?
    /// How many pods there are, 1 or more.
    package var nodes = 1
    /// How many devices each has, and what the cluster calls them; none with 0.
    package var accelerators = Accelerators(count: 0)
    /// The claim of the scratch volume; for docker, the name of a volume or a directory.
    package var claim = "scratch"
    /// Where the volume is mounted; by default the directory above the homes.
    package var mountPath: String?
    /// The server's name and path of the export, for which a volume is written, too.
    package var export: Export?
    /// By default the name of the object, and `-secret`.
    package var secretName: String?
    /// The command; an empty one is the kind's own.
    package var command: [String] = []

    package init() {}

    /// Devices of a node.
    package struct Accelerators: Equatable, Sendable {
        /// What the cluster calls them.
        package let resource: String
        package let count: Int

        /// NVIDIA's name.
        package static let usualResource = "nvidia.com/gpu"
        private static let most = 64

        package init(_ resource: String = usualResource, count: Int) {
            self.resource = resource
            self.count = count
        }

        /// Reads `COUNT` or `RESOURCE=COUNT`.
        ///
        /// - Throws: what was expected.
        package init(parsing text: String) throws(FormatError) {
            let parts = text.split(separator: "=", omittingEmptySubsequences: false).map { String($0) }
            let resource = parts.count == 2 ? parts[0] : Self.usualResource
            let words = resource.split(separator: "/", omittingEmptySubsequences: false).map { String($0) }
            guard parts.count <= 2, let last = parts.last, let count = last.utf8.decimal, count <= Self.most else {
                throw FormatError("not a number of devices from 0 to \(Self.most), perhaps with RESOURCE= in front")
            }
            guard words.count == 2, (try? KubernetesName.subdomain(words[0])) != nil,
                (try? KubernetesName.label(words[1])) != nil
            else { throw FormatError("not the name of a resource, such as amd.com/gpu") }
            self.init(resource, count: Int(count))
        }
    }

    /// A directory that an NFS server exports.
    package struct Export: Equatable, Sendable {
        package let server: String
        package let path: String

        /// Reads `SERVER:/PATH`.
        ///
        /// - Throws: what was expected.
        package init(parsing text: String) throws(FormatError) {
            // An address of IPv6 has colons of its own.
            guard let start = text.range(ofFirst: ":/") else {
                throw FormatError("write SERVER:/PATH, the server and the directory that it exports")
            }
            server = String(text[..<start.lowerBound])
            path = String(text[text.index(after: start.lowerBound)...])
            guard !server.isEmpty, server.utf8.allSatisfy({ $0.isNameByte || "[]:".utf8.contains($0) }) else {
                throw FormatError("not a server's name or address in front of :/")
            }
            guard !path.utf8.contains(where: { $0.isControl }) else {
                throw FormatError("the path has a control character")
            }
        }
    }
}

extension String {
    /// Where another text is for the first time.
    fileprivate func range(ofFirst other: String) -> Range<String.Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(other) { return start..<index(start, offsetBy: other.count) }
            start = index(after: start)
        }
        return nil
    }
}
