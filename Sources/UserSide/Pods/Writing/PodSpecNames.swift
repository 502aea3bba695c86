internal import Text

/// The names in a pod spec, checked.
package struct PodSpecNames: Sendable {
    let name: String
    let namespace: String?
    let secret: String
    let claim: String
    /// Where the scratch volume is mounted; `nil` for none.
    let mountPath: String?

    /// - Parameters:
    ///   - request: what the user's file asks for.
    ///   - options: what else is asked for.
    /// - Throws: every problem, a line for each.
    package init(_ request: PodRequest, _ options: PodSpecOptions) throws(PodSpecNames.Problems) {
        var problems: [String] = []
        func checked(_ option: String, _ text: String, _ check: (String) throws(FormatError) -> String) -> String {
            do throws(FormatError) {
                return try check(text)
            } catch {
                problems.append("\(option) is '\(text.shown())': \(error.expected)")
                return text
            }
        }
        let kind = options.kind
        let standard = KubernetesName.suggestion(
            for: "\(request.owner.user)-\(kind.rawValue)", longest: kind.longestName)
        name = checked("--name", options.name ?? standard ?? kind.rawValue) { (text) throws(FormatError) in
            kind.hasNodes
                ? try KubernetesName.service(text, longest: kind.longestName)
                : try KubernetesName.label(text, longest: kind.longestName)
        }
        namespace = options.namespace.map {
            checked("--namespace", $0) { (text) throws(FormatError) in try KubernetesName.label(text) }
        }
        secret = checked("--secret", options.secretName ?? "\(name)-secret", KubernetesName.subdomain)
        claim =
            checked("--claim", options.claim) { (text) throws(FormatError) in
                options.format == .docker ? try Self.volume(text) : try KubernetesName.subdomain(text)
            }
        mountPath = (options.mountPath ?? request.scratchRoot.flatMap { Self.directory(above: $0) }).map {
            checked("--mount-path", $0) { (text) throws(FormatError) in try Self.mountPath(text, for: options.format) }
        }
        if options.format == .docker {
            for path in request.secrets.compactMap({ $0.source }) where path.utf8.contains(.colon) {
                problems.append("cannot mount the key \(path.shown()): docker takes a colon in a path for its end")
            }
        }
        if !problems.isEmpty { throw Problems(lines: problems) }
    }

    /// Why names cannot be used.
    package struct Problems: Error, Equatable, Sendable {
        package let lines: [String]
    }

    /// What docker mounts: a directory by its path, or a volume by its name.
    private static func volume(_ text: String) throws(FormatError) -> String {
        let isPath = ["/", "./", "../"].contains { text.utf8.starts(with: $0.utf8) }
        let isName =
            text.utf8.first.map { $0.isLetter || $0.isDigit } == true && text.utf8.allSatisfy { $0.isNameByte }
        guard isName || isPath && !text.utf8.contains(where: { $0.isControl || $0 == .colon }) else {
            throw FormatError(
                "not the name of a volume, nor the path of a directory, which begins with / or ./ and has no colon")
        }
        return text
    }

    private static func mountPath(_ text: String, for format: PodSpecFormat) throws(FormatError) -> String {
        guard format != .runai || !text.utf8.contains(UInt8(ascii: ",")) else {
            throw FormatError("runai takes a comma for the end of a path")
        }
        guard text.utf8.first == UInt8(ascii: "/"), text != "/",
            !text.utf8.contains(where: { $0.isControl || $0 == .colon })
        else { throw FormatError("not an absolute path other than /, without a colon") }
        return text
    }

    /// The directory above the homes, in which a shared cache may lie beside them; the homes' own where that is the root.
    private static func directory(above homes: String) -> String? {
        guard let slash = homes.utf8.lastIndex(of: UInt8(ascii: "/")) else { return nil }
        let parent = String(homes[..<slash])
        return parent.isEmpty ? homes : parent
    }
}
