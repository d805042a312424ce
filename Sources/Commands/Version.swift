internal import CRevision

/// What this program calls itself.
package enum Version {
    package static let number = "0.1.0"

    /// The git revision it was built from, put into CRevision by the package manifest.
    static var revision: String {
        String(decoding: (0...).lazy.map { rwv_revision_character(UInt32($0)) }.prefix { $0 != 0 }, as: UTF8.self)
    }

    /// Semantic version with the revision as build metadata.
    package static var text: String { "\(number)+\(revision)" }
}
