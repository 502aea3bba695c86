/// Syntax that is refused whatever the values are. It is found among the tokens, so that all of it is reported at once,
/// including the sign `?`, which no event shows.
struct RefusedSyntax {
    private(set) var problems = YAML.Problems()
    /// Whether there is a directive, such as `%YAML 1.2`.
    private(set) var hasDirective = false

    /// Searches a text, up to its first error or until it is too deep: ``TreeBuilder`` finds both again.
    init(in text: SourceText) {
        text.bytes.withUnsafeBufferPointer { input in
            do throws(LibyamlError) {
                try look(through: LibyamlParser(input))
            } catch {
                // If memory runs out, a text must not seem free of refused syntax.
                if error.isMemory { problems.note(SyntaxMessage.outOfMemory) }
            }
        }
    }

    private mutating func look(through parser: consuming LibyamlParser) throws(LibyamlError) {
        var depth = 0
        // libyaml looks at every open list for each token, so deep texts are also slow.
        while depth <= YAML.maximumDepth {
            let (token, mark) = try parser.nextToken()
            switch token {
            case .anchor: problems.note(YAML.Problem(at: mark, SyntaxMessage.anchor))
            case .alias: problems.note(YAML.Problem(at: mark, SyntaxMessage.alias))
            case .tag: problems.note(YAML.Problem(at: mark, SyntaxMessage.tag))
            case .keySign: problems.note(YAML.Problem(at: mark, SyntaxMessage.keySign))
            case .directive:
                hasDirective = true
                problems.note(YAML.Problem(at: mark, SyntaxMessage.directive))
            case .collectionStart: depth += 1
            case .collectionEnd: depth -= 1
            case .streamEnd: return
            case .other: break
            }
        }
    }
}
