internal import Syscalls
internal import Weave

/// The directory of a workweave of the `checkout` engine while it is being deleted: aside, where nobody finds it.
struct LeavingCheckout {
    private let state: String
    private let name: String
    private var place: String { state + "/checkout" }
    private var aside: String { state + "/leaving" }

    init(_ weave: Weave, _ name: String) { (state, self.name) = (weave.states + "/" + name, name) }

    /// The time by the disk's clock.
    func now() throws(WeaveError) -> Timestamp {
        let probe = state + "/clock"
        return try system("write \(probe)") { () throws(Errno) in
            try Files.writeAtomically(probe, [], durable: false)
            defer { try? Files.unlink(probe) }
            return Self.changed(try Files.status(probe) ?? FileStatus())
        }
    }

    /// - Throws: `.busy` when somebody is in it; `.dirty` when anything of it may have changed since `began`.
    func take(unchangedSince began: Timestamp) throws(WeaveError) {
        // The move itself changes the time of its top.
        let top = try system("look at \(place)") { () throws(Errno) in Self.changed(try Files.status(place) ?? FileStatus()) }
        try system("move \(place)") { () throws(Errno) in try Files.rename(place, aside) }
        let users = PlaceUsers.find(aside)
        if !users.isEmpty { throw WeaveError(.busy, "'\(name)' is in use", hint: "leave that directory and end those programs, or use --force") }
        var changed = top >= began ? "." : nil
        if changed == nil {
            try system("look through \(aside)") { () throws(Errno) in
                let directory = OwnedDescriptor(try Files.open(aside, OpenFlags.directory))
                changed = try Self.firstChange(directory.descriptor, "", began)
            }
        }
        guard let changed else { return }
        throw WeaveError(.dirty, "workweave '\(name)' is being changed: \(changed)", hint: "end the programs that write to it, or use --force to lose what they write")
    }

    /// Puts it back where somebody has only begun to delete it.
    func putBack() throws(WeaveError) {
        guard Files.exists(aside), !Files.exists(place) else { return }
        try system("move \(aside)") { () throws(Errno) in try Files.rename(aside, place) }
    }

    private static func changed(_ status: FileStatus) -> Timestamp { Timestamp(seconds: status.ctime, nanoseconds: status.ctime_ns) }

    /// The first entry of a directory whose inode was changed at `began` or later; nobody can set that time.
    private static func firstChange(_ directory: FileDescriptor, _ place: String, _ began: Timestamp) throws(Errno) -> String? {
        let path = PathBuffer()
        for entry in try directory.directoryEntries() {
            path.reset()
            try path.prepend(entry.name.span)
            let status = try directory.status(path)
            if changed(status) >= began { return place + entry.text }
            guard status.isDirectory else { continue }
            let child = OwnedDescriptor(try directory.openBeneath(path, OpenFlags.directory))
            if let found = try firstChange(child.descriptor, place + entry.text + "/", began) { return found }
        }
        return nil
    }
}
