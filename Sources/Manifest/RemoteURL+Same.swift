/// URLs that are written differently and mean the same repository.
extension RemoteURL {
    /// Whether both lead to one repository of one host, or to one path: transport, user, `.git`, slashes and the case of the host make no
    /// difference. A port does, among URLs of the same transport.
    package func isSameRepository(as other: RemoteURL) -> Bool {
        let (a, b) = (place, other.place)
        guard a.host == b.host, a.path.utf8.elementsEqual(b.path.utf8) else { return false }
        return a.scheme != b.scheme || a.port == b.port
    }

    private var place: (scheme: String, host: String?, port: String?, path: String) {
        switch form {
        case .url("file", _, _, let path), .path(let path): ("file", nil, nil, (path.hasPrefix("/") ? "/" : "") + Self.bare(path))
        case .url(let scheme, let host, let port, let path):
            (scheme, host.lowercased(), port == Self.ports[scheme] ? nil : port, Self.bare(path))
        case .scp(let host, let path): ("ssh", host.lowercased(), nil, Self.bare(path))
        }
    }

    /// The ports that a transport has unless said.
    private static let ports = ["https": "443", "http": "80", "ssh": "22", "git": "9418"]

    /// A path without needless slashes and without `.git`.
    private static func bare(_ path: String) -> String {
        var parts = Segments.split(path).filter { !$0.isEmpty && $0 != "." }
        if let last = parts.last, last.hasSuffix(".git"), last != ".git" { parts[parts.count - 1] = String(last.dropLast(4)) }
        return parts.joined(separator: "/")
    }
}
