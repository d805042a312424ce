extension YAMLValue {
    /// What a scalar means: the YAML 1.2 core schema as serde_yaml 0.9 reads it (so `0b1` is a number,
    /// `010` and `1e999` are strings, and `yes` is a string).
    package init(scalar text: String, isPlain: Bool, tag: String? = nil) {
        guard Self.hasMeaning(isPlain: isPlain, tag: tag) else {
            self = .string(text)
            return
        }
        switch text {
        case _ where Self.isNull(text): self = .null
        case "true", "True", "TRUE": self = .bool(true)
        case "false", "False", "FALSE": self = .bool(false)
        default: self = Self.isNumber(text) ? .number(text) : .string(text)
        }
    }

    /// Whether a scalar may be anything but a string.
    static func hasMeaning(isPlain: Bool, tag: String?) -> Bool { isPlain && tag != "!" && tag != "tag:yaml.org,2002:str" }

    /// Whether a plain scalar spelled so is null.
    static func isNull(_ text: String) -> Bool {
        switch text {
        case "", "~", "null", "Null", "NULL": true
        default: false
        }
    }

    /// Whether a plain scalar spelled so is an integer or a float.
    static func isNumber(_ text: String) -> Bool {
        guard let first = text.utf8.first, isDigit(first) || "+-.".utf8.contains(first) else { return false }
        let bytes = Array(text.utf8)
        return isInteger(bytes) || isFloat(bytes, text)
    }

    /// A string such as `010` or `-007`, which YAML 1.1 takes for a number.
    static func isDigitsWithLeadingZero(_ text: String) -> Bool {
        var digits = Array(text.utf8)[...]
        if let sign = digits.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") { digits.removeFirst() }
        return hasLeadingZero(digits)
    }

    private static func isInteger(_ bytes: [UInt8]) -> Bool {
        var digits = bytes[...]
        if let sign = digits.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") { digits.removeFirst() }
        for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] where digits.starts(with: prefix.utf8) {
            return isDigits(digits.dropFirst(2), radix: radix)
        }
        return !hasLeadingZero(digits) && isDigits(digits, radix: 10)
    }

    /// 128 bits, the widest integer serde_yaml tries; decimal numbers beyond that are floats.
    private static func isDigits(_ digits: ArraySlice<UInt8>, radix: Int) -> Bool {
        guard let first = digits.first, first != UInt8(ascii: "+"), first != UInt8(ascii: "-") else { return false }
        return UInt128(String(decoding: digits, as: UTF8.self), radix: radix) != nil
    }

    /// A leading zero followed by digits only: a string in YAML 1.2.
    private static func hasLeadingZero(_ digits: ArraySlice<UInt8>) -> Bool {
        digits.count > 1 && digits.first == UInt8(ascii: "0") && digits.allSatisfy(isDigit)
    }

    private static func isFloat(_ bytes: [UInt8], _ text: String) -> Bool {
        var rest = bytes[...]
        if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") { rest.removeFirst() }
        if hasLeadingZero(rest) { return false }
        switch String(decoding: rest, as: UTF8.self) {
        case ".inf", ".Inf", ".INF": return true
        case ".nan", ".NaN", ".NAN": return rest.count == bytes.count
        default: break
        }
        let whole = rest.prefix(while: isDigit)
        rest = rest.dropFirst(whole.count)
        var digits = whole.count
        if rest.first == UInt8(ascii: ".") {
            let fraction = rest.dropFirst().prefix(while: isDigit)
            digits += fraction.count
            rest = rest.dropFirst(1 + fraction.count)
        }
        guard digits > 0 else { return false }
        if let e = rest.first, e | 0x20 == UInt8(ascii: "e") {
            rest.removeFirst()
            if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") { rest.removeFirst() }
            guard !rest.isEmpty else { return false }
            rest = rest.drop(while: isDigit)
        }
        guard rest.isEmpty, let value = Double(text) else { return false }
        return value.isFinite
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}
