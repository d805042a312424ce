internal import JSONCoding
package import Manifest
internal import Syscalls

/// A project mount as `.rwv/mounts/ID.json` keeps it: `rwv up` mounts it again.
package struct MountRecord: Codable, Sendable, Equatable {
    package static let currentFormat = 1
    /// The extended attribute of a mounted root that says which weave it shows. It is not listed.
    package static let weaveAttribute = "user.rwv.weave"
    package var format = Self.currentFormat
    /// The name of its files; hexadecimal digits.
    package var id: String
    /// The canonical path of the mount point.
    package var path: String
    /// The project that it shows.
    package var project: String
    /// Every clone of the weave is shown, not just the project's.
    package var showsAll: Bool
    /// Mount options (fuse(8)), such as `ro` and `allow_other`.
    package var options: [String]
    /// The permissions of the directory below, to be given back to it when the mount is taken away.
    package var modeBelow: UInt32

    package init(id: String, path: String, project: String, showsAll: Bool, options: [String], modeBelow: UInt32) {
        self.id = id
        self.path = path
        self.project = project
        self.showsAll = showsAll
        self.options = options
        self.modeBelow = modeBelow
    }

    /// A mount was taken away, but `cause` kept its record on the disk.
    package static func stillThere(_ path: String, _ cause: WeaveError) -> WeaveError {
        WeaveError(cause.code, "\(path) is taken away, but registered still: \(cause.message)",
                   hint: "'rwv up' will bring it back; when the disk is there again, run 'rwv unmount \(path)'")
    }
}

extension Weave {
    package var mounts: String { state + "/mounts" }
    /// The record of a mount.
    package func file(_ id: String) -> String { mounts + "/" + id + ".json" }

    /// Where the nodes of a mount are remembered while its keeper lives.
    package func nodeJournal(_ id: String) -> String { run + "/nodes-" + id }

    /// The directory, relative to the weave, that holds what is written at the top of a project's mounts.
    package func mountUpper(_ project: ProjectName) -> String {
        ".rwv/mounts/projects/" + project.text.split(separator: "/").joined(separator: "%2F")
    }

    /// Every registered project mount, by path. - Throws: for one that is damaged or of a newer format.
    package func mountRecords() throws(WeaveError) -> [MountRecord] {
        guard Files.isDirectory(mounts) else { return [] }
        let names = try system("list \(mounts)") { () throws(Errno) in
            let directory = OwnedDescriptor(try Files.open(mounts, OpenFlags.directory))
            return try directory.descriptor.directoryEntries().map(\.text).filter { $0.hasSuffix(".json") }
        }
        var records: [MountRecord] = []
        for name in names { if let record = try readMount(mounts + "/" + name) { records.append(record) } }
        return records.sorted { $0.path < $1.path }
    }

    private func readMount(_ path: String) throws(WeaveError) -> MountRecord? {
        guard let bytes = try system("read \(path)", { () throws(Errno) in try Files.readIfExists(path) }) else { return nil }
        guard let record = try? JSONDecoder().decode(MountRecord.self, from: bytes) else {
            throw WeaveError(.invalid, "\(path) is damaged", hint: "remove it and mount the project again")
        }
        guard record.format == MountRecord.currentFormat else {
            throw WeaveError(.unsupported, "\(path) has format \(record.format), this program knows \(MountRecord.currentFormat)", hint: "use a newer rwv")
        }
        return record
    }

    /// Registers a mount, or what has changed of it; atomic and durable.
    package func write(_ record: MountRecord) throws(WeaveError) { try writeJSON(record, file(record.id)) }

    /// Registers it no more.
    package func removeMount(_ id: String) throws(WeaveError) {
        try system("remove \(file(id))") { () throws(Errno) in
            do throws(Errno) { try Files.unlink(file(id)) } catch where error == .notFound {}
        }
        try? Files.unlink(nodeJournal(id))
    }
}
