internal import Control
internal import Fuse
internal import Syscalls
internal import Weave

/// The FUSE mounts of one keeper with their descriptors: made and taken away here, and handed to every server in turn. Single-threaded.
final class KeptMounts {
    private let weave: Weave
    private let log: Log
    private var mounts: [Held] = []

    private struct Held {
        let mount: KeptMount
        let descriptor: FileDescriptor
        /// What the kernel numbers it by ("0:57"): another's mount may have taken its place since.
        let device: String?
    }

    init(_ weave: Weave, _ log: Log) {
        self.weave = weave
        self.log = log
    }

    /// Whether any of them is still there for the kernel.
    var areAnyMounted: Bool { mounts.contains(where: isThere) }

    private func isThere(_ m: Held) -> Bool {
        guard let there = MountTable.find(m.mount.path) else { return false }
        return there.type == MountTable.ours && there.source == weave.root && there.device == m.device
    }

    /// Tells a server that begins of every mount.
    func handOver(to channel: FileDescriptor) throws(Errno) {
        for m in mounts { try Packet.send(KeeperAnswer.kept(m.mount), passing: m.descriptor, to: channel) }
        try Packet.send(KeeperAnswer.begin, to: channel)
    }

    /// Carries out a server's wish for a mount; the descriptor goes with the answer.
    func mount(_ request: MountRequest) -> (KeeperAnswer, FileDescriptor?) {
        do throws(WeaveError) {
            let made = try attach(request)
            mounts.append(made)
            return (.kept(made.mount), made.descriptor)
        } catch { return (.failed(error), nil) }
    }

    func unmount(_ id: String, lazy: Bool) -> KeeperAnswer {
        guard let m = mounts.first(where: { $0.mount.id == id }) else { return .done }
        do throws(Errno) { if isThere(m) { try Mount.detach(m.mount.path, lazy: lazy) } } catch {
            if error == .notFound { return .failed(WeaveError(.unsupported, "cannot take away \(m.mount.path): there is no \(MountProgram.name)", hint: "install the package fuse3")) }
            return .failed(WeaveError(.busy, "\(m.mount.path) is in use", hint: "leave that directory and end those programs, or use --force"))
        }
        // Who still has files open in a detached one is served until he closes them.
        if !lazy { forget(id) }
        return .done
    }

    /// Closes the descriptor of a mount that is no more, or answers no more: its connection was aborted (/sys/fs/fuse/connections), and it would stay as a dead one.
    func forget(_ id: String) {
        for m in mounts where m.mount.id == id {
            if isThere(m) { try? Mount.detach(m.mount.path, lazy: true) }
            m.descriptor.close()
        }
        mounts.removeAll { $0.mount.id == id }
    }

    /// Takes away whatever is left, in use or not.
    func takeAllAway() {
        for m in mounts.reversed() where isThere(m) {
            if (try? Mount.detach(m.mount.path, lazy: false)) == nil { try? Mount.detach(m.mount.path, lazy: true) }
        }
    }

    private func attach(_ request: MountRequest) throws(WeaveError) -> Held {
        let path = request.place ?? request.path
        try makeWay(at: path)
        if request.makesDirectory {
            try system("make \(path)") { () throws(Errno) in
                do throws(Errno) { try Files.makeDirectory(path, mode: 0o555) } catch where error == .exists {}
            }
        }
        if let s = try system("look at \(path)", { () throws(Errno) in try Files.status(path) }), !s.isDirectory {
            throw WeaveError(.exists, "\(path) is in the way: it is not a directory", hint: "move it aside")
        }
        // Nothing is ever written below a missing mount; but fusermount3 wants a directory its user may write to.
        let below = try system("open \(path)") { () throws(Errno) in OwnedDescriptor(try Files.open(path, OpenFlags.directory | OpenFlags.noFollow)) }
        // Of directories of the weave's own `CheckoutLinks` knows what is in them.
        if !request.makesDirectory, try !system("list \(path)", { () throws(Errno) in try below.descriptor.directoryEntries() }).isEmpty {
            throw WeaveError(.exists, "\(path) is not empty", hint: "move what is in it elsewhere, then run 'rwv up'")
        }
        var mode = try system("look at \(path)") { () throws(Errno) in try below.descriptor.status() }.permissions
        try? below.descriptor.setMode(0o755)
        defer { try? below.descriptor.setMode(mode) }
        guard Files.exists("/dev/fuse") else {
            throw WeaveError(.unsupported, "there is no /dev/fuse on this system", hint: "load the fuse module (modprobe fuse), or use --engine checkout")
        }
        do throws(Errno) {
            let descriptor = try Mount.attach(at: path, options: request.options + ["fsname=\(weave.root.replacingCommas)"])
            let first = try Mount.readInit(descriptor)
            try descriptor.setNonBlocking(true)
            mode = 0o555
            return Held(mount: KeptMount(id: request.id, path: request.path, initRequest: first), descriptor: descriptor, device: MountTable.find(path)?.device)
        } catch {
            if error == .permission, CurrentProcess.userID != 0, request.options.contains("allow_other") {
                throw WeaveError(.denied, "cannot let other users into \(path): \(error)", hint: "put the line user_allow_other into /etc/fuse.conf, or mount without --allow-other")
            }
            throw WeaveError(.unsupported, "cannot mount a FUSE file system at \(path): \(error)",
                             hint: "install fuse3 (fusermount3), check that /dev/fuse can be opened, or use --engine checkout")
        }
    }

    /// Takes away what a dead keeper of this weave left where nothing may be mounted again, since its registration is gone or cannot be read.
    func takeLeftoversAway() {
        for entry in MountTable.all() where entry.source == weave.root && ![weave.workweaves, weave.baseView].contains(entry.path) {
            guard let left = weave.ownMount(at: entry.path), left.isDead else { continue }
            log.write("taking away a mount left behind at \(left.path)")
            try? Mount.detach(left.path, lazy: true)
        }
    }

    /// Takes away what a dead keeper of this weave left at the path.
    private func makeWay(at path: String) throws(WeaveError) {
        guard let there = MountTable.find(path) else { return }
        guard weave.owns(there) else {
            throw WeaveError(.exists, there.type == MountTable.ours ? "another weave, \(there.source), is mounted at \(path)" : "another file system (\(there.type)) is mounted at \(path)",
                             hint: "unmount it, or choose another directory")
        }
        if mounts.contains(where: { $0.mount.path == path }) { throw WeaveError(.exists, "\(path) is mounted already", hint: "see 'rwv mounts'") }
        log.write("taking away a mount left behind at \(path)")
        try system("take away the mount left behind at \(path)") { () throws(Errno) in try Mount.detach(path, lazy: true) }
    }
}

extension String {
    /// FUSE mount options are separated by commas; libfuse takes a backslash before one as itself.
    fileprivate var replacingCommas: String {
        var out = ""
        for c in self { out += c == "," || c == "\\" ? "\\\(c)" : "\(c)" }
        return out
    }
}
