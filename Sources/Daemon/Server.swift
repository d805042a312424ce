internal import Control
internal import Fuse
internal import Layers
internal import Syscalls
package import Views
package import Weave

/// The process that serves a weave: its workweaves' mount and the calls on its control socket. Started by the keeper, which puts
/// into descriptors 3…6 the channel to itself, the listening socket, the mounted /dev/fuse file and the saved INIT request.
package enum Server {
    private static let channel = FileDescriptor(raw: 3)
    private static let listener = FileDescriptor(raw: 4)
    private static let fuse = FileDescriptor(raw: 5)
    private static let initPipe = FileDescriptor(raw: 6)

    /// Whether the keeper was asked to unmount: the end of the session is then no surprise, and the answer still has to go out.
    private static let goingDown = Locked(false)

    /// The server's life. Returns only when it could not begin; otherwise the process ends with ``CurrentProcess/exitNow(_:)``.
    package static func run(_ weave: Weave, isInherited: Bool, version: String, surface: @escaping ServedWeave.Surface) -> Int32 {
        CurrentProcess.signalOnParentDeath(Signals.kill)
        CurrentProcess.ignoreBrokenPipe()
        CurrentProcess.setUmask(0o077)
        for d in [channel, listener, fuse, initPipe] { d.closeOnExec() }
        do throws(WeaveError) {
            try serve(weave, isInherited, version, surface)
        } catch {
            try? channel.writeAll(Keeper.encode(error))
            return 1
        }
        return 0
    }

    private static func serve(_ weave: Weave, _ isInherited: Bool, _ version: String, _ surface: @escaping ServedWeave.Surface) throws(WeaveError) {
        let log = try system("open the log") { () throws(Errno) in try Log(path: weave.log + "/server.log") }
        let served = ServedWeave(weave, surface: surface) { log.write($0) }
        try served.start(isInherited: isInherited)
        let session = try system("begin a FUSE session") { () throws(Errno) in
            try Session(descriptor: fuse, handler: served.handler) {
                if goingDown.withLock({ $0 }) { return }
                log.write("the mount was taken away")
                CurrentProcess.exitNow(0)
            }
        }
        served.connect { parent, name in
            session.notifyGone(name: Array(name.utf8), in: parent)
            session.notifyChanged(node: parent)
        }
        try system("serve the mount") { () throws(Errno) in
            session.replayInit(try initPipe.readAll(), scratch: Scratch())
            initPipe.close()
            if isInherited { try? session.requestResend() }
            let pool = try WorkerPool(threads: max(4, CurrentProcess.processorCount * 2)) { Scratch() }
            try pool.add(session)
        }
        let harness = Harness(version: version, service: { call throws(WeaveError) in try answer(call, served) },
                              afterAnswer: { call, answer, taken in after(call, answer, taken, served, log) })
        try system("answer the keeper") { () throws(Errno) in try channel.writeAll(Array("ready\n".utf8)) }
        log.write("server \(CurrentProcess.id) \(isInherited ? "takes over" : "begins")")
        harness.run(listener)
    }

    private static func answer(_ call: Call, _ served: ServedWeave) throws(WeaveError) -> Answer {
        switch call {
        case .hello: return .done
        case .create(let options):
            let made = try served.create(options)
            return .created(name: made.name, path: served.path(of: made.name), engine: made.engine)
        case .delete(let name):
            try served.delete(name)
            return .done
        case .sync(let options): return .synced(try served.sync(options))
        case .describe(let project, let name, let withUsage):
            return .workweaves(try served.describe(project: project, name: name, withUsage: withUsage))
        case .mounts: return .mounts(try served.mounts())
        case .down(let force): return try unmount(force)
        }
    }

    /// Asks the keeper, who mounted, to unmount.
    private static func unmount(_ force: Bool) throws(WeaveError) -> Answer {
        let said = try system("ask the keeper") { () throws(Errno) in
            goingDown.withLock { $0 = true }
            try channel.writeAll(Array((force ? "detach\n" : "unmount\n").utf8))
            return try channel.readSome(16)
        }
        if said == Array("ok\n".utf8) { return .done }
        goingDown.withLock { $0 = false }
        throw WeaveError(.busy, "the workweaves are in use", hint: "leave those directories and end those programs, or use --force")
    }

    private static func after(_ call: Call, _ answer: Answer, _ taken: Bool, _ served: ServedWeave, _ log: Log) {
        switch (call, answer) {
        case (.down, .done): CurrentProcess.exitNow(0)
        case (.create, .created(let name, _, _)) where !taken:
            // The command was interrupted: nobody was told of the workweave, so it is not to be.
            log.write("taking back '\(name)': who asked for it is gone")
            try? served.delete(name)
        default: break
        }
    }
}
