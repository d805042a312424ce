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

/// A registration that cannot be read. It concerns nobody but its own mount, and stays until a person has looked at it.
package struct DamagedMount: Sendable {
    /// What its record was called by.
    package let id: String
    package let file: String
    /// What is wrong, and what to do about it.
    package let error: WeaveError
    /// Where it was mounted and what it showed, as far as the damaged file tells.
    package let path: String?
    package let project: String?

    fileprivate init(_ name: String, _ file: String, _ error: WeaveError, text: String) {
        id = String(name.dropLast(".json".count))
        (path, project) = (Self.value(of: "path", in: text), Self.value(of: "project", in: text))
        self.file = file
        var error = error
        if error.code == .invalid { error.hint = "remove that file, then run 'rwv mount \(project ?? "PROJECT") \(path ?? "DIR")' again" }
        self.error = error
    }

    /// A string of JSON that may have been cut off somewhere.
    private static func value(of key: String, in text: String) -> String? {
        let quote: Character = "\""
        var rest = text[...]
        while let at = rest.firstIndex(of: quote) {
            rest = rest[rest.index(after: at)...]
            guard rest.hasPrefix(key + "\"") else { continue }
            let value = rest.dropFirst(key.count + 1).drop { $0.isWhitespace || $0 == ":" }
            guard value.first == quote, let end = value.dropFirst().firstIndex(of: quote) else { continue }
            let found = value.dropFirst()[..<end]
            return found.contains("\\") || found.isEmpty ? nil : String(found)
        }
        return nil
    }
}

extension Weave {
    package var mounts: String { state + "/mounts" }
    /// The record of a mount.
    package func file(_ id: String) -> String { mounts + "/" + id + ".json" }

    /// Where the nodes of a mount are remembered while its keeper lives.
    package func nodeJournal(_ id: String) -> String { run + "/nodes-" + id }

    /// Holds, in a directory named for the project, a copy of the manifest that a mount shows.
    package func keptManifest(_ id: String) -> String { run + "/manifest-" + id }

    /// A project's name as that of one file.
    package static func flatName(_ project: ProjectName) -> String { project.text.split(separator: "/").joined(separator: "%2F") }

    /// The directory, relative to the weave, that holds what is written at the top of a project's mounts.
    package func mountUpper(_ project: ProjectName) -> String {
        ".rwv/mounts/projects/" + Self.flatName(project)
    }

    /// Every registered project mount, by path, but those of ``damagedMounts()``.
    package func mountRecords() throws(WeaveError) -> [MountRecord] { try registrations().records.sorted { $0.path < $1.path } }

    /// Those that cannot be read, or are of a newer format.
    package func damagedMounts() throws(WeaveError) -> [DamagedMount] { try registrations().damaged.sorted { $0.file < $1.file } }

    private func registrations() throws(WeaveError) -> (records: [MountRecord], damaged: [DamagedMount]) {
        guard Files.isDirectory(mounts) else { return ([], []) }
        let names = try system("list \(mounts)") { () throws(Errno) in
            let directory = OwnedDescriptor(try Files.open(mounts, OpenFlags.directory))
            return try directory.descriptor.directoryEntries().map(\.text).filter { $0.hasSuffix(".json") }
        }
        var records: [MountRecord] = [], damaged: [DamagedMount] = []
        for name in names {
            let path = mounts + "/" + name
            var bytes: [UInt8] = []
            do throws(WeaveError) {
                guard let there = try system("read \(path)", { () throws(Errno) in try Files.readIfExists(path) }) else { continue }
                bytes = there
                records.append(try Self.readMount(bytes, path))
            } catch { damaged.append(DamagedMount(name, path, error, text: String(decoding: bytes, as: UTF8.self))) }
        }
        return (records, damaged)
    }

    private static func readMount(_ bytes: [UInt8], _ path: String) throws(WeaveError) -> MountRecord {
        guard let record = try? JSONDecoder().decode(MountRecord.self, from: bytes) else { throw WeaveError(.invalid, "\(path) is damaged", hint: nil) }
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
        try? Files.removeTree(keptManifest(id))
    }
}
