package import Manifest

/// What one repository tells of itself: the result of its session, which sees no other repository.
package struct MemberFacts: Sendable, Equatable {
    package let path: RepoPath
    /// Nil if the manifest does not say.
    package let role: Role?
    /// Each marker file at its root with what that says of its package.
    package let packages: [String: PackageFacts]

    /// Reads the marker files of the ecosystems.
    /// - Parameter read: the contents of a file at the repository's root; nil when there is none.
    package init(_ entry: RepositoryEntry, read: (String) -> [UInt8]?) {
        path = entry.path
        role = entry.role
        var found: [String: PackageFacts] = [:]
        for ecosystem in ecosystems {
            guard let marker = ecosystem.marker, found[marker] == nil, let bytes = read(marker) else { continue }
            found[marker] = ecosystem.package(bytes)
        }
        packages = found
    }

    /// Every marker file there is, each once.
    package static var markers: [String] { Array(Set(ecosystems.compactMap(\.marker))).sorted() }
}

/// What a marker file says of a package.
package struct PackageFacts: Sendable, Equatable {
    package var name: String?
    package var version: String?
    /// The least version of the language or tool that it asks for, as written there.
    package var requires: String?
    /// Why the tool would refuse it as a member; nil when it would not.
    package var refusal: String?

    package init(name: String? = nil, version: String? = nil, requires: String? = nil, refusal: String? = nil) {
        self.name = name
        self.version = version
        self.requires = requires
        self.refusal = refusal
    }
}
