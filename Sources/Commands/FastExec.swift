internal import Control
internal import Syscalls
internal import Weave

/// `rwv exec --fast`: the workweave is handed out to one command, which has the kernel's overlayfs on it in a mount namespace of its own
/// (as an ordinary user: and a user namespace).
///
/// This process stays behind to stand for the command: signals, stops and the end pass through it. The command's process comes first, so
/// that what is forbidden shows before anybody else is troubled; it tells over one pipe how far it is, and waits on another until the
/// workweave is handed out. Both are closed when it becomes the command.
struct FastExec {
    let session: Session
    let place: WorkweavePlace
    let command: [String]
    let environment: [String]

    /// What the child tells, with a text: why, or of `cannotRun` the errno.
    private enum News: UInt8 {
        /// It has mounts of its own.
        case ready = 1
        case forbidden, cannotMount, cannotRun
    }

    private var weave: Weave { place.weave }
    private var name: String { place.record.name }

    /// Runs the command and ends as it does. Returns only when it cannot be run so: why.
    func run() throws -> String {
        // Nobody may be in the workweave; that goes for us too.
        try system("enter \(weave.root)") { () throws(Errno) in try CurrentProcess.enter(weave.root) }
        session.output.flush()
        let client = session.service.client(weave)
        do throws(WeaveError) { _ = try client.ask(.prepareHandOut(name: name), starting: false) } catch {
            if error.code == .unsupported { return error.message }
            throw error
        }
        let (news, orders) = try system("make a pipe") { () throws(Errno) in (try Pipe(), try Pipe()) }
        let child = try system("start the command") { () throws(Errno) in
            try SupervisedProcess { parent in
                news.read.close()
                orders.write.close()
                return becomeCommand(parent, news.write, orders.read)
            }
        }
        news.write.close()
        orders.read.close()
        defer { news.read.close() }
        switch hear(news.read) {
        case (.ready, _)?: break
        case let other: return try giveUp(child, orders.write, isHandedOut: false, "no namespace of one's own (\(other?.1 ?? "no reason given"))")
        }
        do throws(WeaveError) { _ = try client.ask(.handOut(name: name, pid: CurrentProcess.id), starting: false) } catch {
            _ = try giveUp(child, orders.write, isHandedOut: false, error.message)
            throw error
        }
        try? orders.write.writeAll([1])
        orders.write.close()
        switch hear(news.read) {
        case nil: break
        case (.cannotRun, let text)?:
            try finish(try system("wait for the command") { () throws(Errno) in try child.supervise() })
            throw Exec.cannotRun(command[0], Errno(rawValue: Int32(text) ?? 0))
        case (_, let text)?: return try giveUp(child, nil, isHandedOut: true, text)
        }
        let end = try system("wait for the command") { () throws(Errno) in try child.supervise() }
        try finish(end)
        SupervisedProcess.end(as: end)
    }

    private func hear(_ pipe: FileDescriptor) -> (News, String)? {
        guard let bytes = try? pipe.readSome(4096), let first = bytes.first, let news = News(rawValue: first) else { return nil }
        return (news, String(decoding: bytes.dropFirst(), as: UTF8.self))
    }

    /// The child ends without an order. - Returns: `why`.
    private func giveUp(_ child: SupervisedProcess, _ orders: FileDescriptor?, isHandedOut: Bool, _ why: String) throws -> String {
        orders?.close()
        _ = try system("wait for the command") { () throws(Errno) in try child.supervise() }
        if isHandedOut { _ = try session.service.client(weave).ask(.takeBack(name: name, pid: CurrentProcess.id), starting: false) }
        SupervisedProcess.releaseSignals()
        return why
    }

    /// The command has ended: the workweave is shared again, unless what it has started goes on.
    private func finish(_ end: SupervisedProcess.End) throws {
        do throws(WeaveError) {
            guard case .stillUsed(let users) = try session.service.client(weave).ask(.takeBack(name: name, pid: CurrentProcess.id), starting: false) else { return }
            session.output.warn("'\(name)' stays \(Weave.inUse(by: users)), and is shared again when that has ended")
        } catch {
            // What was written is there; the next server takes it back.
            session.output.warn("'\(name)' is not shared again yet: \(error.message)")
        }
    }

    // MARK: In the child

    /// - Returns: an exit status, when it does not become the command.
    private func becomeCommand(_ parent: Int32, _ news: FileDescriptor, _ orders: FileDescriptor) -> Int32 {
        func tell(_ what: News, _ text: String) -> Int32 {
            try? news.writeAll([what.rawValue] + text.utf8)
            return 1
        }
        do throws(Errno) { try Namespaces.takeOwnMounts() } catch { return tell(.forbidden, "\(error)") }
        SupervisedProcess.dieWithParent(parent)
        _ = tell(.ready, "")
        guard let order = try? orders.readSome(1), !order.isEmpty else { return 1 }
        do throws(WeaveError) { try session.service.mountPrivately(weave, name, parent) } catch { return tell(.cannotMount, error.message) }
        do throws(Errno) {
            try CurrentProcess.enter(place.root)
            SupervisedProcess.releaseSignals()
            try CurrentProcess.become(command[0], Array(command[1...]), environment: environment)
        } catch { return tell(.cannotRun, "\(error.rawValue)") }
        return 1
    }
}
