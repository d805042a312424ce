extension String {
    /// The text as a word that a shell reads back: in single quotes, if it needs them (POSIX, "Shell Command Language", 2.2).
    var shellWord: String {
        let isPlain = !isEmpty && utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"), 0x80...: true
            default: "/._-+=:,@%".utf8.contains(byte)
            }
        }
        if isPlain { return self }
        let parts = utf8.split(separator: UInt8(ascii: "'"), omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
        return "'" + parts.joined(separator: "'\\''") + "'"
    }
}
