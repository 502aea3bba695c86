/// Makes the tree of a text from libyaml's events, without recursion.
struct TreeBuilder {
    private(set) var problems = YAML.Problems()
    /// The document's value; it is only valid if there are no problems.
    private(set) var root: YAML.Node?
    private var open: [Collection] = []

    /// A list or a mapping that has not ended yet.
    private struct Collection {
        let isMapping: Bool
        let mark: YAML.Mark
        var items: [YAML.Node] = []
        var entries: [YAML.Entry] = []
        /// The key whose value comes next.
        var key: (text: String, mark: YAML.Mark)?
        /// Where each key first occurred, by its bytes: to Swift, texts that are equivalent in Unicode are equal.
        var keyMarks: [[UInt8]: YAML.Mark] = [:]

        var node: YAML.Node {
            YAML.Node(isMapping ? .mapping(entries) : .sequence(items), mark: mark)
        }
    }

    /// Reads a text up to its end or its first error.
    mutating func build(from text: SourceText) {
        text.bytes.withUnsafeBufferPointer { input in
            do throws(LibyamlError) {
                try read(LibyamlParser(input))
            } catch {
                problems.note(SyntaxMessage.problem(for: error, in: text))
            }
        }
    }

    private mutating func read(_ parser: consuming LibyamlParser) throws(LibyamlError) {
        var documents = 0
        while true {
            let (event, mark) = try parser.nextEvent()
            switch event {
            case .streamEnd:
                return
            case .documentStart:
                documents += 1
                guard documents == 1 else {
                    problems.note(YAML.Problem(at: mark, "a second document begins here: write one document a file"))
                    return
                }
            default:
                guard take(event, at: mark) else { return }
            }
        }
    }

    /// Adds an event to the tree.
    ///
    /// - Returns: whether to continue with the next event.
    private mutating func take(_ event: LibyamlEvent, at mark: YAML.Mark) -> Bool {
        switch event {
        case .scalar(let text, let isPlain, let isMultiline):
            if isPlain && isMultiline {
                note(mark, "text without quotes goes on in the next line: correct the indentation, or quote it")
            } else if text.utf8.contains(0) {
                note(mark, "a NUL character: no setting can have one")
            }
            add(YAML.Node(.scalar(text, isPlain: isPlain), mark: mark))
        case .sequenceStart, .mappingStart:
            guard open.count < YAML.maximumDepth else {
                // The path is left out, because it would be just as deep.
                problems.note(
                    YAML.Problem(at: mark, "more than \(YAML.maximumDepth) lists and mappings inside each other"))
                return false
            }
            var isMapping = false
            if case .mappingStart = event { isMapping = true }
            open.append(Collection(isMapping: isMapping, mark: mark))
        case .collectionEnd:
            if let collection = open.popLast() { add(collection.node) }
        case .alias:
            // The token has already been noted; this keeps keys and values in step.
            problems.note(YAML.Problem(at: mark, SyntaxMessage.alias))
            add(YAML.Node(.scalar("", isPlain: false), mark: mark))
        case .documentStart, .streamEnd, .other:
            break
        }
        return true
    }

    /// Adds a complete value where it belongs: as the root, in a list, as a key, or as the value of a key.
    private mutating func add(_ node: YAML.Node) {
        guard let last = open.indices.last else {
            root = node
            return
        }
        if !open[last].isMapping {
            open[last].items.append(node)
        } else if let key = open[last].key {
            open[last].entries.append(YAML.Entry(key: key.text, keyMark: key.mark, value: node))
            open[last].key = nil
        } else {
            addKey(node)
        }
    }

    private mutating func addKey(_ node: YAML.Node) {
        let last = open.count - 1
        var name = ""
        switch node.content {
        case .sequence: note(node.mark, "expected text as a key, found a list")
        case .mapping: note(node.mark, "expected text as a key, found a mapping; quote text that has { or }")
        case .scalar("<<", isPlain: true):
            note(node.mark, "merge keys are not supported: write the keys and values out")
        case .scalar(let text, _):
            name = text
            let bytes = Array(text.utf8)
            if let first = open[last].keyMarks[bytes] {
                note(node.mark, key: text, "the key is already in line \(first.line), column \(first.column)")
            } else {
                open[last].keyMarks[bytes] = node.mark
            }
        }
        open[last].key = (name, node.mark)
    }

    /// Notes a problem with the value that comes next, or with a key if its text is given.
    private mutating func note(_ mark: YAML.Mark, key: String? = nil, _ text: String) {
        var path = ValuePath()
        for collection in open {
            if !collection.isMapping {
                path = path.index(collection.items.count)
            } else if let key = collection.key {
                path = path.key(key.text)
            }
        }
        if let key { path = path.key(key) }
        problems.note(YAML.Problem(at: mark, path: path.text, text))
    }
}
