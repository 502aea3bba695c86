/// What stands in a text although it is refused, whatever the values are: found among its tokens, so that all of it is told
/// at once and also the sign `?`, which no event shows.
struct RefusedSyntax {
    private(set) var problems = YAML.Problems()
    /// Whether there is a directive, such as `%YAML 1.2`.
    private(set) var hasDirective = false

    /// Looks through a text, up to its first error or to where it is too deep: both are found again by ``TreeBuilder``.
    init(in text: SourceText) {
        text.bytes.withUnsafeBufferPointer { input in
            do throws(LibyamlError) {
                try look(through: LibyamlParser(input))
            } catch {
                // For want of memory a text could seem free of what is refused.
                if error.isMemory { problems.note(SyntaxMessage.outOfMemory) }
            }
        }
    }

    private mutating func look(through parser: consuming LibyamlParser) throws(LibyamlError) {
        var depth = 0
        // libyaml looks at every open list for each token: what is deep is also slow.
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
