internal import Git
internal import Manifest
internal import Syscalls
internal import Weave

/// What `add` and `fetch` are given: where to clone from, and for `add` where to.
struct AddSource {
    let url: RemoteURL
    let path: RepoPath

    /// Takes a word for what it most likely is: a URL, a repository on this disk, or a short form.
    static func find(_ text: String, _ session: Session, _ context: Context, isNew: Bool) throws -> AddSource {
        let registries = try session.registries()
        if isNew { return try new(text, registries) }
        if let local = try localRepository(text, session) { return try self.local(local, context, registries) }
        if !isExplicitPath(text), let short = registries.expand(shorthand: text) { return AddSource(url: short.url, path: short.path) }
        return try from(url(text, session, registries), registries)
    }

    /// The URL alone, for a repository that has its place already.
    static func url(_ text: String, _ session: Session, _ registries: RegistrySet) throws -> RemoteURL {
        if let local = try localRepository(text, session) { return try RemoteURL(local) }
        if !isExplicitPath(text), let short = registries.expand(shorthand: text) { return short.url }
        let url = try RemoteURL(text)
        guard case .path = url.form else { return registries.repository(ofPage: url) }
        throw CommandFailure("'\(text)' is no git repository, no URL and no short form that is known",
                             hint: "write a URL, owner/repo, or REGISTRY/owner/repo with one of \(registries.registries.map(\.name).joined(separator: ", "))")
    }

    private static func new(_ text: String, _ registries: RegistrySet) throws -> AddSource {
        let path = try RepoPath(text)
        guard let url = registries.url(forPath: path) else {
            let known = registries.registries.map(\.name).joined(separator: ", ")
            guard path.segments.count >= 3 else {
                throw CommandFailure("'\(text)' does not say where a new repository belongs", hint: "write registry/owner/repo, such as github/me/\(path.name)")
            }
            throw CommandFailure("cannot infer a URL for '\(text)': no registry '\(path.segments.first ?? "")'", hint: "known registries: \(known)")
        }
        return AddSource(url: url, path: path)
    }

    /// A clone inside the weave or workweave is listed by its origin; any other is cloned from where it lies.
    private static func local(_ directory: String, _ context: Context, _ registries: RegistrySet) throws -> AddSource {
        for root in [context.root, context.weave.root] where directory.hasPrefix(root + "/") {
            let path = try RepoPath(String(directory.dropFirst(root.count + 1)))
            guard let origin = Add.originURL(try Repository(opening: directory)) else {
                throw CommandFailure("\(path) has no remote 'origin' to record", hint: "run 'git remote add origin URL' in it first")
            }
            return AddSource(url: try RemoteURL(origin), path: path)
        }
        return try from(try RemoteURL(directory), registries)
    }

    private static func from(_ url: RemoteURL, _ registries: RegistrySet) throws -> AddSource {
        guard let path = registries.path(forURL: url) else {
            throw CommandFailure("cannot tell from '\(url)' where in the weave it belongs", hint: "the URL must end in owner/repo")
        }
        return AddSource(url: url, path: path)
    }

    /// The canonical path of a repository on this disk that the word names; nil when it is none. - Throws: when git does not trust it.
    private static func localRepository(_ text: String, _ session: Session) throws(GitError) -> String? {
        guard !text.isEmpty, !text.contains("://"), let path = try? Files.canonical(session.path(text)) else { return nil }
        do throws(GitError) { _ = try Repository(opening: path) } catch {
            if error.code == .ownership { throw error }
            return nil
        }
        return path
    }

    private static func isExplicitPath(_ text: String) -> Bool {
        ["/", "./", "../", "~"].contains { text.hasPrefix($0) } || text == "." || text == ".."
    }
}
