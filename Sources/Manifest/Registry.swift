/// A short name for where repositories live, the first segment of their paths.
package struct Registry: Hashable, Sendable {
    /// How its repositories are reached.
    package enum Location: Hashable, Sendable {
        /// Every URL of this host, or of this `host:port`.
        case domain(String)
        /// Paths and `file://` URLs below this absolute directory, without a slash at its end.
        case directory(String)
    }

    /// One segment of a path, such as `github`.
    package let name: String
    /// How it is reached; a domain is in lower case.
    package let location: Location

    /// Throws `invalidRegistry` for a name that cannot be one segment of a path, a domain that is no host name, and a
    /// directory that is not an absolute path without `.` and `..`.
    package init(name: String, location: Location) throws(ManifestError) {
        func refuse(_ message: String, _ hint: String) -> ManifestError {
            ManifestError(code: .invalidRegistry, message: "registry \(Segments.shown(name)) \(message)", hint: hint)
        }
        let parts = try Segments.check(name, "registry name", code: .invalidRegistry)
        guard parts.count == 1, !RepoPath.reserved.contains(name), !name.utf8.contains(UInt8(ascii: ":")) else {
            throw refuse("cannot be the first segment of a path", "use a short word, such as internal")
        }
        switch location {
        case .domain(let domain):
            let isHost = domain.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "@") }
            guard isHost, let first = domain.utf8.first, first != UInt8(ascii: "-") else {
                throw refuse("has a domain that is no host name", "write the host alone, such as git.mycompany.com")
            }
            self.location = .domain(domain.lowercased())
        case .directory(let directory):
            guard let inside = Self.inside(directory) else {
                throw refuse("has a directory that is not an absolute path", "write the full path, such as /srv/repos")
            }
            self.location = .directory("/" + inside.joined(separator: "/"))
        }
        self.name = name
    }

    private init(builtIn name: String, domain: String) {
        self.name = name
        location = .domain(domain)
    }

    /// The registries that every weave knows; the first is meant where none is named.
    package static let builtIn = [
        Registry(builtIn: "github", domain: "github.com"), Registry(builtIn: "gitlab", domain: "gitlab.com"),
        Registry(builtIn: "bitbucket", domain: "bitbucket.org"),
    ]

    /// Hosts whose repositories lie at `owner/repo`, never deeper.
    static let flatDomains = ["github.com", "bitbucket.org"]

    /// The segments of an absolute path; nil if it is not absolute or leads upwards.
    static func inside(_ path: String) -> [String]? {
        guard path.utf8.first == UInt8(ascii: "/"), !Segments.hasControls(path) else { return nil }
        let parts = Segments.split(path).filter { !$0.isEmpty }
        return parts.contains { $0 == "." || $0 == ".." } ? nil : parts
    }
}
