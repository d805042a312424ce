internal import Layers
internal import Manifest
internal import Syscalls
internal import Weave

/// What a workweave has at its root and in its project directory beside the repos' trees: copies, links, the edited manifest.
struct OwnFiles {
    let weave: Weave
    let plan: ViewPlan
    /// The directory to fill: an upper, or the root of a checkout.
    let upper: String
    let umask: UInt32
    let surface: ServedWeave.Surface

    /// Puts copies into the upper directory and returns the links of the virtual root.
    func place(projectBase: String?) throws(WeaveError) -> [String: String] {
        let projectPath = "projects/\(plan.project.text)"
        if plan.copiesProject { try copyTree(weave.project(plan.project), projectPath) }
        if let manifest = plan.manifestEdit { try write(manifest.bytes, "\(projectPath)/\(manifest.name)") }
        for path in plan.manifest.workweave.copy {
            let from = weave.root + "/" + path
            guard let s = try system("look at \(from)", { () throws(Errno) in try Files.status(from) }) else {
                throw WeaveError(.notFound, "the manifest wants '\(path)' copied into workweaves, but \(from) does not exist",
                                 hint: "make it, or take it out of 'workweave: copy:'")
            }
            if s.isDirectory { try copyTree(from, path) } else { try copyFile(from, path) }
        }
        var links: [String: String] = [:]
        let base = projectBase.flatMap { try? BaseTable(path: $0) }
        let exists: (String) -> Bool = { name in
            if let base { return base.has(name) }
            return Files.exists(upper + "/" + projectPath + "/" + name)
        }
        for (path, target) in surface(plan.project, plan.manifest, exists) { links[path] = target }
        for path in plan.manifest.workweave.link {
            // Into the weave: absolute, as repoweave makes them.
            links[path] = weave.root + "/" + path
        }
        return links
    }

    private func parents(of path: String) throws(WeaveError) {
        guard let slash = path.lastIndex(of: "/") else { return }
        let directory = String(path[..<slash])
        try parents(of: directory)
        try system("make \(upper)/\(directory)") { () throws(Errno) in
            do throws(Errno) {
                try Files.makeDirectory(upper + "/" + directory)
                try Files.setMode(upper + "/" + directory, 0o777 & ~umask)
            } catch where error == .exists {}
        }
    }

    private func write(_ bytes: [UInt8], _ path: String) throws(WeaveError) {
        try parents(of: path)
        try system("write \(upper)/\(path)") { () throws(Errno) in
            try Files.create(upper + "/" + path, bytes)
            try Files.setMode(upper + "/" + path, 0o666 & ~umask)
        }
    }

    private func copyFile(_ from: String, _ path: String) throws(WeaveError) {
        try parents(of: path)
        try system("copy \(from)") { () throws(Errno) in
            if let target = try Files.readLink(from) { try Files.makeSymlink(upper + "/" + path, target: target) } else {
                try Files.copy(from, upper + "/" + path)
            }
        }
    }

    private func copyTree(_ from: String, _ path: String) throws(WeaveError) {
        try parents(of: path + "/x")
        let entries = try system("list \(from)") { () throws(Errno) in
            let d = OwnedDescriptor(try Files.open(from, OpenFlags.directory))
            return try d.descriptor.directoryEntries()
        }
        for entry in entries {
            let s = try system("look at \(from)/\(entry.text)") { () throws(Errno) in try Files.status(from + "/" + entry.text) }
            guard let s else { continue }
            if s.isDirectory { try copyTree(from + "/" + entry.text, path + "/" + entry.text) } else if s.isRegular || s.isSymlink {
                try copyFile(from + "/" + entry.text, path + "/" + entry.text)
            }
        }
    }
}

extension BaseTable {
    /// Whether the table has something at a path from its root.
    func has(_ path: String) -> Bool {
        var at: UInt32 = 0
        for name in path.split(separator: "/") {
            guard let next = child(at, Array(name.utf8).span) else { return false }
            at = next
        }
        return true
    }
}
