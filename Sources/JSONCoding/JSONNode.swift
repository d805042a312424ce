/// A JSON value that knows where in its text it stands, for changes of one part that leave the rest byte for byte.
package struct JSONNode: Sendable {
    /// What stands in it.
    package enum Content: Sendable {
        /// Anything but an array or an object.
        case scalar
        case array([JSONNode])
        case object([(key: JSONNode, value: JSONNode)])
    }

    package let value: JSON
    /// From its first byte to behind its last, brackets and quotes included.
    package let range: Range<Int>
    package let content: Content

    /// Reads one JSON text (RFC 8259); UTF-8's mark at its start is passed over.
    package static func parse(_ bytes: [UInt8]) throws(JSONError) -> JSONNode { try JSONParser.parse(bytes) }

    /// The members of an object in their order; nil for anything else.
    package var members: [(key: JSONNode, value: JSONNode)]? {
        if case .object(let members) = content { members } else { nil }
    }

    /// The items of an array; nil for anything else.
    package var items: [JSONNode]? {
        if case .array(let items) = content { items } else { nil }
    }

    /// The text of a string; nil for anything else.
    package var string: String? {
        if case .string(let text) = value { text } else { nil }
    }

    /// A boolean; nil for anything else.
    package var bool: Bool? {
        if case .bool(let flag) = value { flag } else { nil }
    }

    /// The member of this name, the last where there are several; nil if there is none or this is no object.
    package subscript(key: String) -> JSONNode? { members?.last { $0.key.string?.utf8.elementsEqual(key.utf8) == true }?.value }
}
