internal import CGit2
internal import Syscalls

/// A repository's configuration as git reads it: system, user, clone and, with extensions.worktreeConfig, worktree; includes
/// followed. A snapshot, in git's order of reading (a later value overrules an earlier one).
package struct Configuration: Sendable {
    package struct Item: Sendable, Hashable {
        /// Section and key in lower case, the subsection as written: `filter.LFS.smudge`.
        package let name: String
        package let value: String
    }
    package let items: [Item]

    /// The last value of a variable; nil when unset. An entry without `=` reads as "true".
    package subscript(name: String) -> String? { items.last { $0.name == name }?.value }
    package func first(where test: (Item) -> Bool) -> Item? { items.first(where: test) }

    /// The truth value of a variable as git reads it; `fallback` when unset.
    package func bool(_ name: String, _ fallback: Bool = false) -> Bool { self[name].map(Self.bool) ?? fallback }

    static func bool(_ text: String) -> Bool {
        switch text.lowercased() {
        case "", "false", "no", "off": false
        case "true", "yes", "on": true
        default: (Int(text) ?? 0) != 0
        }
    }

    /// Reads through libgit2 (git_repository_config), or, where files or environment use what libgit2 does not know,
    /// through `git config --list`.
    static func load(of repository: Repository) -> Result<Configuration, GitError> {
        do throws(GitError) {
            var items = try read(repository)
            if needsProgram(items, CurrentProcess.environment) {
                items = try readByProgram(repository.gitDirectory)
            }
            return .success(Configuration(items: items))
        } catch { return .failure(error) }
    }

    /// Whether git would read more than libgit2 1.5 does: `includeIf "hasconfig:…"`, or configuration given by variables.
    static func needsProgram(_ items: [Item], _ environment: [String]) -> Bool {
        let names = ["GIT_CONFIG_COUNT=", "GIT_CONFIG_PARAMETERS="]
        return items.contains { $0.name.hasPrefix("includeif.hasconfig:") }
            || environment.contains { entry in names.contains { entry.hasPrefix($0) } }
    }

    private static func read(_ repository: Repository) throws(GitError) -> [Item] {
        var items = try files(repository)
        // libgit2 1.5 does not read config.worktree.
        let own = repository.gitDirectory + "/config.worktree"
        if Configuration(items: items).bool("extensions.worktreeconfig"), Files.exists(own) {
            var config: OpaquePointer?
            try git(unsafe git_config_open_ondisk(&config, own), "cannot read \(own)")
            if let config = unsafe config {
                defer { unsafe git_config_free(config) }
                items += try unsafe list(config)
            }
        }
        return items
    }

    /// System, user and clone. Files that variables name (git(1), GIT_CONFIG_SYSTEM and GIT_CONFIG_GLOBAL), which libgit2 1.5 does
    /// not look at, take the place of the ones it would find; so do those of a client's HOME, since it looks in this process's.
    private static func files(_ repository: Repository) throws(GitError) -> [Item] {
        let failed = "cannot read the git configuration of \(repository.gitDirectory)"
        let global = CurrentProcess.environment("GIT_CONFIG_GLOBAL"), system = CurrentProcess.environment("GIT_CONFIG_SYSTEM")
        let skipsSystem = bool(CurrentProcess.environment("GIT_CONFIG_NOSYSTEM") ?? "false")
        var config: OpaquePointer?
        guard global != nil || system != nil || skipsSystem || CurrentProcess.hasClientsEnvironment else {
            try git(unsafe git_repository_config(&config, repository.pointer), failed)
            guard let config = unsafe config else { return [] }
            defer { unsafe git_config_free(config) }
            return try unsafe list(config)
        }
        try git(unsafe git_config_new(&config), failed)
        guard let config = unsafe config else { return [] }
        defer { unsafe git_config_free(config) }
        let home = CurrentProcess.environment("HOME") ?? ""
        let xdg = CurrentProcess.environment("XDG_CONFIG_HOME").flatMap { $0.isEmpty ? nil : $0 } ?? home + "/.config"
        var named: [(path: String, level: git_config_level_t)] = []
        if !skipsSystem { named.append((system ?? "/etc/gitconfig", GIT_CONFIG_LEVEL_SYSTEM)) }
        if let global { named.append((global, GIT_CONFIG_LEVEL_GLOBAL)) } else {
            named += [(xdg + "/git/config", GIT_CONFIG_LEVEL_XDG), (home + "/.gitconfig", GIT_CONFIG_LEVEL_GLOBAL)]
        }
        named.append((repository.commonDirectory + "/config", GIT_CONFIG_LEVEL_LOCAL))
        for (path, level) in named where !path.isEmpty && Files.exists(path) {
            try git(unsafe git_config_add_file_ondisk(config, path, level, repository.pointer, 1), failed)
        }
        return try unsafe list(config)
    }

    @unsafe private static func list(_ config: OpaquePointer) throws(GitError) -> [Item] {
        var iterator: OpaquePointer?
        try git(unsafe git_config_iterator_new(&iterator, config), "cannot list a git configuration")
        defer { unsafe git_config_iterator_free(iterator) }
        var items: [Item] = []
        var entry: UnsafeMutablePointer<git_config_entry>?
        while unsafe git_config_next(&entry, iterator) == 0, let e = unsafe entry {
            guard let name = unsafe e.pointee.name else { continue }
            let value = unsafe e.pointee.value.map { unsafe String(cString: $0) }
            items.append(Item(name: unsafe String(cString: name), value: value ?? "true"))
        }
        return items
    }

    private static func readByProgram(_ gitDirectory: String) throws(GitError) -> [Item] {
        let outcome = try GitProgram.run(["--git-dir", gitDirectory, "config", "--list", "-z"], directory: gitDirectory)
        try outcome.check("cannot read the git configuration of \(gitDirectory)")
        return outcome.output.split(separator: 0).map { record in
            let parts = record.split(separator: UInt8(ascii: "\n"), maxSplits: 1, omittingEmptySubsequences: false)
            return Item(name: String(decoding: parts[0], as: UTF8.self),
                        value: parts.count > 1 ? String(decoding: parts[1], as: UTF8.self) : "true")
        }
    }
}
