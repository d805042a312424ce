package import Control
internal import Fuse
internal import Manifest
internal import Syscalls
package import Views
package import Weave

/// Carries out calls in the calling process, where no server runs: what needs no mount, and the checkout engine.
package enum Local {
    /// - Throws: `.busy` when a server runs after all; `.noServer` for what only a server can do.
    package static func answer(_ weave: Weave, _ call: Call, surface: @escaping ServedWeave.Surface) throws(WeaveError) -> Answer {
        let served = ServedWeave(weave, surface: surface) { _ in }
        switch call {
        case .describe(let project, let name, let withUsage):
            return .workweaves(try served.describe(project: project, name: name, withUsage: withUsage))
        case .mounts: return .mounts(try served.mounts().filter { $0.engine == "checkout" })
        case .create(var options):
            options.engine = "checkout"
            return try exclusively(weave) { () throws(WeaveError) in
                let made = try served.create(options)
                try CheckoutLinks(weave).make(made.name)
                return .created(name: made.name, path: served.path(of: made.name), engine: made.engine)
            }
        case .delete(let name, let force):
            return try exclusively(weave) { () throws(WeaveError) in
                try served.delete(name, force: force)
                try CheckoutLinks(weave).remove(name)
                return .done
            }
        case .down(let force):
            if let moved = MovedWeave(weave) {
                try moved.takeDown(force: force)
                return .done
            }
            // Nobody serves: what may be left is a mount point whose server died.
            if weave.diskFailure != nil {
                for entry in MountTable.all() where entry.source == weave.root { try detachOurs(entry.path, weave, onlyDead: true) }
                return .done
            }
            return try exclusively(weave) { () throws(WeaveError) in
                let known = ((try? weave.mountRecords()) ?? []).map(\.path) + [weave.workweaves, weave.baseView]
                for path in known { try detachOurs(path, weave) }
                for entry in MountTable.all() where entry.source == weave.root && !known.contains(entry.path) { try detachOurs(entry.path, weave, onlyDead: true) }
                try CheckoutLinks(weave).renew()
                return .done
            }
        case .unmount(let path, _):
            if let failure = weave.diskFailure {
                guard try detachOurs(path, weave, onlyDead: true) else { throw failure }
                throw MountRecord.stillThere(path, failure)
            }
            return try exclusively(weave) { () throws(WeaveError) in
                guard let record = try weave.mountRecords().first(where: { $0.path == path }) else {
                    throw WeaveError(.notFound, "\(path) is no mount of \(weave.root)", hint: "'rwv mounts' shows what there is")
                }
                try detachOurs(path, weave)
                try weave.removeMount(record.id)
                return .unmounted(modeBelow: record.modeBelow)
            }
        case .setEngine(let name, "checkout"):
            return try exclusively(weave) { () throws(WeaveError) in
                try served.setEngine(name, "checkout")
                try CheckoutLinks(weave).remove(name)
                try CheckoutLinks(weave).make(name)
                return .done
            }
        case .sync(let options): return try exclusively(weave) { () throws(WeaveError) in .synced(try served.sync(options)) }
        case .hello, .mount, .activate, .up, .setEngine, .prepareHandOut, .handOut, .takeBack: throw WeaveError(.noServer, "no server runs for \(weave.root)", hint: "run 'rwv up'")
        }
    }

    /// Takes away a mount that was left behind, if it is this weave's; with `onlyDead`, if nobody answers for it either. Else returns false.
    @discardableResult
    private static func detachOurs(_ path: String, _ weave: Weave, onlyDead: Bool = false) throws(WeaveError) -> Bool {
        guard let entry = weave.ownMount(at: path), !onlyDead || entry.isDead else { return false }
        try system("take away the mount left behind at \(path)") { () throws(Errno) in try Mount.detach(path, lazy: true) }
        return true
    }

    /// Under the lock that a keeper holds while it lives.
    private static func exclusively(_ weave: Weave, _ body: () throws(WeaveError) -> Answer) throws(WeaveError) -> Answer {
        try weave.prepareState()
        let lock = try system("open \(weave.run)/lock") { () throws(Errno) in
            OwnedDescriptor(try Files.open(weave.run + "/lock", OpenFlags.readWrite | OpenFlags.create, mode: 0o600))
        }
        let deadline = monotonicNanoseconds() + patience * 1_000_000_000
        while try !system("lock \(weave.run)/lock", { () throws(Errno) in try lock.descriptor.lock(wait: false) }) {
            // A keeper holds it for as long as it lives; commands like this one come one after the other.
            guard !isKept(weave), monotonicNanoseconds() < deadline else {
                throw WeaveError(.busy, "another command is at work in \(weave.root)", hint: "run it again in a moment; if it stays so, 'rwv doctor' tells why")
            }
            Thread.sleep(milliseconds: 5)
        }
        return try body()
    }

    /// Whether a keeper lives.
    private static func isKept(_ weave: Weave) -> Bool {
        weave.keeperID.map(Subprocess.exists) ?? false
    }

    /// Seconds to wait for other commands.
    private static let patience: Int64 = 120
}
