internal import Syscalls

extension Sandbox {
    /// The words that make a shell, started by root, run a script as the scenario's user.
    private var becomeUser: String {
        if let user = Machine.user { return "setpriv --reuid=\(user) --regid=\(user) --init-groups --" }
        return Machine.isRoot ? "" : "setpriv --reuid=\"$OWNER\" --clear-groups --"
    }

    /// Runs `setUp` as root in a mount namespace of its own, then `script` as the scenario's user in there.
    /// Mounts end with it; the script must take its own server down.
    func inNamespace(_ setUp: String, _ script: String, limit: Int = 120) throws {
        try Files.writeAtomically(root + "/tools/setup.sh", Array("set -e\n\(setUp)\n".utf8), mode: 0o755)
        try Files.writeAtomically(root + "/tools/scenario.sh", Array(". \"$TOOLS/lib.sh\"\ncd /\n\(script)\n".utf8), mode: 0o755)
        try asRoot("""
            chmod a+r "$TOOLS"/setup.sh "$TOOLS"/scenario.sh
            unshare --mount --propagation private bash -c '. "$TOOLS/setup.sh"; exec \(becomeUser) bash "$TOOLS/scenario.sh"'
            """, limit: limit)
    }

    /// Puts the weave on a disk of its own, which `mount` makes and mounts at `w` as root, and runs `script` there as the user.
    func onDisk(_ mount: String, _ script: String, limit: Int = 120) throws {
        try onDisk(mount) { try bash(script, limit: limit) }
    }

    /// The same for several scripts, which may also take the disk away and bring it back.
    func onDisk(_ mount: String, _ body: () throws -> Void) throws {
        try asRoot("mv w packed; mkdir w; \(mount); cp -a packed/. w/; chown --reference=packed w; chmod --reference=packed w")
        var failure: (any Error)?
        do { try body() } catch { failure = error }
        _ = try? rwv(["down"])
        try asRoot("if mountpoint -q w; then umount w || umount -l w; fi; rm -rf packed disk.img")
        if let failure { throw failure }
    }
}
