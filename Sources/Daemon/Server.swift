internal import Control
internal import Fuse
internal import Syscalls
package import Views
package import Weave

/// The process that serves a weave: its mounts and the calls on its control socket. Started by the keeper, which puts into descriptors
/// 3 and 4 the channel to itself and the listening socket.
package enum Server {
    private static let channel = FileDescriptor(raw: 3)
    private static let listener = FileDescriptor(raw: 4)

    /// The server's life. Returns only when it could not begin; otherwise the process ends with ``CurrentProcess/exitNow(_:)``.
    package static func run(_ weave: Weave, isInherited: Bool, version: String, surface: @escaping ServedWeave.Surface) -> Int32 {
        CurrentProcess.signalOnParentDeath(Signals.kill)
        CurrentProcess.ignoreBrokenPipe()
        CurrentProcess.setUmask(0o077)
        for d in [channel, listener] { d.closeOnExec() }
        let keeper = KeeperChannel(channel)
        do throws(WeaveError) {
            try serve(weave, keeper, isInherited, version, surface)
        } catch {
            keeper.tell(.refused(error))
            return 1
        }
        return 0
    }

    private static func serve(_ weave: Weave, _ keeper: KeeperChannel, _ isInherited: Bool, _ version: String,
                              _ surface: @escaping ServedWeave.Surface) throws(WeaveError) {
        let log = try system("open the log") { () throws(Errno) in try Log(path: weave.log + "/server.log") }
        let mounts = try ServerMounts(keeper, isSuccessor: isInherited, log: log)
        let served = ServedWeave(weave, surface: surface) { log.write($0) }
        try served.start(mounts)
        mounts.dropUnclaimed()
        let harness = Harness(version: version, service: { call throws(WeaveError) in try answer(call, served, mounts, keeper) },
                              afterAnswer: { call, answer, taken in after(call, answer, taken, served, log) })
        keeper.tell(.ready)
        log.write("server \(CurrentProcess.id) \(isInherited ? "takes over" : "begins")")
        harness.run(listener)
    }

    private static func answer(_ call: Call, _ served: ServedWeave, _ mounts: ServerMounts, _ keeper: KeeperChannel) throws(WeaveError) -> Answer {
        switch call {
        case .hello: return .done
        case .create(let options):
            let made = try served.create(options)
            return .created(name: made.name, path: served.path(of: made.name), engine: made.engine)
        case .delete(let name, let force):
            try served.delete(name, force: force)
            return .done
        case .sync(let options): return .synced(try served.sync(options))
        case .setEngine(let name, let engine):
            try served.setEngine(name, engine)
            return .done
        case .prepareHandOut(let name):
            try served.prepareHandOut(name)
            return .done
        case .handOut(let name, let pid):
            try served.handOut(name, to: pid)
            return .done
        case .takeBack(let name, let pid):
            let users = try served.takeBack(name, from: pid)
            return users.isEmpty ? .done : .stillUsed(by: users)
        case .describe(let project, let name, let withUsage):
            return .workweaves(try served.describe(project: project, name: name, withUsage: withUsage))
        case .mounts: return .mounts(try served.mounts())
        case .mount(let options):
            try served.mount(options)
            return .done
        case .unmount(let path, let force): return .unmounted(modeBelow: try served.unmount(path, force: force))
        case .activate(let path, let project):
            try served.activate(path, project)
            return .done
        case .up:
            try served.bringAllUp()
            return .mounts(try served.mounts())
        case .down(let force):
            mounts.goDown()
            do throws(WeaveError) { try served.unmountAll(force: force) } catch {
                mounts.stayUp()
                throw error
            }
            keeper.tell(.stop)
            return .done
        }
    }

    private static func after(_ call: Call, _ answer: Answer, _ taken: Bool, _ served: ServedWeave, _ log: Log) {
        switch (call, answer) {
        case (.down, .done): CurrentProcess.exitNow(0)
        case (.create, .created(let name, _, _)) where !taken:
            // The command was interrupted: nobody was told of the workweave, so it is not to be.
            log.write("taking back '\(name)': who asked for it is gone")
            try? served.delete(name, force: true)
        default: break
        }
    }
}
