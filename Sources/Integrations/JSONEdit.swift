internal import JSONCoding
internal import YAML

/// Changes of members and items in a JSON text that somebody else may have added to: what is not changed stays byte for byte.
struct JSONEdit {
    private(set) var bytes: [UInt8]
    private let newLine = UInt8(ascii: "\n")

    /// What stands at the end of a way of names from the root; nil if there is nothing.
    subscript(way: String...) -> JSONNode? { node(way) }

    private func node(_ way: [String]) -> JSONNode? { way.reduce(TextEdit.object(bytes)) { $0?[$1] } }

    /// Sets members of an object: those that are there at their place, new ones in front of the first whose name is greater, as in a sorted object.
    /// - Parameter isGone: whether a member that is there is to go.
    mutating func change(_ way: String..., setting new: [(key: String, value: JSON)], removing isGone: (String, JSONNode) -> Bool = { _, _ in false }) {
        guard let object = node(way), let members = object.members else { return }
        let new = new.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        guard !members.isEmpty else { return replace(object.range, by: .object(new)) }
        var leads = [Array(bytes[(object.range.lowerBound + 1)..<members[0].key.range.lowerBound])]
        for (before, after) in zip(members, members.dropFirst()) {
            leads.append(bytes[before.value.range.upperBound..<after.key.range.lowerBound].filter { $0 != UInt8(ascii: ",") })
        }
        let following = leads.count > 1 ? leads[1] : leads[0].isEmpty ? [UInt8(ascii: " ")] : leads[0]
        let indent = indentation(leads[0])
        var parts: [(key: String, lead: [UInt8], text: [UInt8])] = []
        for (i, member) in members.enumerated() {
            let name = member.key.string ?? "", lead = i == 0 ? following : leads[i]
            if let value = new.first(where: { $0.key.isSpelled(name) })?.value {
                parts.append((name, lead, bytes[member.key.range.lowerBound..<member.value.range.lowerBound] + text(value, indent)))
            } else if !isGone(name, member.value) { parts.append((name, lead, Array(bytes[member.key.range.lowerBound..<member.value.range.upperBound]))) }
        }
        for member in new where !members.contains(where: { $0.key.string?.isSpelled(member.key) == true }) {
            let at = parts.firstIndex { member.key.utf8.lexicographicallyPrecedes($0.key.utf8) } ?? parts.endIndex
            parts.insert((member.key, following, JSON.string(member.key).bytes(isPretty: false) + ": ".utf8 + text(member.value, indent)), at: at)
        }
        guard !parts.isEmpty else { return replace(object.range, by: .object([])) }
        var changed: [UInt8] = []
        for (i, part) in parts.enumerated() {
            changed += (i == 0 ? leads[0] : [UInt8(ascii: ",")] + part.lead) + part.text
        }
        bytes.replaceSubrange((object.range.lowerBound + 1)..<(members[members.count - 1].value.range.upperBound), with: changed)
    }

    /// Puts an item in front of those of an array.
    mutating func insert(_ item: JSON, into way: String...) {
        guard let array = node(way), let items = array.items else { return }
        guard let first = items.first else { return replace(array.range, by: .array([item])) }
        let lead = Array(bytes[(array.range.lowerBound + 1)..<first.range.lowerBound])
        let added = text(item, indentation(lead)) + [UInt8(ascii: ",")] + (lead.isEmpty ? [UInt8(ascii: " ")] : lead)
        bytes.insert(contentsOf: added, at: first.range.lowerBound)
    }

    /// Puts a value in the place of another one.
    mutating func replace(_ range: Range<Int>, by value: JSON) {
        let start = bytes[..<range.lowerBound].lastIndex(of: newLine).map { $0 + 1 } ?? 0
        bytes.replaceSubrange(range, with: text(value, Array(bytes[start..<range.lowerBound].prefix { $0 == 0x20 || $0 == 0x09 })))
    }

    /// How parts are indented that have this white space in front of them; nil for those that stand on one line.
    private func indentation(_ lead: [UInt8]) -> [UInt8]? {
        lead.lastIndex(of: newLine).map { Array(lead[($0 + 1)...]) }
    }

    private func text(_ value: JSON, _ indent: [UInt8]?) -> [UInt8] {
        guard let indent else { return value.bytes(isPretty: false) }
        return Array(value.bytes(isPretty: true).split(separator: newLine).joined(separator: TextLines(bytes).end.utf8 + indent))
    }
}
