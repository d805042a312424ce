internal import Syscalls

extension LinkedWorktree {
    /// Changes that git has set aside while it rebases or merges (`--autostash`): commits that only a file of the worktree names.
    package static func setAside(_ adminDirectory: String) -> [ObjectID] {
        ["rebase-merge/autostash", "rebase-apply/autostash", "MERGE_AUTOSTASH"].compactMap { object(adminDirectory + "/" + $0) }
    }

    /// References that this worktree has for itself (`refs/worktree`, `refs/bisect`, `refs/rewritten`), by full name; git keeps each in a file.
    package static func ownReferences(_ adminDirectory: String) -> [(name: String, object: ObjectID)] {
        var all: [(name: String, object: ObjectID)] = []
        func look(_ name: String) {
            guard let directory = try? Files.open(adminDirectory + "/" + name, OpenFlags.directory | OpenFlags.noFollow) else {
                if let object = object(adminDirectory + "/" + name) { all.append((name, object)) }
                return
            }
            defer { directory.close() }
            for entry in (try? directory.directoryEntries()) ?? [] { look(name + "/" + entry.text) }
        }
        look("refs")
        return all
    }

    private static func object(_ path: String) -> ObjectID? {
        guard let text = try? Files.read(path, limit: 4096) else { return nil }
        return ObjectID(hex: String(decoding: text.prefix { $0 != 10 }, as: UTF8.self))
    }

    /// An entry of an index, as `git ls-files -v` tells it.
    package struct Listed: Sendable {
        /// In lower case where git was told that the file is as it should be (`--assume-unchanged`); `S` where it was told not to look (`--skip-worktree`).
        let tag: UInt8
        let isGitlink: Bool
        package let path: [UInt8]
        var text: String { String(decoding: path, as: UTF8.self) }
    }

    /// The index of a working tree. - Throws: when git cannot tell.
    package static func entries(_ gitDirectory: String, _ top: String) throws(GitError) -> [Listed] {
        let listed = try GitProgram.run(["--git-dir", gitDirectory, "--work-tree", top, "ls-files", "-v", "-s", "-z"], directory: top)
        try listed.check("cannot read the index of \(top)")
        // "H 100644 OBJECT STAGE<tab>PATH"
        return listed.output.split(separator: 0).compactMap { line in
            guard let tab = line.firstIndex(of: UInt8(ascii: "\t")), let tag = line.first else { return nil }
            return Listed(tag: tag, isGitlink: line.dropFirst(2).starts(with: "160000 ".utf8), path: Array(line[(tab + 1)...]))
        }
    }

    /// Files that `git status` does not look at (`update-index --assume-unchanged` or `--skip-worktree`), that are there and are not as the
    /// index says. Relative to `top`. - Throws: when git cannot tell.
    package static func hiddenChanges(_ adminDirectory: String, _ top: String, _ entries: [Listed]) throws(GitError) -> [String] {
        let place = ["--git-dir", adminDirectory, "--work-tree", top]
        var paths: [[UInt8]] = []
        for entry in entries {
            let isAssumed = entry.tag >= UInt8(ascii: "a")
            guard isAssumed || entry.tag == UInt8(ascii: "S") else { continue }
            // Outside of a sparse checkout there is nothing.
            if isAssumed || Files.exists(top + "/" + entry.text) { paths.append(entry.path) }
        }
        if paths.isEmpty { return [] }
        let copy = adminDirectory + "/index.rwv-tmp-" + randomHex(8)
        try onDisk("cannot copy the index of \(top)") { () throws(Errno) in try Files.copy(adminDirectory + "/index", copy) }
        defer { try? Files.unlink(copy) }
        // Entries without flags and without what was seen of the files: contents are compared, since a file of the same size that was
        // changed in the second of its entry looks unchanged (git's Documentation/technical/racy-git.txt).
        let hidden = Set(paths), environment: [String: String?] = ["GIT_INDEX_FILE": copy]
        let entries = try GitProgram.run(place + ["ls-files", "-s", "-z"], directory: top, environment: environment)
        try entries.check("cannot read the index of \(top)")
        let anew = entries.output.split(separator: 0).filter { line in hidden.contains(Array(line.drop { $0 != UInt8(ascii: "\t") }.dropFirst())) }
        try GitProgram.run(place + ["update-index", "-z", "--index-info"], directory: top, environment: environment, input: Array(anew.map { $0 + [0] }.joined()))
            .check("cannot look at \(top)")
        // Its exit status says that something differs.
        _ = try GitProgram.run(place + ["update-index", "-q", "--refresh"], directory: top, environment: environment)
        let changed = try GitProgram.run(place + ["diff-files", "--name-only", "-z"], directory: top, environment: environment)
        try changed.check("cannot look at \(top)")
        return changed.output.split(separator: 0).map(Array.init).filter(hidden.contains).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The places of submodules without a repository in which there are files nevertheless: git looks into none of them. Relative to `top`.
    package static func filesInSubmodules(_ top: String, _ entries: [Listed]) -> [String] {
        entries.filter(\.isGitlink).map(\.text).filter { place in
            guard let directory = try? Files.open(top + "/" + place, OpenFlags.directory | OpenFlags.noFollow) else { return false }
            defer { directory.close() }
            let names = ((try? directory.directoryEntries()) ?? []).map(\.text)
            return !names.isEmpty && !names.contains(".git")
        }
    }

    /// The submodules that have a repository, also theirs: their places, relative to `top`, and git directories.
    package static func submodules(_ top: String, _ entries: [Listed]) throws(GitError) -> [(place: String, gitDirectory: String, entries: [Listed])] {
        var found: [(place: String, gitDirectory: String, entries: [Listed])] = []
        for place in entries.filter(\.isGitlink).map(\.text) {
            let inner = "\(top)/\(place)"
            guard let directory = Repository.commonDirectory(ofClone: inner), Files.exists(directory + "/HEAD") else { continue }
            let own = try self.entries(directory, inner)
            found.append((place, directory, own))
            found += try submodules(inner, own).map { ("\(place)/\($0.place)", $0.gitDirectory, $0.entries) }
        }
        return found
    }
}
