/// The registries of a user, in order: what turns URLs into paths and back.
package struct RegistrySet: Equatable, Sendable {
    /// The built-in ones first; a configured one of the same name stands in a built-in one's place.
    package let registries: [Registry]
    private let configured: [Registry]

    /// The built-in registries and those of the configuration.
    package init(configured: [Registry] = []) {
        let kept = Registry.builtIn.map { builtIn in configured.first { $0.name == builtIn.name } ?? builtIn }
        registries = kept + configured.filter { one in !kept.contains { $0.name == one.name } }
        self.configured = configured
    }

    /// The registry of a name; nil if there is none.
    package subscript(name: String) -> Registry? { registries.first { $0.name.utf8.elementsEqual(name.utf8) } }

    /// Where a repository of this URL belongs: `registry/owner/repo` behind a known host, with groups inside groups where the host
    /// may have them, the whole path below a known directory, and `owner/repo` by the last two segments of anything else (as rwv 0.2.8 `add`).
    /// Nil if the URL has too few segments or they make no valid path.
    package func path(forURL url: RemoteURL) -> RepoPath? {
        let parts: [String]
        switch url.form {
        case .url("file", _, _, let path), .path(let path):
            guard let inside = Registry.inside(path) else { return last(Segments.split(path).filter { !$0.isEmpty }) }
            if let local = local(inside) { return local }
            return last(inside)
        case .url(_, let host, let port, let path):
            parts = Segments.split(path).filter { !$0.isEmpty }
            guard let registry = registry(host: host, port: port) else { return last(parts) }
            return place(parts, in: registry)
        case .scp(let host, let path):
            parts = Segments.split(path).filter { !$0.isEmpty }
            guard let registry = registry(host: host, port: nil) else { return last(parts) }
            return place(parts, in: registry)
        }
    }

    /// The URL to clone from, of the page of a repository that a browser shows (`https://github.com/o/r/tree/main`, `https://github.com/o/r?tab=readme`);
    /// any other as it is.
    package func repository(ofPage url: RemoteURL) -> RemoteURL {
        guard case .url(let scheme, let host, let port, let path) = url.form, scheme == "https" || scheme == "http",
              let registry = registry(host: host, port: port) else { return url }
        // Neither the question nor the place in the page is of the repository (RFC 3986, 3.4 and 3.5).
        let page = path.prefix { $0 != "?" && $0 != "#" }
        let parts = Segments.split(String(page)).filter { !$0.isEmpty }, own = Self.own(parts, in: registry)
        guard own.count >= 2, own.count < parts.count || page.utf8.count < path.utf8.count else { return url }
        let authority = url.text.dropFirst(scheme.count + 3).prefix { $0 != "/" }
        return (try? RemoteURL("\(scheme)://\(authority)/\(own.joined(separator: "/"))")) ?? url
    }

    /// The URL a path stands for: `https://DOMAIN/owner/repo.git`, or the path below a registry's directory.
    /// Nil if the first segment is no registry, or a host is left without owner and repo.
    package func url(forPath path: RepoPath) -> RemoteURL? {
        let parts = path.segments
        guard let registry = self[parts[0]] else { return nil }
        let rest = parts.dropFirst().joined(separator: "/")
        switch registry.location {
        case .domain(let domain): return parts.count < 3 ? nil : try? RemoteURL("https://\(domain)/\(rest).git")
        case .directory(let directory): return try? RemoteURL("\(directory)/\(rest)")
        }
    }

    /// What a short form stands for: `owner/repo` in the first registry, `registry/owner/repo` (or `registry/group/…/repo`) in the one named.
    /// Nil if the text is a URL or a path of another form, or the registry is unknown.
    package func expand(shorthand text: String) -> (url: RemoteURL, path: RepoPath)? {
        var parts = Segments.split(text)
        guard parts.count == 2 || self[parts[0]] != nil, !text.utf8.contains(UInt8(ascii: ":")), !text.utf8.contains(UInt8(ascii: "@")) else { return nil }
        guard text.utf8.first != UInt8(ascii: "-"), parts.first != "~" else { return nil }
        if parts.count == 2, !isDirectory(parts[0]), let first = registries.first { parts.insert(first.name, at: 0) }
        parts[parts.count - 1] = Self.withoutSuffix(parts[parts.count - 1])
        guard let path = try? RepoPath(parts.joined(separator: "/")), let url = url(forPath: path) else { return nil }
        return (url, path)
    }

    private func isDirectory(_ name: String) -> Bool {
        if case .directory = self[name]?.location { true } else { false }
    }

    /// The configured registries go first, so that one can stand in front of a built-in host.
    private func registry(host: String, port: String?) -> Registry? {
        let host = host.lowercased()
        let spellings = port.map { ["\(host):\($0)", host] } ?? [host]
        for spelling in spellings {
            if let found = (configured + registries).first(where: { $0.location == .domain(spelling) }) { return found }
        }
        return nil
    }

    /// The path below the innermost registry directory that holds `inside`.
    private func local(_ inside: [String]) -> RepoPath? {
        var best: (name: String, depth: Int)?
        for registry in registries {
            guard case .directory(let directory) = registry.location, let root = Registry.inside(directory) else { continue }
            let isBelow = root.count < inside.count && zip(root, inside).allSatisfy { $0.utf8.elementsEqual($1.utf8) }
            if isBelow, root.count >= best?.depth ?? 0 { best = (registry.name, root.count) }
        }
        guard let best else { return nil }
        return Self.path([best.name] + inside.dropFirst(best.depth))
    }

    /// Behind GitHub and Bitbucket there are owner and repo, and what follows is a page of theirs; elsewhere that begins with `-`, as in GitLab.
    private static func own(_ parts: [String], in registry: Registry) -> ArraySlice<String> {
        Registry.flatDomains.contains { registry.location == .domain($0) } ? parts.prefix(2) : parts.prefix { $0 != "-" }
    }

    private func place(_ parts: [String], in registry: Registry) -> RepoPath? {
        let own = Self.own(parts, in: registry)
        return own.count < 2 ? nil : Self.path([registry.name] + own)
    }

    private func last(_ parts: [String]) -> RepoPath? {
        parts.count < 2 ? nil : Self.path(parts.suffix(2))
    }

    private static func path(_ parts: [String]) -> RepoPath? {
        guard let name = parts.last else { return nil }
        return try? RepoPath((parts.dropLast() + [withoutSuffix(name)]).joined(separator: "/"))
    }

    /// `repo.git` is `repo`.
    private static func withoutSuffix(_ name: String) -> String {
        let bytes = Array(name.utf8)
        return bytes.suffix(4).elementsEqual(".git".utf8) && bytes.count > 4 ? String(decoding: bytes.dropLast(4), as: UTF8.self) : name
    }

    private static func path(_ parts: ArraySlice<String>) -> RepoPath? { path(Array(parts)) }
}
