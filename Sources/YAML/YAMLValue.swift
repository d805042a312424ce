/// YAML data without positions: what is compared, kept for later and written.
package enum YAMLValue: Equatable, Sendable {
    case null
    case bool(Bool)
    /// An integer or a float in the spelling of the file.
    case number(String)
    case string(String)
    case sequence([YAMLValue])
    /// Members in order; no two have the same key.
    case mapping([YAMLMember])

    /// Strings are compared by bytes: canonically equivalent spellings are different file names.
    package static func == (a: YAMLValue, b: YAMLValue) -> Bool {
        switch (a, b) {
        case (.null, .null): true
        case (.bool(let a), .bool(let b)): a == b
        case (.number(let a), .number(let b)), (.string(let a), .string(let b)): a.isSpelled(b)
        case (.sequence(let a), .sequence(let b)): a == b
        case (.mapping(let a), .mapping(let b)): a == b
        default: false
        }
    }

    /// The member named `key` of a mapping; nil if there is none or the value is no mapping.
    package subscript(key: String) -> YAMLValue? {
        members?.first { $0.key.isSpelled(key) }?.value
    }

    /// The members of a mapping; nil for anything else.
    package var members: [YAMLMember]? {
        if case .mapping(let members) = self { members } else { nil }
    }

    /// The items of a sequence; nil for anything else.
    package var items: [YAMLValue]? {
        if case .sequence(let items) = self { items } else { nil }
    }

    /// A boolean; nil for anything else.
    package var bool: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    /// The text of a string, or of a number as it was spelled (`1.10` is "1.10"); nil for anything else.
    package var string: String? {
        switch self {
        case .string(let text), .number(let text): text
        default: nil
        }
    }

    /// What a person calls this kind of value, for messages.
    package var kindName: String {
        switch self {
        case .null: "nothing"
        case .bool: "a boolean"
        case .number: "a number"
        case .string: "a string"
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }
}

/// One key of a mapping value.
package struct YAMLMember: Equatable, Sendable {
    /// The key's text.
    package let key: String
    /// What the key stands for.
    package let value: YAMLValue

    package init(_ key: String, _ value: YAMLValue) {
        self.key = key
        self.value = value
    }

    /// Keys are compared by bytes, too.
    package static func == (a: YAMLMember, b: YAMLMember) -> Bool {
        a.key.isSpelled(b.key) && a.value == b.value
    }
}

extension String {
    /// Whether two texts are the same bytes. Most differ in their lengths or canonically, which is seen sooner.
    package func isSpelled(_ other: String) -> Bool { utf8.count == other.utf8.count && self == other && utf8.elementsEqual(other.utf8) }
}
