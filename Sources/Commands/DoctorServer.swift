internal import Control
internal import Syscalls
internal import Weave

/// The weave's keeper and server, as they are found: whether they live, answer, and are of this program's version.
struct DoctorServer {
    /// A server answers.
    let isServed: Bool
    /// Of the server that answers.
    let process: Int32?
    /// What it says of its mounts.
    let mounts: [MountInfo]
    let findings: [DoctorFinding]
    /// Something holds the weave that cannot be asked: a command that works without a server, or a keeper without its socket.
    let isBusy: Bool
    /// It answers when it is let go on.
    let isStopped: Bool

    init(_ weave: Weave, _ service: Service) {
        let client = service.client(weave)
        let isServed = client.isServed
        var process: Int32?, mounts: [MountInfo] = [], findings: [DoctorFinding] = [], isStopped = false
        if isServed {
            do throws(WeaveError) {
                if case .hello(let version, let pid) = try client.ask(.hello, starting: false) {
                    process = pid
                    if version != Version.text {
                        findings.append(DoctorFinding(
                            kind: .otherVersion, path: weave.root, what: "it is served by rwv \(version), this is rwv \(Version.text)",
                            why: "the two may not understand each other, and what was changed in the program is not in force",
                            fix: "run 'rwv down' and 'rwv up'", service: .restart))
                    }
                }
                if case .mounts(let all) = try client.ask(.mounts, starting: false) { mounts = all }
            } catch where error.code != .version {
                isStopped = error.code == .stopped
                findings.append(Self.unreachable(weave, error.message, keeper: weave.keeperID, fix: isStopped ? error.hint : nil))
            } catch {}
        }
        let isLocked = Self.isLocked(weave), keeper = weave.keeperID
        if !isServed {
            if isLocked, let keeper, Subprocess.exists(keeper) {
                findings.append(Self.unreachable(weave, "its control socket is gone", keeper: keeper))
            } else if !isLocked {
                findings += Self.leftovers(weave)
            }
        }
        self.isStopped = isStopped
        (self.isServed, self.process, self.mounts, self.findings, isBusy) = (isServed, process, mounts, findings, isLocked && !isServed)
    }

    /// Whether somebody holds the lock that a keeper holds while it lives.
    private static func isLocked(_ weave: Weave) -> Bool {
        guard let file = try? Files.open(weave.run + "/lock") else { return false }
        let lock = OwnedDescriptor(file)
        return (try? lock.descriptor.lock(exclusive: false, wait: false)) == false
    }

    private static func unreachable(_ weave: Weave, _ what: String, keeper: Int32?, fix: String? = nil) -> DoctorFinding {
        DoctorFinding(kind: .unreachableServer, path: weave.run, what: "a server runs\(keeper.map { " (keeper: process \($0))" } ?? ""), but cannot be asked: \(what)",
                      why: "no command that needs the server works, though what is mounted may",
                      fix: fix ?? "end it with 'kill \(keeper.map(String.init) ?? "PROCESS")', which takes its mounts away, then run 'rwv up'")
    }

    /// What a keeper that was killed could not remove.
    private static func leftovers(_ weave: Weave) -> [DoctorFinding] {
        let names = ["control.sock", "keeper.pid", "server.pid"].filter { Files.exists(weave.run + "/" + $0) }
        guard !names.isEmpty else { return [] }
        return [DoctorFinding(kind: .staleRunFiles, path: weave.run, what: "\(names.joined(separator: ", ")) of a server that is dead",
                              why: "it did not end as it should; its mounts may be dead, and 'rwv up' brings them back", fix: "remove them, or run 'rwv up'") {
            try remove(names, weave)
        }]
    }

    private static func remove(_ names: [String], _ weave: Weave) throws -> String {
        let lock = OwnedDescriptor(try Files.open(weave.run + "/lock", OpenFlags.readWrite | OpenFlags.create, mode: 0o600))
        guard try lock.descriptor.lock(wait: false) else { return "a server has taken their place" }
        for name in names where Files.exists(weave.run + "/" + name) { try Files.unlink(weave.run + "/" + name) }
        return "removed"
    }
}
