package import Manifest
internal import Syscalls

/// Where a command acts: the weave, the workweave the working directory is in, the project. Immutable.
package final class Context: Sendable {
    package let weave: Weave
    /// Nil in the weave itself.
    package let workweave: WorkweaveName?
    /// The project mount that the directory is in; it shows the weave.
    package let mount: String?
    /// Nil when nothing says which.
    package let project: ProjectName?

    package init(weave: Weave, workweave: WorkweaveName?, mount: String? = nil, project: ProjectName?) {
        self.weave = weave
        self.workweave = workweave
        self.mount = mount
        self.project = project
    }

    /// The directory that plays the weave's part: the workweave's root, or the weave.
    package var root: String { workweave.map(weave.workweave) ?? weave.root }

    /// The same project in the weave itself.
    package var inWeave: Context { Context(weave: weave, workweave: nil, mount: nil, project: project) }

    /// The directory of a project, here.
    package func directory(_ project: ProjectName) -> String { root + "/projects/" + project.text }

    /// The project, or an error that says how to name one.
    package func requireProject() throws(WeaveError) -> ProjectName {
        guard let project else {
            throw WeaveError(.notFound, "no project is active here", hint: "run 'rwv activate PROJECT', or name one with --project")
        }
        return project
    }

    /// Finds the context of a directory, walking up: a `.rwv-workweave` marker, a project mount, then a directory with `projects/` (or a registry's).
    /// - Parameters:
    ///   - directory: canonical.
    ///   - project: from `--project`; wins over everything else.
    ///   - readsActive: looks which project is active, if nothing else says one.
    /// - Throws: `.notAWeave` when there is none above; `.busy` in a workweave that somebody else has for himself.
    package static func find(from directory: String, project override: ProjectName?, readsActive: Bool = true) throws(WeaveError) -> Context {
        var at = directory
        while true {
            if let place = workweavePlace(at) { try Weave(root: place.weave).requireShared(place.name) }
            if let place = workweavePlace(at), let marker = try workweaveMarker(at) {
                guard Weave.isRoot(place.weave) else {
                    throw WeaveError(.unsupported, "\(at) is a workweave that repoweave 0.2.x made for \(marker.primary)",
                                     hint: "work in it with that program, or make one here: rwv -C \(marker.primary) workweave \(marker.project) create")
                }
                do throws(ManifestError) {
                    return Context(weave: Weave(root: place.weave), workweave: try WorkweaveName(place.name), mount: nil, project: override ?? marker.project)
                } catch { throw WeaveError(error) }
            }
            if let root = mountedWeave(at) {
                let active = try override == nil && readsActive ? Weave(root: at).activeProject() : nil
                return Context(weave: Weave(root: root), workweave: nil, mount: at, project: override ?? active)
            }
            if Weave.isRoot(at) {
                let weave = Weave(root: at)
                let inside = directory == at ? [] : directory.dropFirst(at.count).split(separator: "/").map(String.init)
                var project = override ?? weave.projectOf(inside)
                if project == nil, readsActive { project = try weave.activeProject() }
                return Context(weave: weave, workweave: nil, mount: nil, project: project)
            }
            guard at != "/", let slash = at.lastIndex(of: "/") else { break }
            at = slash == at.startIndex ? "/" : String(at[..<slash])
        }
        throw WeaveError(.notAWeave, "no weave found above \(directory)",
                         hint: "go into a weave, name one with -C, or start one with 'rwv init PROJECT' in an empty directory")
    }

    /// The weave of a directory, also where its disk cannot be read any more: then it is known by its mounts.
    package static func findWeave(from directory: String) throws(WeaveError) -> Weave {
        do throws(WeaveError) { return try find(from: directory, project: nil, readsActive: false).weave } catch {
            let served = MountTable.all().first { $0.type == MountTable.ours && (directory + "/").hasPrefix($0.source + "/") }
            guard error.code == .notAWeave, let served else { throw error }
            return Weave(root: served.source)
        }
    }

    /// The weave that a directory says it is a project mount of, by an extended attribute.
    private static func mountedWeave(_ directory: String) -> String? {
        guard let file = try? Files.open(directory, OpenFlags.path | OpenFlags.directory) else { return nil }
        defer { file.close() }
        guard let value = (try? file.attribute(ofHandle: AttributeName(MountRecord.weaveAttribute), limit: Files.longestPath)) ?? nil else { return nil }
        let root = String(decoding: value, as: UTF8.self)
        // Anybody can set attributes on directories of his own.
        return MountTable.containing(directory).flatMap { $0.type == MountTable.ours && $0.source == root ? root : nil }
    }

    /// The weave and the name that a directory has if it lies where workweaves do: seen in the mount, or a checkout in its state directory. A marker
    /// anywhere else says nothing: it may come from a repo or a project.
    private static func workweavePlace(_ directory: String) -> (weave: String, name: String)? {
        let parts = directory.split(separator: "/").map(String.init)
        func root(_ count: Int) -> String { "/" + parts.dropLast(count).joined(separator: "/") }
        if parts.count > 2, parts[parts.count - 2] == ".workweaves" { return (root(2), parts[parts.count - 1]) }
        guard parts.count > 4, parts.suffix(4).elementsEqual([".rwv", "workweaves", parts[parts.count - 2], "checkout"]) else { return nil }
        return (root(4), parts[parts.count - 2])
    }

    private static func workweaveMarker(_ directory: String) throws(WeaveError) -> WorkweaveMarker? {
        let path = directory + "/.rwv-workweave"
        guard let bytes = try system("read \(path)", { () throws(Errno) in try Files.readIfExists(path) }) else { return nil }
        do throws(ManifestError) { return try WorkweaveMarker.parse(bytes, file: path) } catch { throw WeaveError(error) }
    }
}

extension Weave {
    /// The project whose directory a path below the weave lies in (its segments), if any.
    func projectOf(_ segments: [String]) -> ProjectName? {
        guard segments.first == "projects" else { return nil }
        for count in 1...3 where segments.count > count {
            let name = segments[1...count].joined(separator: "/")
            if Self.manifestName(in: projects + "/" + name) != nil, let project = try? ProjectName(name) { return project }
        }
        return nil
    }
}
