internal import CYaml

/// Values as YAML text, byte for byte as serde_yaml 0.9 writes them: block style, two spaces, sequences not
/// indented, no line folding, a string quoted only where it would be read as something else, here or by a
/// YAML 1.1 reader as an octal number (yaml_emitter_emit(3)). Characters above U+FFFF are written as escapes.
package enum YAMLEmitter {
    /// The whole document, with a line feed at the end.
    package static func text(of value: YAMLValue) -> String {
        let writer = Writer()
        unsafe writer.write { unsafe yaml_stream_start_event_initialize($0, YAML_UTF8_ENCODING) }
        unsafe writer.write { unsafe yaml_document_start_event_initialize($0, nil, nil, nil, 1) }
        write(value, to: writer)
        unsafe writer.write { unsafe yaml_document_end_event_initialize($0, 1) }
        unsafe writer.write { unsafe yaml_stream_end_event_initialize($0) }
        return writer.text
    }

    /// A string as one scalar, as it would stand behind `key: ` in a block mapping.
    package static func scalar(_ text: String) -> String {
        let line = Self.text(of: .mapping([YAMLMember("k", .string(text))]))
        return String(decoding: Array(line.utf8).dropFirst(3).dropLast(), as: UTF8.self)
    }

    /// A string in double quotes, valid as JSON too: for text inside brackets.
    package static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result.unicodeScalars.append("\\"); result.unicodeScalars.append(scalar)
            case _ where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) || scalar.value == 0x2028 || scalar.value == 0x2029:
                let hex = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - hex.utf8.count) + hex
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    private static func write(_ value: YAMLValue, to writer: Writer) {
        switch value {
        case .null: writer.scalar("null", YAML_PLAIN_SCALAR_STYLE)
        case .bool(let flag): writer.scalar(flag ? "true" : "false", YAML_PLAIN_SCALAR_STYLE)
        case .number(let text): writer.scalar(text, YAML_PLAIN_SCALAR_STYLE)
        case .string(let text): writer.scalar(text, style(of: text))
        case .sequence(let items):
            unsafe writer.write { unsafe yaml_sequence_start_event_initialize($0, nil, nil, 1, YAML_ANY_SEQUENCE_STYLE) }
            for item in items { write(item, to: writer) }
            unsafe writer.write { unsafe yaml_sequence_end_event_initialize($0) }
        case .mapping(let members):
            unsafe writer.write { unsafe yaml_mapping_start_event_initialize($0, nil, nil, 1, YAML_ANY_MAPPING_STYLE) }
            for member in members {
                writer.scalar(member.key, style(of: member.key))
                write(member.value, to: writer)
            }
            unsafe writer.write { unsafe yaml_mapping_end_event_initialize($0) }
        }
    }

    /// The style to ask for; libyaml still quotes what cannot be plain because of its characters.
    private static func style(of text: String) -> yaml_scalar_style_t {
        if text.utf8.contains(0x0A) { return YAML_LITERAL_SCALAR_STYLE }
        guard case .string = YAMLValue(scalar: text, isPlain: true), !YAMLValue.isDigitsWithLeadingZero(text) else {
            return YAML_SINGLE_QUOTED_SCALAR_STYLE
        }
        return YAML_ANY_SCALAR_STYLE
    }
}

/// libyaml's emitter and the bytes it has written.
@safe
private final class Writer {
    private let emitter: UnsafeMutablePointer<yaml_emitter_t>
    private var bytes: [UInt8] = []

    init() {
        unsafe emitter = .allocate(capacity: 1)
        guard unsafe yaml_emitter_initialize(emitter) == 1 else { preconditionFailure("out of memory") }
        let target = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe yaml_emitter_set_output(
            emitter,
            { writer, buffer, count in
                guard let writer = unsafe writer, let buffer = unsafe buffer else { return 0 }
                let target = unsafe Unmanaged<Writer>.fromOpaque(writer).takeUnretainedValue()
                unsafe target.bytes.append(contentsOf: UnsafeBufferPointer(start: buffer, count: count))
                return 1
            }, target)
        unsafe yaml_emitter_set_unicode(emitter, 1)
        unsafe yaml_emitter_set_width(emitter, -1)
    }

    deinit {
        unsafe yaml_emitter_delete(emitter)
        unsafe emitter.deallocate()
    }

    var text: String { String(decoding: bytes, as: UTF8.self) }

    /// Emits the event that `prepare` fills in. Events come in a right order from a finished value,
    /// so that the only failure is a lack of memory.
    func write(_ prepare: (UnsafeMutablePointer<yaml_event_t>) -> Int32) {
        var event = unsafe yaml_event_t()
        guard unsafe prepare(&event) == 1, unsafe yaml_emitter_emit(emitter, &event) == 1 else {
            preconditionFailure("out of memory")
        }
    }

    func scalar(_ text: String, _ style: yaml_scalar_style_t) {
        var copy = Array(text.utf8)
        unsafe copy.withUnsafeMutableBufferPointer { copy in
            unsafe write { unsafe yaml_scalar_event_initialize($0, nil, nil, copy.baseAddress, Int32(copy.count), 1, 1, style) }
        }
    }
}
