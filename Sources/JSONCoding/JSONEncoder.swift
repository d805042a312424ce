/// Writes `Encodable` values as JSON. Members are sorted by name; what is nil is left out, as its own `encode` does.
package struct JSONEncoder {
    private let isPretty: Bool

    /// - Parameter isPretty: one member a line, instead of all on one.
    package init(isPretty: Bool = false) { self.isPretty = isPretty }

    package func encode(_ value: some Encodable) throws -> [UInt8] {
        let slot = Slot()
        try value.encode(to: ValueEncoder(slot: slot))
        return slot.value.text(isPretty: isPretty)
    }
}

/// A place in the tree that is being built: a scalar, or whatever has been added to it.
private final class Slot {
    private enum Kind { case scalar(JSONValue), array, object }
    private var kind = Kind.object
    private var items: [Slot] = []
    private var members: [(key: String, slot: Slot)] = []

    var value: JSONValue {
        switch kind {
        case .scalar(let value): value
        case .array: .array(items.map(\.value))
        case .object: .object(members.map { ($0.key, $0.slot.value) })
        }
    }

    var count: Int { items.count }

    func set(_ value: JSONValue) { kind = .scalar(value) }

    func becomeArray() { kind = .array }

    func append() -> Slot {
        items.append(Slot())
        return items[items.count - 1]
    }

    func member(_ key: String) -> Slot {
        members.append((key, Slot()))
        return members[members.count - 1].slot
    }
}

private struct ValueEncoder: Encoder, SingleValueEncodingContainer {
    let slot: Slot
    let codingPath: [any CodingKey] = []
    let userInfo: [CodingUserInfoKey: Any] = [:]

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> { KeyedEncodingContainer(Members(slot: slot)) }
    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        slot.becomeArray()
        return Items(slot: slot)
    }
    func singleValueContainer() -> any SingleValueEncodingContainer { self }

    func encodeNil() { slot.set(.null) }
    func encode(_ value: Bool) { slot.set(.bool(value)) }
    func encode(_ value: String) { slot.set(.string(value)) }
    func encode(_ value: Double) throws { try encodeNumber(value, value.isFinite) }
    func encode(_ value: Float) throws { try encodeNumber(value, value.isFinite) }
    func encode<T: FixedWidthInteger & Encodable>(_ value: T) { slot.set(.number(String(value))) }
    func encode<T: Encodable>(_ value: T) throws { try value.encode(to: self) }

    private func encodeNumber(_ value: some CustomStringConvertible, _ isFinite: Bool) throws {
        guard isFinite else { throw JSONError(message: "JSON has no number for \(value)") }
        slot.set(.number(value.description))
    }
}

private struct Members<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let slot: Slot
    let codingPath: [any CodingKey] = []

    func encodeNil(forKey key: Key) { slot.member(key.stringValue).set(.null) }
    func encode<T: Encodable>(_ value: T, forKey key: Key) throws { try value.encode(to: ValueEncoder(slot: slot.member(key.stringValue))) }
    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type, forKey key: Key) -> KeyedEncodingContainer<Nested> {
        ValueEncoder(slot: slot.member(key.stringValue)).container(keyedBy: type)
    }
    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer { ValueEncoder(slot: slot.member(key.stringValue)).unkeyedContainer() }
    func superEncoder() -> any Encoder { ValueEncoder(slot: slot.member("super")) }
    func superEncoder(forKey key: Key) -> any Encoder { ValueEncoder(slot: slot.member(key.stringValue)) }
}

private struct Items: UnkeyedEncodingContainer {
    let slot: Slot
    let codingPath: [any CodingKey] = []
    var count: Int { slot.count }

    func encodeNil() { slot.append().set(.null) }
    func encode<T: Encodable>(_ value: T) throws { try value.encode(to: ValueEncoder(slot: slot.append())) }
    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> { ValueEncoder(slot: slot.append()).container(keyedBy: type) }
    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { ValueEncoder(slot: slot.append()).unkeyedContainer() }
    func superEncoder() -> any Encoder { ValueEncoder(slot: slot.append()) }
}
