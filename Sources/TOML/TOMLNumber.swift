/// Integers and floats.
enum TOMLNumber {
    /// The number in a spelling that YAML 1.2 reads as the same: without `_` and a leading `+`; nil if the word is no number.
    static func normal(_ word: ArraySlice<UInt8>) -> String? {
        var digits = word
        let isSigned = digits.first == UInt8(ascii: "+") || digits.first == UInt8(ascii: "-")
        let sign = isSigned && digits.first == UInt8(ascii: "-") ? "-" : ""
        if isSigned { digits.removeFirst() }
        switch String(decoding: digits, as: UTF8.self) {
        case "inf": return sign + ".inf"
        case "nan": return ".nan"
        default: break
        }
        for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] where digits.starts(with: prefix.utf8) {
            guard !isSigned, let plain = ungrouped(digits.dropFirst(2), { Character(Unicode.Scalar($0)).hexDigitValue.map { $0 < radix } ?? false }),
                  Int64(plain, radix: radix) != nil else { return nil }
            return prefix + plain
        }
        let whole = digits.prefix { TOMLCursor.isDigit($0) || $0 == UInt8(ascii: "_") }
        guard let integer = ungrouped(whole, TOMLCursor.isDigit), integer.utf8.count == 1 || integer.utf8.first != UInt8(ascii: "0") else { return nil }
        var rest = digits.dropFirst(whole.count), text = sign + integer
        if rest.isEmpty { return Int64(text) == nil ? nil : text }
        if rest.first == UInt8(ascii: ".") {
            let part = rest.dropFirst().prefix { TOMLCursor.isDigit($0) || $0 == UInt8(ascii: "_") }
            guard let fraction = ungrouped(part, TOMLCursor.isDigit) else { return nil }
            text += "." + fraction
            rest = rest.dropFirst(1 + part.count)
        }
        if let e = rest.first, e | 0x20 == UInt8(ascii: "e") {
            rest.removeFirst()
            text += "e"
            if let sign = rest.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") {
                text += sign == UInt8(ascii: "-") ? "-" : ""
                rest.removeFirst()
            }
            guard let exponent = ungrouped(rest, TOMLCursor.isDigit) else { return nil }
            text += exponent
            rest = []
        }
        return rest.isEmpty ? text : nil
    }

    /// Digits without the `_` between them; nil if there are none, or a `_` is not between two.
    private static func ungrouped(_ digits: ArraySlice<UInt8>, _ isDigit: (UInt8) -> Bool) -> String? {
        let groups = digits.split(separator: UInt8(ascii: "_"), omittingEmptySubsequences: false)
        guard groups.allSatisfy({ !$0.isEmpty && $0.allSatisfy(isDigit) }) else { return nil }
        return String(decoding: groups.joined(), as: UTF8.self)
    }
}

/// Dates and times, of which only the form is checked, and that each part is in its range.
enum TOMLDate {
    /// `1979-05-27`, `07:32:00.5`, or both with `T` or a blank between, then also an offset from UTC.
    static func isDate(_ word: ArraySlice<UInt8>) -> Bool {
        if isDay(word) || isTime(word, withOffset: false) { return true }
        let day = word.prefix(10), rest = word.dropFirst(10)
        guard let separator = rest.first, separator == 0x20 || separator | 0x20 == UInt8(ascii: "t") else { return false }
        return isDay(day) && isTime(rest.dropFirst(), withOffset: true)
    }

    static func isDay(_ word: ArraySlice<UInt8>) -> Bool {
        guard let parts = numbers(word, separator: "-", widths: [4, 2, 2]) else { return false }
        let isLeap = parts[0] % 4 == 0 && (parts[0] % 100 != 0 || parts[0] % 400 == 0)
        let days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        return (1...12).contains(parts[1]) && (1...days[parts[1] - 1]).contains(parts[2])
    }

    static func isTime(_ word: ArraySlice<UInt8>, withOffset: Bool) -> Bool {
        guard let parts = numbers(word.prefix(8), separator: ":", widths: [2, 2, 2]), parts[0] < 24, parts[1] < 60, parts[2] <= 60 else { return false }
        var rest = word.dropFirst(8)
        if rest.first == UInt8(ascii: ".") {
            let fraction = rest.dropFirst().prefix(while: TOMLCursor.isDigit)
            if fraction.isEmpty { return false }
            rest = rest.dropFirst(1 + fraction.count)
        }
        guard let first = rest.first else { return true }
        guard withOffset else { return false }
        if first | 0x20 == UInt8(ascii: "z") { return rest.count == 1 }
        guard first == UInt8(ascii: "+") || first == UInt8(ascii: "-"), let offset = numbers(rest.dropFirst(), separator: ":", widths: [2, 2]) else { return false }
        return offset[0] < 24 && offset[1] < 60
    }

    private static func numbers(_ word: ArraySlice<UInt8>, separator: Character, widths: [Int]) -> [Int]? {
        let parts = word.split(separator: separator.asciiValue ?? 0, omittingEmptySubsequences: false)
        guard parts.map(\.count) == widths, parts.allSatisfy({ $0.allSatisfy(TOMLCursor.isDigit) }) else { return nil }
        return parts.map { Int(String(decoding: $0, as: UTF8.self)) ?? 0 }
    }
}
