package import Manifest
internal import Syscalls

/// A weave on disk: where everything lies in it. A value; nothing is opened or changed by making one.
package struct Weave: Sendable, Equatable {
    /// The canonical path of the weave's directory.
    package let root: String

    package init(root: String) { self.root = root }

    package var projects: String { root + "/projects" }
    package var activeMarker: String { root + "/.rwv-active" }
    package var workweaves: String { root + "/.workweaves" }
    /// Our state.
    package var state: String { root + "/.rwv" }
    package var states: String { state + "/workweaves" }
    package var bases: String { state + "/cache/bases" }
    package var blobs: String { state + "/cache/blobs" }
    package var run: String { state + "/run" }
    /// Where the base view is mounted: what workweaves of the kernel engine lie upon.
    package var baseView: String { run + "/base" }
    package var log: String { state + "/log" }

    package func project(_ name: ProjectName) -> String { projects + "/" + name.text }
    package func lockFile(_ name: ProjectName) -> String { project(name) + "/rwv.lock" }
    package func clone(_ path: RepoPath) -> String { root + "/" + path.text }
    /// Where a workweave is seen.
    package func workweave(_ name: WorkweaveName) -> String { workweaves + "/" + name.text }
    /// The hidden verb of the process that tells what would be lost with a workweave, one thing a line: `VERB WEAVE NAME`.
    package static let lossesVerb = "__losses"
    package static let lossesHint = "commit and push or merge what you want to keep, or use --force to lose it"

    /// Where a workweave's state lies: workweave.json, base metadata, upper/, work/.
    package func state(of name: WorkweaveName) -> String { states + "/" + name.text }

    /// The version of the layout of `.rwv`.
    package static let format = "1\n"

    /// The directories of `.rwv`, outer ones first.
    package var stateDirectories: [String] { [state, states, state + "/cache", bases, blobs, run, log, mounts] }

    /// Makes the directories of `.rwv` where they are missing.
    /// - Throws: `.unsupported` when `.rwv` was written by a newer program.
    package func prepareState() throws(WeaveError) {
        for directory in stateDirectories {
            try system("make \(directory)") { () throws(Errno) in
                do throws(Errno) { try Files.makeDirectory(directory, mode: directory == run ? 0o700 : 0o777) } catch where error == .exists {}
            }
        }
        let path = state + "/format"
        if let bytes = try system("read \(path)", { () throws(Errno) in try Files.readIfExists(path) }) {
            guard String(decoding: bytes, as: UTF8.self) == Self.format else {
                throw WeaveError(.unsupported, "\(path) says another format than this program knows", hint: "use the rwv that wrote it, or a newer one")
            }
        } else {
            try system("write \(path)") { () throws(Errno) in try Files.writeAtomically(path, Array(Self.format.utf8)) }
        }
    }

    /// Whether a directory is a weave: it has `projects/` or the directory of a built-in registry.
    package static func isRoot(_ directory: String) -> Bool {
        ["projects", "github", "gitlab", "bitbucket"].contains { Files.isDirectory(directory + "/" + $0) }
    }

    /// Why nothing of the weave can be read: its disk was taken away, or is broken. Nil when it can be, and for errors of another kind.
    package var diskFailure: WeaveError? {
        let hint = "see to the disk (dmesg(1)); when it is there again, run 'rwv up'"
        do throws(Errno) {
            guard Self.isRoot(root) || Files.exists(state) else { return WeaveError(.notAWeave, "\(root) is no weave (any more): its disk may be gone", hint: hint) }
            let directory = OwnedDescriptor(try Files.open(root, OpenFlags.directory))
            _ = try directory.descriptor.directoryEntries()
            for path in [activeMarker, state + "/format"] { _ = try Files.readIfExists(path) }
            return nil
        } catch {
            guard [.io, .stale, .notConnected, .noDevice].contains(error) else { return nil }
            return WeaveError(.failed, "\(root) cannot be read: \(error)", hint: hint)
        }
    }

    /// The name of the manifest in a project's directory: rwv.yaml, or rwv.toml where there is only that; nil without either.
    package static func manifestName(in directory: String) -> String? {
        Manifest.fileNames.first { Files.exists(directory + "/" + $0) }
    }

    /// The manifest of a project as it is on disk now.
    package func readManifest(_ name: ProjectName) throws(WeaveError) -> Manifest { try readManifest(name, in: project(name)) }

    /// The manifest of a project whose directory is, or will be, seen at `projects/NAME`.
    package func readManifest(_ name: ProjectName, in directory: String) throws(WeaveError) -> Manifest {
        let manifestName = Self.manifestName(in: directory) ?? Manifest.fileName
        let path = directory + "/" + manifestName, file = "projects/\(name.text)/\(manifestName)"
        guard let bytes = try system("read \(path)", { () throws(Errno) in try Files.readIfExists(path) }) else {
            throw WeaveError(.notFound, "project '\(name.text)' has no rwv.yaml (\(file) does not exist)",
                             hint: "run 'rwv init \(name.text)' to make it, or name another project with --project")
        }
        do throws(ManifestError) { return try Manifest.parse(bytes, file: file) } catch { throw WeaveError(error) }
    }

    /// The lock file of a project; nil when it has none.
    package func readLock(_ name: ProjectName) throws(WeaveError) -> LockFile? {
        try readLock(at: lockFile(name), shownAs: "projects/\(name.text)/rwv.lock")
    }

    package func readLock(at path: String, shownAs file: String) throws(WeaveError) -> LockFile? {
        guard let bytes = try system("read \(path)", { () throws(Errno) in try Files.readIfExists(path) }) else { return nil }
        do throws(ManifestError) { return try LockFile.parse(bytes, file: file) } catch { throw WeaveError(error) }
    }

    /// The project that `.rwv-active` names; nil when there is none.
    package func activeProject() throws(WeaveError) -> ProjectName? {
        guard let bytes = try system("read \(activeMarker)", { () throws(Errno) in try Files.readIfExists(activeMarker) }) else { return nil }
        do throws(ManifestError) { return try ActiveMarker.parse(bytes, file: ".rwv-active") } catch { throw WeaveError(error) }
    }

    /// Every project of the weave: directories below `projects/` that hold a manifest, also scoped ones (owner/name, registry/owner/name).
    package func allProjects() throws(WeaveError) -> [ProjectName] {
        var found: [ProjectName] = []
        func visit(_ directory: String, _ prefix: String, _ depth: Int) {
            guard let file = try? Files.open(directory, OpenFlags.directory) else { return }
            defer { file.close() }
            for entry in ((try? file.directoryEntries()) ?? []).sorted(by: { $0.text < $1.text }) {
                let name = prefix + entry.text, path = directory + "/" + entry.text
                guard !entry.text.hasPrefix("."), Files.isDirectory(path) else { continue }
                if Self.manifestName(in: path) != nil {
                    if let project = try? ProjectName(name) { found.append(project) }
                } else if depth < 3, !Files.exists(path + "/.git") { visit(path, name + "/", depth + 1) }
            }
        }
        visit(projects, "", 1)
        return found
    }
}
