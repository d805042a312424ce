/// A manual page being written, in the macros of man(7).
struct Roff {
    private(set) var source: String
    /// A heading begins a paragraph by itself.
    private var isBelowHeading = false

    init(title: String, section: Int) {
        source = ".TH \(Self.escape(title)) \(section) \"\" \"weavefs \(Self.escape(Version.number))\"\n"
    }

    mutating func section(_ name: String) { heading("SH", name) }
    mutating func subsection(_ name: String) { heading("SS", name) }

    private mutating func heading(_ macro: String, _ name: String) {
        source += ".\(macro) \(Self.quoted(name))\n"
        isBelowHeading = true
    }

    private mutating func paragraph() {
        if !isBelowHeading { source += ".PP\n" }
        isBelowHeading = false
    }

    /// Paragraphs, apart by empty lines; what is indented stays as it is.
    mutating func text(_ text: String) {
        for paragraph in text.split(separator: "\n\n") {
            if paragraph.hasPrefix("    ") { literal(String(paragraph)); continue }
            self.paragraph()
            source += "\(Self.escape(paragraph))\n"
        }
    }

    mutating func bold(_ text: String) { source += ".B \(Self.escape(text))\n" }

    /// Lines as they are.
    mutating func literal(_ text: String) {
        paragraph()
        source += ".nf\n\(Self.escape(text))\n.fi\n"
    }

    /// A term and what it means.
    mutating func item(_ term: String, _ meaning: String) { source += ".TP\n.B \(Self.escape(term))\n\(Self.escape(meaning))\n" }

    private static func quoted(_ text: String) -> String { "\"\(escape(text).split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\\(dq"))\"" }

    /// Nothing in `text` is a request or an escape, and a `-` can be copied into a shell.
    static func escape(_ text: some StringProtocol) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            let escaped = line.unicodeScalars.map { scalar in
                switch scalar {
                case "\\": "\\e"
                case "-": "\\-"
                case "…": "..."
                case "'": "\\(aq"
                case _ where !scalar.isASCII: "\\[u" + String(repeating: "0", count: max(0, 4 - String(scalar.value, radix: 16).count)) + String(scalar.value, radix: 16).uppercased() + "]"
                default: String(scalar)
                }
            }.joined()
            return escaped.hasPrefix(".") ? "\\&" + escaped : escaped
        }.joined(separator: "\n")
    }
}
