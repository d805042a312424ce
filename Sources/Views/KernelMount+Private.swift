internal import Syscalls
package import Weave

extension KernelMount {
    /// Mounts the overlay of a workweave that was handed out to the process `owner`, in mounts of this process's own
    /// (``Namespaces/takeOwnMounts()``). Changes the working directory.
    /// - Throws: `.busy` when it is handed out to `owner` no more; `.unsupported` where it cannot be mounted.
    package static func mountPrivately(_ weave: Weave, _ name: String, owner: Int32) throws(WeaveError) {
        let one = KernelMount(weave: weave, name: name)
        let state = try one.lockState()
        defer { state.close() }
        // Under the lock: the server does not take it back now.
        guard let use = try ExclusiveUse.read(weave.states + "/" + name), use.pid == owner, use.isRunning, let record = try one.record() else {
            throw WeaveError(.busy, "'\(name)' was taken back", hint: "run the command again")
        }
        do throws(Errno) { try one.mountAll(record) } catch { throw WeaveError(.unsupported, "overlayfs cannot be mounted: \(error)") }
    }
}
