/// Where git fetches a repository from, checked so that git runs no helper program for it.
package struct RemoteURL: Hashable, Sendable, CustomStringConvertible {
    /// The forms git knows.
    package enum Form: Hashable, Sendable {
        /// `scheme://[user@]host[:port]/path`; the path keeps its leading slash.
        case url(scheme: String, host: String, port: String?, path: String)
        /// `[user@]host:path`, by ssh.
        case scp(host: String, path: String)
        /// A path on this machine, absolute or relative.
        case path(String)
    }

    /// The URL as it was written.
    package let text: String
    /// The URL taken apart.
    package let form: Form

    /// Transports that git serves itself and that run nothing of the other side's choosing.
    package static let schemes = ["https", "http", "ssh", "git", "file"]

    /// Throws `invalidURL` for an empty text, a leading `-` (of the whole, the user, the host or an scp path), control
    /// characters, `helper::address`, and schemes not in `schemes`, for which git would run `git-remote-SCHEME`.
    package init(_ text: String) throws(ManifestError) {
        self.text = text
        form = try Self.form(of: text)
    }

    package var description: String { text }

    /// Whether a password stands in it (`https://user:password@host/…`), which every reader of the file would see.
    package var hasPassword: Bool {
        guard case .url(let scheme, _, _, _) = form else { return false }
        let authority = text.utf8.dropFirst(scheme.utf8.count + 3).prefix { $0 != UInt8(ascii: "/") }
        guard let at = authority.lastIndex(of: UInt8(ascii: "@")) else { return false }
        return authority[..<at].contains(UInt8(ascii: ":"))
    }

    package static func == (a: RemoteURL, b: RemoteURL) -> Bool { a.text.utf8.elementsEqual(b.text.utf8) }

    package func hash(into hasher: inout Hasher) {
        for byte in text.utf8 { hasher.combine(byte) }
    }

    private static func form(of text: String) throws(ManifestError) -> Form {
        func refuse(_ message: String, _ hint: String) -> ManifestError {
            ManifestError(code: .invalidURL, message: "url \(Segments.shown(text)) \(message)", hint: hint)
        }
        let bytes = Array(text.utf8)
        let (colon, slash, dash) = (UInt8(ascii: ":"), UInt8(ascii: "/"), UInt8(ascii: "-"))
        guard let first = bytes.first else {
            throw ManifestError(code: .invalidURL, message: "url is empty", hint: "write the URL to clone from")
        }
        if Segments.hasControls(text) { throw refuse("has a control character", "remove the character") }
        if first == dash { throw refuse("starts with '-'", "git would take it for an option") }
        // The characters of a scheme as git takes them (is_urlschemechar in url.c, transport_get in transport.c).
        let scheme = bytes.prefix { isAlphanumeric($0) || $0 == UInt8(ascii: "+") || $0 == dash || $0 == UInt8(ascii: ".") }
        let rest = bytes[scheme.count...]
        if rest.starts(with: "::".utf8) {
            throw refuse("names a transport helper", "git would run a program for it; use https, ssh, git or file")
        }
        if rest.starts(with: "://".utf8) {
            let name = String(decoding: scheme, as: UTF8.self)
            guard schemes.contains(name) else {
                throw refuse("has the transport '\(name)', which is not allowed", "use https, http, ssh, git or file")
            }
            let (host, port, path) = split(rest.dropFirst(3))
            if host.first == dash { throw refuse("has a host that starts with '-'", "ssh would take it for an option") }
            return .url(
                scheme: name, host: string(host), port: port.map { string($0) }, path: string(path))
        }
        guard let at = scpColon(bytes), !bytes[..<at].contains(slash) else { return .path(text) }
        let host = bytes[..<at], path = bytes[(at + 1)...]
        let name = withoutUser(host)
        if name.first == dash || path.first == dash {
            throw refuse("has a part that starts with '-'", "ssh would take it for an option")
        }
        assert(bytes[at] == colon)
        return .scp(host: string(unbracketed(name)), path: string(path))
    }

    /// Host (user removed), port and path of what stands behind `://`.
    private static func split(_ rest: ArraySlice<UInt8>) -> (host: ArraySlice<UInt8>, port: ArraySlice<UInt8>?, path: ArraySlice<UInt8>) {
        let authority = rest.prefix { $0 != UInt8(ascii: "/") }
        let path = rest.dropFirst(authority.count)
        let host = withoutUser(authority)
        let end = host.first == UInt8(ascii: "[") ? host.firstIndex(of: UInt8(ascii: "]")) : nil
        guard let colon = host[(end ?? host.startIndex)...].firstIndex(of: UInt8(ascii: ":")) else { return (unbracketed(host), nil, path) }
        return (unbracketed(host[..<colon]), host[(colon + 1)...], path)
    }

    private static func withoutUser(_ authority: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        guard authority.first != UInt8(ascii: "-"), let at = authority.lastIndex(of: UInt8(ascii: "@")) else { return authority }
        return authority[(at + 1)...]
    }

    private static func unbracketed(_ host: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        host.first == UInt8(ascii: "[") && host.last == UInt8(ascii: "]") ? host.dropFirst().dropLast() : host
    }

    /// The colon that ends the host of `host:path`; inside brackets there is none.
    private static func scpColon(_ bytes: [UInt8]) -> Int? {
        let open = bytes.firstIndex(of: UInt8(ascii: "["))
        let close = open.flatMap { bytes[$0...].firstIndex(of: UInt8(ascii: "]")) }
        return bytes[(close ?? 0)...].firstIndex(of: UInt8(ascii: ":"))
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: false
        }
    }

    private static func string(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }
}
