/// How freely a project changes a repository.
package enum Role: String, Sendable, CaseIterable {
    /// Your code.
    case primary
    /// A forked upstream.
    case fork
    /// Code you build against.
    case dependency
    /// Cloned for reading; read-only in a workweave.
    case reference

    /// The role of a manifest's word; `owned`, the word of later repoweave versions, is `primary`.
    /// Nil for any other word.
    package init?(word: String) {
        if word == "owned" { self = .primary } else { self.init(rawValue: word) }
    }
}
