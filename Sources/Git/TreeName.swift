/// Which names of tree entries are safe to show as files, by git's own rules (verify_path in git's read-cache.c,
/// with core.protectNTFS on, as it is by default everywhere).
enum TreeName {
    /// Why `name` is refused; nil when it is fine.
    static func refusal(of name: UnsafeRawBufferPointer, isSymlink: Bool) -> String? {
        guard unsafe !name.isEmpty else { return "an empty name" }
        for unsafe byte in unsafe name where byte == UInt8(ascii: "/") { return "a slash in a name" }
        let first = unsafe name[0]
        if first == UInt8(ascii: ".") {
            if unsafe name.count == 1 || (name.count == 2 && name[1] == UInt8(ascii: ".")) { return "a directory reference" }
            if unsafe hasPrefix(name, ".git"), unsafe endsWithoutMeaning(name, from: 4) { return "git's own directory" }
            if isSymlink, name.count == 11, unsafe hasPrefix(name, ".gitmodules") { return "a symbolic link in place of .gitmodules" }
        } else if first | 0x20 == UInt8(ascii: "g"), unsafe hasPrefix(name, "git~1"), unsafe endsWithoutMeaning(name, from: 5) {
            return "git's own directory under its short name"
        }
        // A backslash separates directories on some disks.
        for i in name.indices.dropLast() where unsafe name[i] == UInt8(ascii: "\\") {
            let rest = unsafe UnsafeRawBufferPointer(rebasing: name[(i + 1)...])
            if unsafe hasPrefix(rest, ".git") && endsWithoutMeaning(rest, from: 4) || hasPrefix(rest, "git~1") && endsWithoutMeaning(rest, from: 5) {
                return "git's own directory behind a backslash"
            }
        }
        return nil
    }

    /// Whether `name` starts with `prefix` (lower case ASCII), in any case.
    private static func hasPrefix(_ name: UnsafeRawBufferPointer, _ prefix: StaticString) -> Bool {
        guard name.count >= prefix.utf8CodeUnitCount else { return false }
        for i in 0..<prefix.utf8CodeUnitCount {
            let c = unsafe name[i]
            let lower = c >= 0x41 && c <= 0x5a ? c | 0x20 : c
            if unsafe lower != prefix.utf8Start[i] { return false }
        }
        return true
    }

    /// Whether the rest of a name is what NTFS ignores: dots and spaces up to the end, a colon or a backslash.
    private static func endsWithoutMeaning(_ name: UnsafeRawBufferPointer, from start: Int) -> Bool {
        for i in start..<name.count {
            let c = unsafe name[i]
            if c == UInt8(ascii: "\\") || c == UInt8(ascii: ":") { return true }
            if c != UInt8(ascii: "."), c != UInt8(ascii: " ") { return false }
        }
        return true
    }
}
