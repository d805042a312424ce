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
    private let mounts: KeptMounts
    private var listener = FileDescriptor(raw: -1)
    private var channel = FileDescriptor(raw: -1)
    private var server: Int32 = 0
    /// Milliseconds between looks at the server: no event tells that it is dead while the kernel holds one of its threads (a pidfd of Linux 6.18 neither).
    private static let interval: Int32 = 1000
    /// Servers that are dead, but for threads that wait in the kernel for what a successor does.
    private var lingering: [Int32] = []
    /// Hears once that the server serves (nil), or why it cannot.
    private var report: ((WeaveError?) -> Void)?
    private var deaths: [Int64] = []
    /// The server has said that there is nothing left to serve, or that it cannot.
    private var end: Int32?
    /// Why this keeper serves nothing; said when the weave's lock is free again, since whoever hears it may want that.
    private var refusal: WeaveError?

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
        mounts = KeptMounts(weave, log)
    }

    func run(_ report: @escaping (WeaveError?) -> Void) throws(WeaveError) -> Int32 {
        self.report = report
        defer { cleanUp() }
        try system("make the control socket in \(weave.run)") { () throws(Errno) in
            listener = try ControlSocket.listen(in: weave.run)
            try Files.writeAtomically(weave.run + "/keeper.pid", Array("\(CurrentProcess.id)\n".utf8))
        }
        mounts.takeLeftoversAway()
        try startServer(isInherited: false)
        log.write("keeper \(CurrentProcess.id) serves \(weave.root)")
        return loop()
    }

    private func startServer(isInherited: Bool) throws(WeaveError) {
        try system("start the server") { () throws(Errno) in
            let (ours, theirs) = try PacketSocket.pair()
            defer { theirs.close() }
            channel = ours
            let out = log.descriptor
            server = try Keeper.own([Keeper.serverVerb, weave.root, isInherited ? "inherited" : "fresh"])
                .start(descriptors: [FileDescriptor(raw: -1), out, out, theirs, listener])
            // On a full disk it serves all the same.
            try? Files.writeAtomically(weave.run + "/server.pid", Array("\(server)\n".utf8), durable: false)
            // A server that is dead already is noticed by its signal.
            try? mounts.handOver(to: channel)
        }
    }

    private func loop() -> Int32 {
        guard let poller = try? Poller() else { return 1 }
        try? poller.add(signals, tag: 1, edge: false)
        try? poller.add(channel, tag: 2, edge: false)
        while true {
            let tag: UInt64?
            do throws(Errno) { tag = try poller.wait(milliseconds: Self.interval) } catch { continue }
            switch tag {
            case 1:
                guard let signal = try? Signals.next(signals) else { continue }
                if signal != Signals.child {
                    log.write("keeper stops on signal \(signal)")
                    stop()
                    return 0
                }
                lingering.removeAll { (try? Subprocess.poll($0)) != nil }
                guard let status = try? Subprocess.poll(server) else { continue }
                if let end = replaceServer(status, poller) { return end }
            case 2:
                if !serveChannel() { closeChannel(poller) }
            default:
                guard ProcessFiles.firstThreadHasEnded(server) else { continue }
                if let end = replaceServer(waitForOtherThreads(), poller) { return end }
            }
        }
    }

    private func closeChannel(_ poller: Poller) {
        if channel.raw < 0 { return }
        poller.remove(channel)
        channel.close()
        channel = FileDescriptor(raw: -1)
    }

    /// The server's exit status when all its threads end now, as they do but where the kernel holds one: that which tells the kernel of a name waits for the
    /// directory's lock, whose holder waits for an answer to a request that a successor must give (FUSE_NOTIFY_RESEND). Nil then.
    private func waitForOtherThreads() -> Int32? {
        for _ in 0..<60 {
            if let status = try? Subprocess.poll(server) { return status }
            Thread.sleep(milliseconds: 5)
        }
        return nil
    }

    /// Starts another server in the place of one that is dead, if that is to be. - Returns: the keeper's exit status, if not.
    private func replaceServer(_ status: Int32?, _ poller: Poller) -> Int32? {
        // Its last words may lie in the channel still.
        while channel.raw >= 0, (try? channel.waitReadable(milliseconds: 0)) == true, serveChannel() {}
        if let end = serverEnded(status) { return end }
        if status == nil { lingering.append(server) }
        closeChannel(poller)
        do throws(WeaveError) { try startServer(isInherited: true) } catch {
            log.write("cannot start the server again: \(error.message)")
            return 1
        }
        try? poller.add(channel, tag: 2, edge: false)
        return nil
    }

    /// Decides whether a server that ended is to be replaced: nil, or the keeper's exit status.
    /// - Parameter status: its exit status; nil while the kernel still holds some of its threads.
    private func serverEnded(_ status: Int32?) -> Int32? {
        if let end { return end }
        let how = status.map { "ended with status \($0)" } ?? "is dead, but for threads that the kernel holds"
        log.write("server \(server) \(how)")
        if report != nil {
            refusal = WeaveError(.noServer, "the server \(how) before it could serve", hint: "see \(weave.log)/server.log")
            stop()
            return 1
        }
        if !mounts.areAnyMounted { return 0 }
        let now = monotonicNanoseconds()
        deaths = deaths.filter { now - $0 < 10_000_000_000 } + [now]
        guard deaths.count <= 20 else {
            log.write("giving up: the server died \(deaths.count) times in ten seconds")
            stop()
            return 1
        }
        return nil
    }

    /// Carries out one request of the server. False when the channel has ended.
    private func serveChannel() -> Bool {
        guard let call = try? Packet.receive(KeeperCall.self, from: channel)?.value else { return false }
        switch call {
        case .ready: tell(nil)
        case .refused(let error):
            log.write("the server cannot serve: \(error.message)")
            (end, refusal) = (1, error)
        case .stop: end = 0
        case .forget(let id): mounts.forget(id)
        case .mount(let request):
            let (answer, descriptor) = mounts.mount(request)
            try? Packet.send(answer, passing: descriptor, to: channel)
        case .unmount(let id, let lazy):
            try? Packet.send(mounts.unmount(id, lazy: lazy), to: channel)
        }
        return true
    }

    private func tell(_ refusal: WeaveError?) {
        report?(refusal)
        report = nil
    }

    private func stop() {
        mounts.takeAllAway()
        Subprocess.signal(server, Signals.terminate)
        _ = try? Subprocess.wait(server)
    }

    private func cleanUp() {
        for name in ["control.sock", "keeper.pid", "server.pid"] { try? Files.unlink(weave.run + "/" + name) }
        mounts.takeAllAway()
        log.write("keeper \(CurrentProcess.id) ends")
        lock.close()
        if let refusal { tell(refusal) }
    }
}
