/// What every path that comes from a file must keep to, so that it stays where it belongs.
enum Segments {
    /// The longest name a Linux file system takes, in bytes (NAME_MAX).
    static let longestName = 255

    /// Splits a relative path and refuses what could lead out of its root or into git's own files.
    /// `what` names the thing in messages, such as "path".
    static func check(_ text: String, _ what: String, code: ManifestError.Code) throws(ManifestError) -> [String] {
        func refuse(_ message: String, _ hint: String) -> ManifestError {
            ManifestError(code: code, message: "\(what) \(shown(text)) \(message)", hint: hint)
        }
        if text.utf8.isEmpty {
            throw ManifestError(code: code, message: "\(what) is empty", hint: "write a name, such as \(code == .invalidName ? "web-app" : "github/owner/repo")")
        }
        if hasControls(text) {
            throw refuse("has a control character", "remove the character; names are ordinary text")
        }
        if text.utf8.first == UInt8(ascii: "/") { throw refuse("is absolute", "write it relative to the weave, without the leading /") }
        if text.utf8.first == UInt8(ascii: "-") { throw refuse("starts with '-'", "programs would take it for an option; choose another name") }
        let parts = split(text)
        for part in parts {
            if part.isEmpty { throw refuse("has an empty segment", "remove the extra '/'") }
            if part == "." || part == ".." { throw refuse("has a '\(part)' segment", "write the path without '.' and '..'") }
            if isDotGit(part) { throw refuse("has a '\(part)' segment", "git's own directory cannot hold anything else; choose another name") }
            if part.utf8.count > longestName { throw refuse("has a segment of more than \(longestName) bytes", "choose a shorter name") }
        }
        return parts
    }

    /// The parts between slashes, empty ones included. By bytes, so that no combining character hides a slash.
    static func split(_ text: String) -> [String] {
        var parts: [String] = [], start = text.startIndex
        while let slash = text.utf8[start...].firstIndex(of: UInt8(ascii: "/")) {
            parts.append(String(text[start..<slash]))
            start = text.utf8.index(after: slash)
        }
        parts.append(String(text[start...]))
        return parts
    }

    /// `.git` in any case, as git itself refuses it in a tree.
    static func isDotGit(_ part: String) -> Bool {
        part.utf8.count == 4 && part.utf8.elementsEqual(".git".utf8) { $0 | ($0 >= 0x41 && $0 <= 0x5A ? 0x20 : 0) == $1 }
    }

    /// NUL, the C0 and C1 controls and DEL.
    static func hasControls(_ text: String) -> Bool {
        // In UTF-8 the C1 controls, U+0080 to U+009F, are 0xC2 and one byte.
        var before: UInt8 = 0
        for byte in text.utf8 {
            if byte < 0x20 || byte == 0x7F || (before == 0xC2 && byte < 0xA0) { return true }
            before = byte
        }
        return false
    }

    /// A text in quotes, for messages.
    static func shown(_ text: String) -> String { "'" + visible(text) + "'" }

    /// A text with control characters as `\u{1b}`.
    static func visible(_ text: String) -> String {
        guard hasControls(text) else { return text }
        var result = ""
        for scalar in text.unicodeScalars {
            if hasControls(String(scalar)) {
                result += "\\u{" + String(scalar.value, radix: 16) + "}"
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
