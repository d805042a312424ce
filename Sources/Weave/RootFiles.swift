internal import Syscalls

/// The user's own files of a workweave that lie in no repo: at its root, or in a project directory that is a plain copy.
/// What activation made or the manifest had copied, and what tools make again, does not count.
package struct RootFiles {
    /// Directories of tool state, which package managers and compilers make again.
    private static let toolState: Set<String> = ["node_modules", ".venv", "venv", "target", "__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".gradle"]

    private let weave: Weave
    private let directory: String
    private let repos: Set<String>
    private let record: WorkweaveRecord?

    /// - Parameters:
    ///   - directory: the upper directory, or the root of a checkout.
    ///   - record: what came along when the workweave was made.
    package init(_ weave: Weave, in directory: String, repos: [String], record: WorkweaveRecord?) {
        self.weave = weave
        self.directory = directory
        self.repos = Set(repos)
        self.record = record
    }

    /// Their paths from the root, sorted.
    package func all() -> [String] {
        var found: [String] = []
        walk("", &found)
        return found
    }

    private func walk(_ prefix: String, _ found: inout [String]) {
        guard let file = try? Files.open(directory + "/" + prefix, OpenFlags.directory) else { return }
        let entries = ((try? file.directoryEntries()) ?? []).sorted { $0.text < $1.text }
        file.close()
        for entry in entries {
            let path = prefix.isEmpty ? entry.text : prefix + "/" + entry.text
            if repos.contains(path) || Self.toolState.contains(entry.text) { continue }
            guard let status = try? Files.status(directory + "/" + path), !status.isWhiteoutDevice else { continue }
            if status.isDirectory { walk(path, &found) } else if !isGiven(path) { found.append(path) }
        }
    }

    /// A file that is in the weave just so: copied from there, or made by activation.
    private func isGiven(_ path: String) -> Bool {
        if [".rwv-active", ".rwv-workweave"].contains(path) { return true }
        if let target = try? Files.readLink(directory + "/" + path) {
            if (try? Files.readLink(weave.root + "/" + path)) == target { return true }
            return target.contains("projects/") || target.hasPrefix(weave.root + "/")
        }
        guard let ours = try? Files.read(directory + "/" + path) else { return false }
        if record?.isGiven(path, ours) == true { return true }
        guard let theirs = try? Files.read(weave.root + "/" + path) else { return false }
        return ours == theirs
    }
}
