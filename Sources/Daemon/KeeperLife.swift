internal import Control
internal import Fuse
internal import Syscalls
internal import Weave

/// One keeper while it runs: what it holds, and its loop over signals and the server's requests. Single-threaded.
final class KeeperLife {
    private let weave: Weave
    private let lock: FileDescriptor
    private let log: Log
    private let signals: FileDescriptor
    private var listener = FileDescriptor(raw: -1)
    private var fuse = FileDescriptor(raw: -1)
    private var initRequest: [UInt8] = []
    private var channel = FileDescriptor(raw: -1)
    private var server: Int32 = 0
    private var report: FileDescriptor?
    private var deaths: [Int64] = []
    private var wasUnmounted = false

    /// Takes the weave's lock. - Throws: `.busy` when another keeper has it.
    init(_ weave: Weave) throws(WeaveError) {
        self.weave = weave
        let lock = try system("open \(weave.run)/lock") { () throws(Errno) in
            try Files.open(weave.run + "/lock", OpenFlags.readWrite | OpenFlags.create, mode: 0o600)
        }
        self.lock = lock
        log = try system("open the log") { () throws(Errno) in try Log(path: weave.log + "/server.log") }
        // Somebody who only asks whether it is taken holds it for a moment.
        var attempts = 0
        while try system("lock \(weave.run)/lock", { () throws(Errno) in try !lock.lock(wait: false) }), attempts < 50 {
            attempts += 1
            Thread.sleep(milliseconds: 10)
        }
        guard attempts < 50 else {
            throw WeaveError(.busy, "\(weave.root) is served already", hint: "see 'rwv mounts'")
        }
        let all = [Signals.terminate, Signals.interrupt, Signals.hangup, Signals.child]
        Signals.block(all)
        signals = try system("watch for signals") { () throws(Errno) in try Signals.descriptor(for: all) }
    }

    func run(_ report: FileDescriptor?) throws(WeaveError) -> Int32 {
        self.report = report
        try mount()
        defer { cleanUp() }
        try system("make the control socket in \(weave.run)") { () throws(Errno) in
            listener = try ControlSocket.listen(in: weave.run)
            try Files.writeAtomically(weave.run + "/keeper.pid", Array("\(CurrentProcess.id)\n".utf8))
        }
        try startServer(isInherited: false)
        log.write("keeper \(CurrentProcess.id) serves \(weave.root)")
        return loop()
    }

    private func mount() throws(WeaveError) {
        let path = weave.workweaves
        if let s = try system("look at \(path)", { () throws(Errno) in Mount.isMountPoint(path) ? nil : try Files.status(path) }), !s.isDirectory {
            throw WeaveError(.exists, "\(path) is in the way: it is not a directory", hint: "move it aside")
        }
        if Mount.isMountPoint(path) {
            log.write("taking away a mount left behind at \(path)")
            try system("take away the mount left behind at \(path)") { () throws(Errno) in try Mount.detach(path, lazy: true) }
        }
        try system("make \(path)") { () throws(Errno) in
            do throws(Errno) { try Files.makeDirectory(path, mode: 0o555) } catch where error == .exists {}
        }
        // Nothing is ever written below a missing mount; but fusermount3 wants a directory its user may write to.
        let below = try system("open \(path)") { () throws(Errno) in OwnedDescriptor(try Files.open(path, OpenFlags.directory | OpenFlags.noFollow)) }
        try system("change the mode of \(path)") { () throws(Errno) in try below.descriptor.setMode(0o755) }
        defer { try? below.descriptor.setMode(0o555) }
        guard Files.exists("/dev/fuse") else {
            throw WeaveError(.unsupported, "there is no /dev/fuse on this system", hint: "load the fuse module (modprobe fuse), or use --engine checkout")
        }
        do throws(Errno) {
            fuse = try Mount.attach(at: path, options: ["default_permissions", "subtype=weavefs", "fsname=\(weave.root.replacingCommas)"])
            initRequest = try Mount.readInit(fuse)
            try fuse.setNonBlocking(true)
        } catch {
            throw WeaveError(.unsupported, "cannot mount a FUSE file system at \(path): \(error)",
                             hint: "install fuse3 (fusermount3), check that /dev/fuse can be opened, or use --engine checkout")
        }
    }

    private func startServer(isInherited: Bool) throws(WeaveError) {
        try system("start the server") { () throws(Errno) in
            let (ours, theirs) = try Socket.pair()
            let initPipe = try Pipe()
            try initPipe.write.writeAll(initRequest)
            initPipe.write.close()
            defer { theirs.close(); initPipe.read.close() }
            channel = ours
            let out = log.descriptor
            server = try Keeper.own([Keeper.serverVerb, weave.root, isInherited ? "inherited" : "fresh"]).start(descriptors: [FileDescriptor(raw: -1), out, out, theirs, listener, fuse, initPipe.read])
            try Files.writeAtomically(weave.run + "/server.pid", Array("\(server)\n".utf8), durable: false)
        }
    }

    private func loop() -> Int32 {
        guard let poller = try? Poller() else { return 1 }
        try? poller.add(signals, tag: 1, edge: false)
        try? poller.add(channel, tag: 2, edge: false)
        while true {
            guard let tag = try? poller.wait() else { continue }
            if tag == 2 {
                if !serveChannel() {
                    poller.remove(channel)
                    channel.close()
                    channel = FileDescriptor(raw: -1)
                }
                continue
            }
            guard let signal = try? Signals.next(signals) else { continue }
            if signal != Signals.child {
                log.write("keeper stops on signal \(signal)")
                stop()
                return 0
            }
            guard let status = try? Subprocess.poll(server) else { continue }
            if let end = serverEnded(status) { return end }
            if channel.raw >= 0 {
                poller.remove(channel)
                channel.close()
            }
            do throws(WeaveError) { try startServer(isInherited: true) } catch {
                log.write("cannot start the server again: \(error.message)")
                return 1
            }
            try? poller.add(channel, tag: 2, edge: false)
        }
    }

    /// Decides whether a server that ended is to be replaced: nil, or the keeper's exit status.
    private func serverEnded(_ status: Int32) -> Int32? {
        if wasUnmounted || !Mount.isMountPoint(weave.workweaves) { return 0 }
        log.write("server \(server) ended with status \(status)")
        if report != nil {
            tell("!noServer\nthe server ended with status \(status) before it could serve\nsee \(weave.log)/server.log")
            stop()
            return 1
        }
        let now = monotonicNanoseconds()
        deaths = deaths.filter { now - $0 < 10_000_000_000 } + [now]
        guard deaths.count <= 20 else {
            log.write("giving up: the server died \(deaths.count) times in ten seconds")
            stop()
            return 1
        }
        return nil
    }

    /// Reads what the server says: "ready", "!…" (why it cannot serve), "unmount", "detach". False when the channel has ended.
    private func serveChannel() -> Bool {
        guard let said = try? channel.readSome(4096), !said.isEmpty else { return false }
        let text = String(decoding: said, as: UTF8.self)
        if text.hasPrefix("!") { tell(text) } else if text.hasPrefix("ready") { tell("ready\n") } else {
            let isLazy = text.hasPrefix("detach")
            do throws(Errno) {
                try Mount.detach(weave.workweaves, lazy: isLazy)
                wasUnmounted = true
                try channel.writeAll(Array("ok\n".utf8))
            } catch { try? channel.writeAll(Array("busy\n".utf8)) }
        }
        return true
    }

    private func tell(_ text: String) {
        guard let report else { return }
        try? report.writeAll(Array(text.utf8))
        report.close()
        self.report = nil
    }

    private func stop() {
        if (try? Mount.detach(weave.workweaves, lazy: false)) == nil { try? Mount.detach(weave.workweaves, lazy: true) }
        Subprocess.signal(server, Signals.terminate)
        _ = try? Subprocess.wait(server)
    }

    private func cleanUp() {
        for name in ["control.sock", "keeper.pid", "server.pid"] { try? Files.unlink(weave.run + "/" + name) }
        if Mount.isMountPoint(weave.workweaves) { try? Mount.detach(weave.workweaves, lazy: true) }
        log.write("keeper \(CurrentProcess.id) ends")
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
