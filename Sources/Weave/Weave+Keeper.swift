internal import Syscalls

extension Weave {
    /// The process that keeps the weave's mounts, as it has written down; whether it lives is another question.
    package var keeperID: Int32? { process("keeper.pid") }

    /// The same of its server.
    package var serverID: Int32? { process("server.pid") }

    private func process(_ file: String) -> Int32? {
        guard let bytes = try? Files.read(run + "/" + file) else { return nil }
        return Int32(String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self))
    }

    /// Where the weave was when its mounts were made, if it was moved since and its keeper still serves it by that path.
    package var servedAs: String? {
        guard let there = MountTable.find(workweaves), there.type == MountTable.ours, there.source != root, let keeper = keeperID, Subprocess.exists(keeper) else { return nil }
        // Who sees it elsewhere than the keeper does, as in a container, has not moved it. Another weave may be served there by now.
        let place = Weave(root: there.source).workweaves
        return MountTable.all(of: keeper).contains { $0.path == place && $0.device == there.device } ? nil : there.source
    }
}
