/// Reads `Decodable` values from JSON. Members that nobody asks for are passed over.
package struct JSONDecoder {
    package init() {}

    /// - Throws: ``JSONError``; what the type's own `init(from:)` throws.
    package func decode<T: Decodable>(_ type: T.Type, from bytes: [UInt8]) throws -> T {
        try T(from: ValueDecoder(value: try JSONParser.parse(bytes).value))
    }
}

private struct ValueDecoder: Decoder, SingleValueDecodingContainer {
    let value: JSON
    let codingPath: [any CodingKey] = []
    let userInfo: [CodingUserInfoKey: Any] = [:]

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard case .object(let members) = value else { throw unexpected("an object") }
        return KeyedDecodingContainer(Members(members: members))
    }
    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard case .array(let items) = value else { throw unexpected("an array") }
        return Items(items: items)
    }
    func singleValueContainer() -> any SingleValueDecodingContainer { self }

    func decodeNil() -> Bool { if case .null = value { true } else { false } }
    func decode(_ type: Bool.Type) throws -> Bool {
        guard case .bool(let flag) = value else { throw unexpected("true or false") }
        return flag
    }
    func decode(_ type: String.Type) throws -> String {
        guard case .string(let text) = value else { throw unexpected("a string") }
        return text
    }
    func decode(_ type: Double.Type) throws -> Double { try number() }
    func decode(_ type: Float.Type) throws -> Float { try number() }
    func decode<T: FixedWidthInteger & Decodable>(_ type: T.Type) throws -> T {
        guard case .number(let digits) = value, digits.utf8.first != UInt8(ascii: "+"), let number = T(digits) else { throw unexpected("a whole number of type \(type)") }
        return number
    }
    func decode<T: Decodable>(_ type: T.Type) throws -> T { try T(from: self) }

    private func number<T: LosslessStringConvertible>() throws -> T {
        guard case .number(let digits) = value, let number = T(digits) else { throw unexpected("a number") }
        return number
    }

    private func unexpected(_ wanted: String) -> JSONError { JSONError(message: "\(wanted) was expected") }
}

private struct Members<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let members: [(key: String, value: JSON)]
    let codingPath: [any CodingKey] = []
    var allKeys: [Key] { members.compactMap { Key(stringValue: $0.key) } }

    func contains(_ key: Key) -> Bool { members.contains { $0.key == key.stringValue } }
    func decodeNil(forKey key: Key) throws -> Bool { try decoder(key).decodeNil() }
    func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T { try T(from: try decoder(key)) }
    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type, forKey key: Key) throws -> KeyedDecodingContainer<Nested> {
        try decoder(key).container(keyedBy: type)
    }
    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer { try decoder(key).unkeyedContainer() }
    func superDecoder() -> any Decoder { ValueDecoder(value: members.last { $0.key == "super" }?.value ?? .null) }
    func superDecoder(forKey key: Key) throws -> any Decoder { try decoder(key) }

    private func decoder(_ key: Key) throws -> ValueDecoder {
        guard let found = members.last(where: { $0.key == key.stringValue }) else { throw JSONError(message: "the member '\(key.stringValue)' is missing") }
        return ValueDecoder(value: found.value)
    }
}

private struct Items: UnkeyedDecodingContainer {
    let items: [JSON]
    let codingPath: [any CodingKey] = []
    var currentIndex = 0
    var count: Int? { items.count }
    var isAtEnd: Bool { currentIndex >= items.count }

    init(items: [JSON]) { self.items = items }

    private mutating func next() throws -> ValueDecoder {
        guard !isAtEnd else { throw JSONError(message: "the array is too short") }
        currentIndex += 1
        return ValueDecoder(value: items[currentIndex - 1])
    }

    mutating func decodeNil() throws -> Bool {
        guard !isAtEnd, case .null = items[currentIndex] else { return false }
        currentIndex += 1
        return true
    }
    mutating func decode<T: Decodable>(_ type: T.Type) throws -> T { try T(from: try next()) }
    mutating func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) throws -> KeyedDecodingContainer<Nested> { try next().container(keyedBy: type) }
    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer { try next().unkeyedContainer() }
    mutating func superDecoder() throws -> any Decoder { try next() }
}
