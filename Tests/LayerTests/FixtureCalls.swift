import Layers
import Syscalls
import Testing

/// The calls of the kernel on an overlay, by path below `repo`. References are counted as the kernel's: what `hold` returns is kept.
extension Fixture {
    func split(_ path: String) -> (parent: String, name: [UInt8]) {
        guard let slash = path.lastIndex(of: "/") else { return ("", Array(path.utf8)) }
        return (String(path[..<slash]), Array(path[path.index(after: slash)...].utf8))
    }

    /// Looks a path up, name by name, and keeps the reference.
    func hold(_ path: String) throws(Errno) -> NodeID {
        var at = overlay.root
        for name in ("repo/" + path).split(separator: "/") { at = try overlay.lookup(parent: at, name: Array(name.utf8).span, scratch).id }
        return at
    }

    func parent(_ path: String) throws(Errno) -> (NodeID, [UInt8]) {
        let (above, name) = split(path)
        return (try hold(above), name)
    }

    func status(_ path: String) throws(Errno) -> FileStatus { try overlay.attributes(try hold(path), scratch) }

    @discardableResult
    func create(_ path: String, _ text: String = "", mode: UInt32 = 0o100644, resent: Bool = false) throws(Errno) -> NodeID {
        let (p, name) = try parent(path)
        let id = try overlay.makeNode(parent: p, name: name.span, mode: mode, wasSent: resent, scratch).id
        if !text.isEmpty { try write(id, text) }
        return id
    }

    @discardableResult
    func mkdir(_ path: String, mode: UInt32 = 0o755) throws(Errno) -> NodeID {
        let (p, name) = try parent(path)
        return try overlay.makeDirectory(parent: p, name: name.span, mode: mode, wasSent: false, scratch).id
    }

    @discardableResult
    func symlink(_ path: String, _ target: String) throws(Errno) -> NodeID {
        let (p, name) = try parent(path)
        return try overlay.makeSymlink(parent: p, name: name.span, target: Array(target.utf8), wasSent: false, scratch).id
    }

    func link(_ path: String, _ new: String) throws(Errno) {
        let id = try hold(path)
        let (p, name) = try parent(new)
        _ = try overlay.link(id, newParent: p, newName: name.span, wasSent: false, scratch)
    }

    /// As the kernel does it: the name is looked up before it is removed.
    func unlink(_ path: String, resent: Bool = false) throws(Errno) {
        if !resent { _ = try hold(path) }
        let (p, name) = try parent(path)
        try overlay.unlink(parent: p, name: name.span, wasSent: resent, scratch)
    }

    func rmdir(_ path: String, resent: Bool = false) throws(Errno) {
        if !resent { _ = try hold(path) }
        let (p, name) = try parent(path)
        try overlay.removeDirectory(parent: p, name: name.span, wasSent: resent, scratch)
    }

    func rename(_ path: String, _ new: String, flags: UInt32 = 0, resent: Bool = false) throws(Errno) {
        if !resent { _ = try hold(path) }
        _ = try? hold(new)
        let (p, name) = try parent(path)
        let (q, newName) = try parent(new)
        try overlay.rename(parent: p, name: name.span, newParent: q, newName: newName.span, flags: flags, wasSent: resent, scratch)
    }

    func write(_ id: NodeID, _ text: String, at offset: Int64 = 0) throws(Errno) {
        try unsafe overlay.write(id, at: offset, Array(text.utf8).span.bytes, clearsSetID: false, scratch)
    }

    func change(_ path: String, _ body: (inout AttributeChange) -> Void) throws(Errno) {
        var c = AttributeChange()
        body(&c)
        _ = try overlay.setAttributes(try hold(path), c, scratch)
    }

    func text(_ id: NodeID) throws(Errno) -> String {
        let size = Int(try overlay.attributes(id, scratch).size)
        var bytes = [UInt8](repeating: 0, count: size)
        let result: Result<Int, Errno> = unsafe bytes.withUnsafeMutableBytes { p in
            do throws(Errno) { return .success(try overlay.read(id, at: 0, into: p, scratch)) } catch { return .failure(error) }
        }
        let n = try result.get()
        return String(decoding: bytes[..<n], as: UTF8.self)
    }

    func text(_ path: String) throws(Errno) -> String { try text(try hold(path)) }

    /// The names in a directory, sorted; each as often as it is listed. Read in small pieces, so that offsets count.
    func list(_ path: String, step: Int = .max) throws(Errno) -> [String] {
        let id = try hold(path)
        var names: [String] = [], from: Int64 = 0
        while true {
            var taken = 0
            try overlay.list(id, from: from, scratch) { name, _, _, next, _ in
                if taken == step { return false }
                names.append(name.text)
                from = next
                taken += 1
                return true
            }
            if taken < step { return names.sorted() }
        }
    }

    /// Every path below `repo` with what stat(2) and the contents say. Times of files only.
    func snapshot(_ path: String = "") throws -> [String: String] {
        var out: [String: String] = [:]
        for name in try list(path) {
            let full = path.isEmpty ? name : path + "/" + name
            let id: NodeID
            do throws(Errno) { id = try hold(full) } catch { throw Difference("\(full) is listed, and looking it up says \(error)") }
            let s: FileStatus
            do throws(Errno) { s = try overlay.attributes(id, scratch) } catch { throw Difference("\(full), \(String(id.raw, radix: 16)): attributes: \(error)") }
            switch s.type {
            case .directory:
                out[full] = describe(s, "")
                out.merge(try snapshot(full)) { a, _ in a }
            case .symlink: out[full] = describe(s, String(decoding: try overlay.readLink(id, scratch), as: UTF8.self))
            case .regular: out[full] = describe(s, try text(id))
            default: out[full] = describe(s, "")
            }
        }
        return out
    }
}

/// One line per file that must be the same in every view of it. The time is left out where it is not the base's.
func describe(_ s: FileStatus, _ content: String) -> String {
    let time = s.isDirectory || s.mtime > Fixture.time + 86400 ? "-" : "\(s.mtime).\(s.mtime_ns)"
    return "\(String(s.mode, radix: 8)) \(s.isDirectory ? 0 : s.nlink) \(s.isDirectory ? 0 : s.size) \(time) \(content)"
}

/// The same of a real directory.
func snapshot(directory: String, _ path: String = "") throws -> [String: String] {
    var out: [String: String] = [:]
    let file = try Files.open(path.isEmpty ? directory : directory + "/" + path, OpenFlags.directory)
    defer { file.close() }
    for entry in try file.directoryEntries() {
        let full = path.isEmpty ? entry.text : path + "/" + entry.text
        guard let s = try Files.status(directory + "/" + full) else { continue }
        switch s.type {
        case .directory:
            out[full] = describe(s, "")
            out.merge(try snapshot(directory: directory, full)) { a, _ in a }
        case .symlink: out[full] = describe(s, try Files.readLink(directory + "/" + full) ?? "")
        case .regular: out[full] = describe(s, String(decoding: try Files.read(directory + "/" + full), as: UTF8.self))
        default: out[full] = describe(s, "")
        }
    }
    return out
}
