internal import Layers
internal import Manifest
internal import Syscalls
internal import Weave

/// The virtual part of a workweave's lower: registry directories, markers, links, and the places where repos are attached.
struct VirtualRoot {
    private final class Directory {
        var children: [[UInt8]: Item] = [:]
    }
    private enum Item {
        case directory(Directory)
        case file([UInt8])
        case link(String)
        case repo(UInt32)
    }

    private let record: WorkweaveRecord
    private let root = Directory()

    init(_ record: WorkweaveRecord, weave: Weave) throws(WeaveError) {
        self.record = record
        root.children[Array(".rwv-active".utf8)] = .file(Array("\(record.project)\n".utf8))
        do throws(ManifestError) {
            let marker = WorkweaveMarker(primary: weave.root, project: try ProjectName(record.project))
            root.children[Array(".rwv-workweave".utf8)] = .file(Array(marker.text.utf8))
        } catch { throw WeaveError(error) }
        for repo in record.repos { put(.repo(repo.part), repo.path) }
        if !record.repos.contains(where: \.isProject) { put(.directory(Directory()), "projects/\(record.project)") }
        for (path, target) in record.links { put(.link(target), path) }
    }

    /// What stands there already stays, with all below it: links in a repo lie in the upper directory.
    private func put(_ item: Item, _ path: String) {
        var at = root
        let names = path.split(separator: "/").map { Array($0.utf8) }
        for name in names.dropLast() {
            switch at.children[name] {
            case .directory(let d)?: at = d
            case nil:
                let d = Directory()
                at.children[name] = .directory(d)
                at = d
            default: return
            }
        }
        if let last = names.last, at.children[last] == nil { at.children[last] = item }
    }

    /// The table, and at which entry each part is attached.
    func table() throws(WeaveError) -> (table: BaseTable, attachments: [UInt32: UInt32]) {
        struct Pending { let name: [UInt8]; let item: Item; let parent: UInt32 }
        var queue: [Pending] = [Pending(name: [], item: .directory(root), parent: 0)]
        var at = 0
        var entries: [BaseTable.NewEntry] = []
        var inline: [(UInt32, [UInt8])] = []
        var attachments: [UInt32: UInt32] = [:]
        let time = Timestamp(seconds: record.created, nanoseconds: 0)
        let directoryMode = FileType.directory.rawValue | (0o777 & ~record.umask)
        while at < queue.count {
            let p = queue[at], number = UInt32(at)
            at += 1
            var e = BaseTable.NewEntry(name: p.name, parent: p.parent, mode: directoryMode, modified: time)
            switch p.item {
            case .directory(let d):
                e.firstChild = UInt32(queue.count)
                e.childCount = UInt32(d.children.count)
                for (name, item) in d.children.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
                    queue.append(Pending(name: name, item: item, parent: number))
                }
            case .file(let bytes):
                e.mode = FileType.regular.rawValue | (0o666 & ~record.umask)
                e.flags = .inline
                inline.append((number, bytes))
            case .link(let target):
                e.mode = FileType.symlink.rawValue | 0o777
                e.flags = .inline
                inline.append((number, Array(target.utf8)))
            case .repo(let part):
                e.flags = .attachment
                e.content = Int64(part)
                attachments[part] = number
            }
            entries.append(e)
        }
        var writer = BaseTable.Writer(count: entries.count, seed: Array("virtual".utf8))
        for e in entries { writer.add(e) }
        let bytes = writer.finish(uid: CurrentProcess.userID, gid: CurrentProcess.groupID, inline: inline)
        let table = try system("compose the root of '\(record.name)'") { () throws(Errno) in try BaseTable(MappedFile(copying: bytes)) }
        return (table, attachments)
    }
}
