package import Control
internal import Syscalls
package import Weave

/// How commands reach what serves a weave: its server, started on demand, or this very process where FUSE is not to be had.
package struct Service: Sendable {
    package typealias LocalAnswer = @Sendable (Weave, Call) throws(WeaveError) -> Answer
    private let start: Client.Starter
    private let local: LocalAnswer
    /// Runs a keeper in this process (`up --foreground`) until it ends; tells when it serves.
    package typealias Foreground = @Sendable (Weave, _ ready: () -> Void) throws(WeaveError) -> Void
    let foreground: Foreground
    /// Mounts a workweave that was handed out to the process `owner` in mounts of this process's own.
    package typealias PrivateMounter = @Sendable (Weave, _ name: String, _ owner: Int32) throws(WeaveError) -> Void
    let mountPrivately: PrivateMounter

    package init(start: @escaping Client.Starter, local: @escaping LocalAnswer, foreground: @escaping Foreground, mountPrivately: @escaping PrivateMounter) {
        self.mountPrivately = mountPrivately
        self.start = start
        self.local = local
        self.foreground = foreground
    }

    func client(_ weave: Weave) -> Client { Client(weave, version: Version.text, start: start) }

    /// Carries a call out in this process.
    func answerHere(_ weave: Weave, _ call: Call) throws(WeaveError) -> Answer { try local(weave, call) }

    /// Whoever is not the owner of a weave can neither see nor change what is served of it, and must not be told that there is nothing.
    func requireOwner(_ weave: Weave) throws(WeaveError) {
        guard let status = try? Files.status(weave.state), status.owner != CurrentProcess.userID else { return }
        throw WeaveError(.denied, "the weave \(weave.root) belongs to another user", hint: "run the command as its owner")
    }

    /// The server of a weave that was moved meanwhile can do nothing there.
    private func requireInPlace(_ weave: Weave) throws(WeaveError) {
        guard let former = weave.servedAs else { return }
        throw WeaveError(.failed, "\(weave.root) was moved from \(former) while it was served", hint: "run 'rwv up', which serves it here, unless somebody still uses what is mounted")
    }

    /// Ends the server of a weave that was moved meanwhile. - Throws: `.busy`, naming who uses what it has mounted.
    func leaveFormerPlace(_ weave: Weave) throws(WeaveError) {
        if weave.servedAs != nil { _ = try answerHere(weave, .down(force: false)) }
    }

    /// What the server mounts at `path` must be seen by this process too.
    /// - Throws: `.failed` where the server runs in another mount namespace (mount_namespaces(7)), whose mounts do not come here.
    private func requireSight(_ weave: Weave, of path: String) throws(WeaveError) {
        // Others have it mounted meanwhile: among those of our own namespace there is nothing to compare, and elsewhere its table comes first.
        guard let keeper = client(weave).keeper, Namespaces.isOurs(of: keeper) != true,
              MountTable.all(of: keeper).contains(where: { $0.path == path && $0.type == MountTable.ours }), MountTable.find(path) == nil
        else { return }
        throw WeaveError(.failed, "what is mounted at \(path) cannot be seen from here: the server of \(weave.root), process \(keeper), runs in another mount namespace",
                         hint: "run the command there ('nsenter -t \(keeper) -m'), or 'rwv down' there and then the command again here")
    }

    /// Shows a project at a directory. - Throws: also as ``requireSight(_:of:)``; the mount is then gone again, unless there was one before.
    func mount(_ weave: Weave, _ options: MountOptions) throws(WeaveError) {
        let client = client(weave)
        let wasThere = client.keeper.map { keeper in MountTable.all(of: keeper).contains { $0.path == options.path } } ?? false
        _ = try ask(weave, .mount(options))
        if options.place != nil { return }
        do throws(WeaveError) { try requireSight(weave, of: options.path) } catch {
            if !wasThere, case .unmounted(let mode)? = try? client.ask(.unmount(path: options.path, force: false), starting: false) { try? Files.setMode(options.path, mode) }
            throw error
        }
    }

    /// Asks the server if one runs or is needed; answers here otherwise.
    func ask(_ weave: Weave, _ call: Call) throws(WeaveError) -> Answer {
        try requireOwner(weave)
        try requireInPlace(weave)
        let client = client(weave)
        if client.isServed { return try client.ask(call, starting: false) }
        if case .describe = call { return try local(weave, call) }
        switch call {
        case .unmount: return try local(weave, call)
        case .delete(let name, _) where try isCheckout(weave, name): return try local(weave, call)
        case .sync(let options) where try isCheckout(weave, options.name): return try local(weave, call)
        case .setEngine(_, "checkout"):
            // Also for a weave that came to a machine without FUSE.
            do throws(WeaveError) { try client.ensureServer() } catch where error.code == .unsupported { return try local(weave, call) }
        default: break
        }
        return try client.ask(call)
    }

    /// Makes a workweave with the best engine that works here. `fallback` hears why it is not the best there is.
    func create(_ weave: Weave, _ options: CreateOptions, fallback: (WeaveError) -> Void) throws(WeaveError) -> Answer {
        try requireInPlace(weave)
        let client = client(weave)
        if options.engine == "checkout", !client.isServed { return try local(weave, .create(options)) }
        do throws(WeaveError) { try client.ensureServer() } catch {
            guard options.engine == "auto", error.code == .unsupported else { throw error }
            fallback(error)
            return try local(weave, .create(options))
        }
        try requireSight(weave, of: weave.workweaves)
        return try client.ask(.create(options), starting: false)
    }

    /// Has a workweave served, so that it can be looked at.
    func show(_ weave: Weave, _ name: String) throws(WeaveError) {
        try requireOwner(weave)
        guard try weave.stateNames().contains(name), try !isCheckout(weave, name) else { return }
        let client = client(weave)
        if client.isServed, Files.isDirectory(weave.workweaves + "/" + name) { return }
        _ = try client.ask(.up)
        try requireSight(weave, of: weave.workweaves)
    }

    private func isCheckout(_ weave: Weave, _ name: String) throws(WeaveError) -> Bool {
        try weave.workweaveRecords().contains { $0.name == name && $0.engine == "checkout" }
    }
}
