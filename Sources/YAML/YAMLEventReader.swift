internal import CYaml

/// libyaml's event parser over a text in memory (yaml_parser_parse(3)).
/// Owns the parser and a copy of the text, both at addresses that do not move.
@safe
final class YAMLEventReader {
    private let source: YAMLSource
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let input: UnsafeMutableBufferPointer<UInt8>
    /// Where the last event ended, from 1.
    private var line = 1

    init(_ source: YAMLSource) {
        self.source = source
        unsafe parser = .allocate(capacity: 1)
        let text = source.bytes[source.bom...]
        unsafe input = .allocate(capacity: max(text.count, 1))
        _ = unsafe input.initialize(from: text)
        guard unsafe yaml_parser_initialize(parser) == 1 else { preconditionFailure("out of memory") }
        unsafe yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        unsafe yaml_parser_set_input_string(parser, input.baseAddress, text.count)
    }

    deinit {
        unsafe yaml_parser_delete(parser)
        unsafe parser.deallocate()
        unsafe input.deallocate()
    }

    /// The next event. After `streamEnd` there is none.
    func next() throws(YAMLError) -> YAMLEvent {
        var event = unsafe yaml_event_t()
        guard unsafe yaml_parser_parse(parser, &event) == 1 else { throw failure() }
        defer { unsafe yaml_event_delete(&event) }
        let start = source.mark(index: unsafe Int(event.start_mark.index), near: line)
        let end = source.mark(index: unsafe Int(event.end_mark.index), near: start.line)
        line = end.line
        var (anchor, tag): (String?, String?)
        let kind: YAMLEvent.Kind
        switch unsafe event.type {
        case YAML_STREAM_START_EVENT: kind = .streamStart
        case YAML_DOCUMENT_START_EVENT: kind = .documentStart
        case YAML_DOCUMENT_END_EVENT: kind = .documentEnd
        case YAML_ALIAS_EVENT: kind = unsafe .alias(Self.string(event.data.alias.anchor) ?? "")
        case YAML_SCALAR_EVENT:
            let scalar = unsafe event.data.scalar
            anchor = unsafe Self.string(scalar.anchor)
            tag = unsafe Self.string(scalar.tag)
            let style = unsafe Self.style(scalar.style)
            if tag == nil, style == .plain, unsafe scalar.plain_implicit == 0 { tag = "!" }
            let bytes = unsafe UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            kind = unsafe .scalar(String(decoding: bytes, as: UTF8.self), style)
        case YAML_SEQUENCE_START_EVENT:
            anchor = unsafe Self.string(event.data.sequence_start.anchor)
            tag = unsafe Self.string(event.data.sequence_start.tag)
            kind = unsafe .sequenceStart(event.data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE ? .flow : .block)
        case YAML_SEQUENCE_END_EVENT: kind = .sequenceEnd
        case YAML_MAPPING_START_EVENT:
            anchor = unsafe Self.string(event.data.mapping_start.anchor)
            tag = unsafe Self.string(event.data.mapping_start.tag)
            kind = unsafe .mappingStart(event.data.mapping_start.style == YAML_FLOW_MAPPING_STYLE ? .flow : .block)
        case YAML_MAPPING_END_EVENT: kind = .mappingEnd
        default: kind = .streamEnd
        }
        return YAMLEvent(kind: kind, properties: YAMLEvent.Properties(anchor: anchor, tag: tag), start: start, end: end)
    }

    /// What libyaml says about the text, in words that help.
    private func failure() -> YAMLError {
        let problem = unsafe Self.string(parser.pointee.problem) ?? "cannot be read as YAML"
        if unsafe parser.pointee.error == YAML_READER_ERROR {
            let offset = unsafe parser.pointee.problem_offset
            return YAMLError(problem, at: source.mark(offset: source.bom + offset))
        }
        let mark = source.mark(index: unsafe Int(parser.pointee.problem_mark.index))
        if mark.offset < source.bytes.count, source.bytes[mark.offset] == 0x09 {
            return YAMLError("a tab where only spaces can indent", at: mark)
        }
        guard let context = unsafe Self.string(parser.pointee.context) else { return YAMLError(problem, at: mark) }
        let from = source.mark(index: unsafe Int(parser.pointee.context_mark.index)).line
        return YAMLError("\(problem) (\(context)\(from == mark.line ? "" : " from line \(from)"))", at: mark)
    }

    private static func string<T>(_ pointer: UnsafePointer<T>?) -> String? where T: FixedWidthInteger {
        guard let pointer = unsafe pointer else { return nil }
        var bytes: [UInt8] = []
        var at = 0
        while unsafe pointer[at] != 0 {
            bytes.append(unsafe UInt8(truncatingIfNeeded: pointer[at]))
            at += 1
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func string(_ pointer: UnsafeMutablePointer<UInt8>?) -> String? {
        guard let pointer = unsafe pointer else { return nil }
        return unsafe string(UnsafePointer(pointer))
    }

    private static func style(_ style: yaml_scalar_style_t) -> YAMLNode.ScalarStyle {
        switch style {
        case YAML_SINGLE_QUOTED_SCALAR_STYLE: .singleQuoted
        case YAML_DOUBLE_QUOTED_SCALAR_STYLE: .doubleQuoted
        case YAML_LITERAL_SCALAR_STYLE: .literal
        case YAML_FOLDED_SCALAR_STYLE: .folded
        default: .plain
        }
    }
}
