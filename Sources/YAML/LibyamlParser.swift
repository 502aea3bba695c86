private import CLibyaml

/// What libyaml reports when it cannot continue.
struct LibyamlError: Error {
    /// Whether memory ran out.
    let isMemory: Bool
    /// What was being read, such as `while scanning an anchor`, and where it began.
    let context: String
    let contextMark: YAML.Mark
    /// What was wrong, such as `did not find expected key`, and where.
    let problem: String
    let problemMark: YAML.Mark
}

/// The parts of a text, in order.
enum LibyamlEvent {
    case documentStart
    case scalar(String, isPlain: Bool, isMultiline: Bool)
    case sequenceStart
    case mappingStart
    /// The end of a list or a mapping.
    case collectionEnd
    case alias
    case streamEnd
    /// An event that has no meaning here.
    case other
}

/// The words and signs of a text that matter for refused syntax.
enum LibyamlToken {
    case anchor
    case alias
    case tag
    case directive
    /// The sign `?` before a key.
    case keySign
    case collectionStart
    case collectionEnd
    case streamEnd
    case other
}

/// libyaml's parser for bytes in memory; everything that it allocates is freed with it.
///
/// A parser is asked either for events or for tokens, never for both. It is not recursive: depth only costs memory.
struct LibyamlParser: ~Copyable {
    // libyaml keeps the parser's address, which therefore must not change.
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let isUsable: Bool

    /// Begins to parse a text.
    ///
    /// - Parameter input: UTF-8; it must outlive the parser.
    init(_ input: UnsafeBufferPointer<UInt8>) {
        parser = .allocate(capacity: 1)
        parser.initialize(to: yaml_parser_t())
        isUsable = yaml_parser_initialize(parser) == 1
        guard isUsable else { return }
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        yaml_parser_set_input_string(parser, input.baseAddress, input.count)
    }

    deinit {
        // After a failed initialization, libyaml has freed and zeroed everything, and accepts the structure as empty.
        yaml_parser_delete(parser)
        parser.deallocate()
    }

    /// The next event and where it begins.
    func nextEvent() throws(LibyamlError) -> (LibyamlEvent, YAML.Mark) {
        guard isUsable else { throw error }
        var event = yaml_event_t()
        guard yaml_parser_parse(parser, &event) == 1 else { throw error }
        defer { yaml_event_delete(&event) }
        let kind: LibyamlEvent =
            switch event.type {
            case YAML_DOCUMENT_START_EVENT: .documentStart
            case YAML_SCALAR_EVENT:
                .scalar(
                    String(
                        decoding: UnsafeBufferPointer(start: event.data.scalar.value, count: event.data.scalar.length),
                        as: UTF8.self),
                    isPlain: event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE,
                    isMultiline: event.start_mark.line != event.end_mark.line)
            case YAML_SEQUENCE_START_EVENT: .sequenceStart
            case YAML_MAPPING_START_EVENT: .mappingStart
            case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT: .collectionEnd
            case YAML_ALIAS_EVENT: .alias
            case YAML_STREAM_END_EVENT, YAML_NO_EVENT: .streamEnd
            default: .other
            }
        return (kind, YAML.Mark(event.start_mark))
    }

    /// The next token and where it begins.
    func nextToken() throws(LibyamlError) -> (LibyamlToken, YAML.Mark) {
        guard isUsable else { throw error }
        var token = yaml_token_t()
        guard yaml_parser_scan(parser, &token) == 1 else { throw error }
        defer { yaml_token_delete(&token) }
        let kind: LibyamlToken =
            switch token.type {
            case YAML_ANCHOR_TOKEN: .anchor
            case YAML_ALIAS_TOKEN: .alias
            case YAML_TAG_TOKEN: .tag
            case YAML_VERSION_DIRECTIVE_TOKEN, YAML_TAG_DIRECTIVE_TOKEN: .directive
            // libyaml puts a token without length before each ordinary key.
            case YAML_KEY_TOKEN: token.end_mark.index > token.start_mark.index ? .keySign : .other
            case YAML_BLOCK_SEQUENCE_START_TOKEN, YAML_BLOCK_MAPPING_START_TOKEN, YAML_FLOW_SEQUENCE_START_TOKEN,
                YAML_FLOW_MAPPING_START_TOKEN:
                .collectionStart
            case YAML_BLOCK_END_TOKEN, YAML_FLOW_SEQUENCE_END_TOKEN, YAML_FLOW_MAPPING_END_TOKEN: .collectionEnd
            case YAML_STREAM_END_TOKEN, YAML_NO_TOKEN: .streamEnd
            default: .other
            }
        return (kind, YAML.Mark(token.start_mark))
    }

    private var error: LibyamlError {
        let state = parser.pointee
        return LibyamlError(
            // The initialization only fails for lack of memory, and some calls do so without reporting it.
            isMemory: !isUsable || state.error == YAML_MEMORY_ERROR || state.error == YAML_NO_ERROR,
            context: state.context.map { String(cString: $0) } ?? "", contextMark: YAML.Mark(state.context_mark),
            problem: state.problem.map { String(cString: $0) } ?? "", problemMark: YAML.Mark(state.problem_mark))
    }
}

extension YAML.Mark {
    fileprivate init(_ mark: yaml_mark_t) {
        self.init(line: Int(mark.line) + 1, column: Int(mark.column) + 1)
    }
}
