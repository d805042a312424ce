package import Manifest
internal import Syscalls

/// Why a project cannot be activated.
package struct IntegrationError: Error, Equatable, Sendable {
    package let message: String
    package let hint: String
}

/// What activating a project changes at a root. Made by ``resolve(root:project:manifest:others:)``, which writes nothing.
package struct Activation: Equatable, Sendable {
    package let project: ProjectName
    /// Links that are missing or lead to another project.
    package let make: [SurfacedLink]
    /// Paths of links of other activations that this project does not have, relative to the root.
    package let remove: [String]

    /// Looks at the root and the project directory.
    /// - Parameter others: paths below directories of the root where other projects may have left links (`gita/repos.csv`);
    ///   links right at the root are found without.
    /// - Throws: when a file of the user's stands where a link belongs.
    package static func resolve(root: String, project: ProjectName, manifest: Manifest, others: [String] = []) throws(IntegrationError) -> Activation {
        let directory = root + "/projects/" + project.text
        let links: [SurfacedLink]
        do throws(ManifestError) {
            links = try surfacedLinks(project: project, manifest: manifest) { Files.exists(directory + "/" + $0) }
        } catch { throw IntegrationError(message: "integrations.static-files: \(error)", hint: error.hint) }
        var make: [SurfacedLink] = []
        for link in links where try !isThere(link, root) { make.append(link) }
        let wanted = Set(links.map(\.path))
        let remove = Set(try atRoot(root) + others).subtracting(wanted).filter { path in
            linkTarget(root + "/" + path).flatMap { surfacingProject(path: path, target: $0, root: root) } != nil
        }
        return Activation(project: project, make: make, remove: remove.sorted())
    }

    /// Makes and removes the links, then writes `.rwv-active`. Each step is atomic; after an interruption, running it again
    /// finishes it.
    package func apply(root: String) throws(IntegrationError) {
        for link in make {
            let path = root + "/" + link.path, temporary = "\(path).tmp\(randomHex(6))"
            try on(path) { () throws(Errno) in
                if let slash = link.path.lastIndex(of: "/") { try Files.makeDirectories(root + "/" + link.path[..<slash]) }
                try Files.makeSymlink(temporary, target: link.target)
                do throws(Errno) { try Files.rename(temporary, path) } catch {
                    try? Files.unlink(temporary)
                    throw error
                }
            }
        }
        for path in remove { try on(root + "/" + path) { () throws(Errno) in try Files.unlink(root + "/" + path) } }
        let marker = root + "/" + ActiveMarker.fileName
        try on(marker) { () throws(Errno) in try Files.writeAtomically(marker, Array(ActiveMarker.text(project).utf8)) }
    }

    /// Whether the link stands already. Throws when something that activation did not make is in its way.
    private static func isThere(_ link: SurfacedLink, _ root: String) throws(IntegrationError) -> Bool {
        let parts = link.path.split(separator: "/")
        for count in 1..<parts.count {
            let above = parts[..<count].joined(separator: "/")
            guard let status = try on(root + "/" + above, { () throws(Errno) in try Files.status(root + "/" + above) }) else { return false }
            if !status.isDirectory { throw inTheWay(above, link) }
        }
        let path = root + "/" + link.path
        guard try on(path, { () throws(Errno) in try Files.status(path) }) != nil else { return false }
        guard let target = linkTarget(path), surfacingProject(path: link.path, target: target, root: root) != nil else {
            throw inTheWay(link.path, link)
        }
        return target == link.target
    }

    private static func inTheWay(_ path: String, _ link: SurfacedLink) -> IntegrationError {
        IntegrationError(message: "'\(path)' at the root is a file of yours, where a link to \(String(link.target.drop { $0 == "." || $0 == "/" })) belongs",
                         hint: "move it away, or into the project directory; nothing was changed")
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
        throw IntegrationError(message: "cannot change \(path): \(error)", hint: "check its permissions and run the command again")
    }
}
