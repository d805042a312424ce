internal import Layers
internal import Syscalls
internal import Weave

/// Whether the kernel's overlayfs can be had for a weave: rights and disk. Found out once. Any thread.
final class KernelObstacle: Sendable {
    private let weave: Weave
    /// What was found out; nil: not asked yet. Its lock is held while the disk is probed.
    private let found = Locked<String??>(nil)

    init(_ weave: Weave) { self.weave = weave }

    /// The reason why not; nil when nothing speaks against it.
    func reason() -> String? {
        found.withLock { known -> String? in
            if let known { return known }
            let reason = find()
            known = .some(reason)
            return reason
        }
    }

    private func find() -> String? {
        guard CurrentProcess.userID == 0 else { return "mounting overlayfs takes root's rights" }
        let probe = "\(weave.run)/probe.\(randomHex(4))"
        do throws(Errno) { try Files.makeDirectory(probe, mode: 0o700) } catch { return "the disk of \(weave.root) cannot be probed: \(error)" }
        defer { try? Files.removeTree(probe) }
        do throws(Errno) { return try disk(probe).map { "the disk of \(weave.root) \($0)" } } catch { return "the disk of \(weave.root) cannot be probed: \(error)" }
    }

    /// What an upper directory needs and the disk of `probe`, an empty directory, does not have.
    private func disk(_ probe: String) throws(Errno) -> String? {
        let directory = try Files.open(probe, OpenFlags.directory)
        defer { directory.close() }
        let type = try directory.fileSystemStatus().type
        if type == FileSystemStatus.overlay || type == FileSystemStatus.fuse { return "is itself overlayfs or FUSE, which overlayfs does not write to" }
        let format = try UpperFormat.probe(in: directory)
        if format.whiteout != .device { return "takes no device nodes, which overlayfs needs for whiteouts" }
        if !format.renamesWithWhiteout { return "cannot leave a whiteout behind in a rename" }
        try Files.create(probe + "/file", [])
        let entry = try directory.directoryEntries().first { $0.text == "file" }
        return entry?.type == FileType.regular.directoryRecordType ? nil : "does not tell the type of directory entries"
    }
}
