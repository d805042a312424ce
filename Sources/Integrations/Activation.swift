package import Manifest
internal import Syscalls

/// What activating a project changes at a root. Made by ``resolve(_:resolution:previous:others:)``, which writes nothing.
package struct Activation: Equatable, Sendable {
    package let project: ProjectName
    /// Files of the project directory that are missing or differ.
    package let write: [GeneratedFile]
    /// Tools' own lock files that a tool wrote at the root in the place of the link: they move into the project directory they belong to.
    package let adopt: [Adoption]
    /// Links that are missing or lead to another project.
    package let make: [SurfacedLink]
    /// Paths of links of other activations that this project does not have, relative to the root.
    package let remove: [String]

    /// A file at the root that belongs into a project directory.
    package struct Adoption: Equatable, Sendable {
        /// Relative to the root, and to the project directory.
        package let path: String
        package let project: ProjectName
    }

    /// Looks at the root and the project directory.
    /// - Parameters:
    ///   - previous: the project that is active now, with its manifest; nil when none is.
    ///   - others: paths below directories of the root where other projects may have left links (`gita/repos.csv`);
    ///     links right at the root are found without.
    /// - Throws: when a file of the user's stands where a link or a generated file belongs.
    package static func resolve(_ session: RootSession, previous: (project: ProjectName, manifest: Manifest)?, others: [String] = []) throws(IntegrationError) -> Activation {
        let root = session.root, project = session.project
        let resolution = try Resolution.make(session, dangling: session.workweave == nil) { Files.exists("\(root)/projects/\(project.text)/\($0)") }
        let write = resolution.files.filter { session.existing[$0.path] != $0.bytes }
        for file in write { try refuseToLeave(file.path, root, project) }
        try refuseConflicts(resolution.links, session)
        let adopt = try previous.map { previous throws(IntegrationError) in try adoptions(previous.project, previous.manifest, root) } ?? []
        var links = resolution.links
        // What is adopted exists in a moment.
        for adoption in adopt where adoption.project == project && !links.contains(where: { $0.path == adoption.path }) {
            links.append(SurfacedLink(path: adoption.path, project: project))
        }
        var make: [SurfacedLink] = []
        for link in links where try !isThere(link, root, besides: adopt) { make.append(link) }
        let wanted = Set(links.map(\.path))
        let remove = Set(try atRoot(root) + others).subtracting(wanted).filter { path in
            linkTarget(root + "/" + path).flatMap { surfacingProject(path: path, target: $0, root: root) } != nil
        }
        return Activation(project: project, write: write, adopt: adopt, make: make, remove: remove.sorted())
    }

    /// Whether there is nothing to do but to write `.rwv-active`.
    package var isEmpty: Bool { write.isEmpty && adopt.isEmpty && make.isEmpty && remove.isEmpty }

    /// Writes the files, moves, makes and removes links, then writes `.rwv-active`. Each step is atomic; after an interruption, running it
    /// again finishes it.
    package func apply(root: String) throws(IntegrationError) {
        try applyFiles(root: root)
        for adoption in adopt {
            let target = "\(root)/projects/\(adoption.project.text)/\(adoption.path)"
            try on(target) { () throws(Errno) in try Files.rename(root + "/" + adoption.path, target) }
        }
        for link in make {
            let path = root + "/" + link.path, temporary = path + Files.temporarySuffix
            try on(path) { () throws(Errno) in
                // Left by one that was killed: only one activates at a time.
                do throws(Errno) { try Files.unlink(temporary) } catch where error == .notFound || error == .notDirectory {}
                if let slash = link.path.lastIndex(of: "/") { try Files.makeDirectories(root + "/" + link.path[..<slash]) }
                try Files.makeSymlink(temporary, target: link.target)
                do throws(Errno) { try Files.rename(temporary, path) } catch {
                    try? Files.unlink(temporary)
                    throw error
                }
            }
        }
        for path in remove { try on(root + "/" + path) { () throws(Errno) in try Files.unlink(root + "/" + path) } }
        let marker = root + "/" + ActiveMarker.fileName, text = Array(ActiveMarker.text(project).utf8)
        try on(marker) { () throws(Errno) in
            if try Files.readIfExists(marker) != text { try Files.replace(marker, text) }
        }
    }

    /// Writes only the generated files of the project directory.
    package func applyFiles(root: String) throws(IntegrationError) {
        for file in write {
            let path = "\(root)/projects/\(project.text)/\(file.path)"
            try on(path) { () throws(Errno) in
                if let slash = path.lastIndex(of: "/") { try Files.makeDirectories(String(path[..<slash])) }
                try Files.replace(path, file.bytes)
            }
        }
    }

    /// Tools' lock files of an active project that stand at the root as files, and not yet in its project directory.
    package static func adoptions(_ project: ProjectName, _ manifest: Manifest, _ root: String) throws(IntegrationError) -> [Adoption] {
        var found: [Adoption] = []
        for ecosystem in ecosystems where ecosystem.tool != nil && ecosystem.marker != nil && ecosystem.isEnabled(manifest) {
            let paths = (try? ecosystem.surfacedPaths(project: project, settings: manifest.integration(ecosystem.name))) ?? []
            // Only beside the generated file's link: elsewhere it is a file of the user's.
            guard let first = paths.first, linkTarget(root + "/" + first).flatMap({ surfacingProject(path: first, target: $0, root: root) }) == project.text else { continue }
            for path in paths.dropFirst() {
                let status = try on(root + "/" + path) { () throws(Errno) in try Files.status(root + "/" + path) }
                if status?.isRegular == true, !Files.exists("\(root)/projects/\(project.text)/\(path)") { found.append(Adoption(path: path, project: project)) }
            }
        }
        return found
    }

    /// Whether the link stands already. Throws when something that activation did not make is in its way.
    private static func isThere(_ link: SurfacedLink, _ root: String, besides adopt: [Adoption]) throws(IntegrationError) -> Bool {
        let parts = link.path.split(separator: "/")
        for count in 1..<parts.count {
            let above = parts[..<count].joined(separator: "/")
            guard let status = try on(root + "/" + above, { () throws(Errno) in try Files.status(root + "/" + above) }) else { return false }
            if !status.isDirectory { throw inTheWay(above, link) }
            if Files.exists("\(root)/\(above)/.git") { throw insideRepository(link.path, above) }
        }
        let path = root + "/" + link.path
        guard try on(path, { () throws(Errno) in try Files.status(path) }) != nil else { return false }
        if adopt.contains(where: { $0.path == link.path }) { return false }
        guard let target = linkTarget(path), surfacingProject(path: link.path, target: target, root: root) != nil else {
            throw inTheWay(link.path, link)
        }
        return target == link.target
    }

    /// Links never lie in a repository or where one belongs, nor one in another.
    private static func refuseConflicts(_ links: [SurfacedLink], _ session: RootSession) throws(IntegrationError) {
        let reserved = RegistrySet().registries.map(\.name) + ["projects"]
        let repositories = session.members.map(\.path.text)
        for link in links {
            if reserved.contains(link.path) || repositories.contains(where: { $0 == link.path || $0.hasPrefix(link.path + "/") }) {
                throw IntegrationError(message: "'\(link.path)' cannot be linked to the root: repositories belong there", hint: "give the file another name")
            }
            if let outer = repositories.first(where: { link.path.hasPrefix($0 + "/") }) { throw insideRepository(link.path, outer) }
            if let outer = links.first(where: { link.path.hasPrefix($0.path + "/") }) {
                throw IntegrationError(message: "'\(link.path)' cannot be linked to the root: it would lie inside the link '\(outer.path)'", hint: "list one of the two")
            }
        }
    }

    private static func insideRepository(_ path: String, _ repository: String) -> IntegrationError {
        IntegrationError(message: "'\(path)' cannot be linked to the root: it would lie inside the repository \(repository)", hint: "give the file another name")
    }

    private static func inTheWay(_ path: String, _ link: SurfacedLink) -> IntegrationError {
        IntegrationError(message: "'\(path)' at the root is a file of yours, where a link to \(String(link.target.drop { $0 == "." || $0 == "/" })) belongs",
                         hint: "move it away, or into the project directory")
    }

    /// A generated file is never written through a link that leaves the project directory.
    private static func refuseToLeave(_ path: String, _ root: String, _ project: ProjectName) throws(IntegrationError) {
        let parts = path.split(separator: "/")
        for count in 1..<parts.count {
            let above = "\(root)/projects/\(project.text)/" + parts[..<count].joined(separator: "/")
            if let status = try on(above, { () throws(Errno) in try Files.status(above) }), !status.isDirectory {
                throw IntegrationError(message: "cannot write \(path): \(above) is no directory", hint: "move it away")
            }
        }
        let full = "\(root)/projects/\(project.text)/\(path)"
        if linkTarget(full) != nil {
            throw IntegrationError(message: "projects/\(project)/\(path) is a link of yours, where a file is to be generated", hint: "move it away, or turn the integration off")
        }
    }

    private static func atRoot(_ root: String) throws(IntegrationError) -> [String] {
        try on(root) { () throws(Errno) in
            let directory = OwnedDescriptor(try Files.open(root, OpenFlags.directory))
            let unknown: UInt8 = 0
            return try directory.descriptor.directoryEntries()
                .filter { $0.type == FileType.symlink.directoryRecordType || $0.type == unknown }.map(\.text)
        }
    }

    private static func linkTarget(_ path: String) -> String? { (try? Files.readLink(path)) ?? nil }
}

private func on<R>(_ path: String, _ body: () throws(Errno) -> R) throws(IntegrationError) -> R {
    do throws(Errno) { return try body() } catch {
        let remedy = switch error {
        case .noSpace: "free some space on that disk"
        case .readOnly: "it lies on a read-only file system: mount that read-write"
        default: "check its permissions"
        }
        throw IntegrationError(message: "cannot change \(path): \(error)", hint: "\(remedy) and run the command again")
    }
}
