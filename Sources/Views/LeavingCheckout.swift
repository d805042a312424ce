internal import Syscalls
internal import Weave

/// A directory of a workweave of the `checkout` engine that is on its way in or out: all of it while it is deleted, or one repo's. Then it is
/// aside, where nobody finds it.
struct LeavingCheckout {
    private let name: String
    private let root: String
    private let path: String
    private let aside: String
    private var place: String { root + "/" + path }

    /// The whole of a workweave.
    init(_ weave: Weave, _ name: String) {
        self.name = "'\(name)'"
        (root, path) = ("\(weave.states)/\(name)", "checkout")
        aside = "\(weave.states)/\(name)/leaving"
    }

    /// One repo.
    init(_ weave: Weave, _ name: String, _ repo: WorkweaveRecord.Repo) {
        self.name = "\(repo.path) of '\(name)'"
        (root, path) = ("\(weave.states)/\(name)/checkout", repo.path)
        aside = "\(weave.states)/\(name)/\(CheckoutMoves.leavingPrefix)\(repo.part)"
    }

    /// - Throws: `.busy` when somebody is in it; `.dirty` when anything of it may have changed since `began`. It is aside all the same.
    func take(unchangedSince began: Timestamp) throws(WeaveError) {
        if try system("look at \(place)", { () throws(Errno) in try Files.obstacle(root, path) }) != nil {
            throw WeaveError(.busy, "\(name) is not at its place any more", hint: "move it back, then run the command again")
        }
        // The move itself changes the time of its top.
        let top = try system("look at \(place)") { () throws(Errno) in try Files.status(place).map(ChangeTime.of) }
        guard let top else { return }
        try Self.requireNothingMounted(in: place)
        try system("move \(place)") { () throws(Errno) in try Files.rename(place, aside) }
        try Self.requireNothingMounted(in: aside)
        if !PlaceUsers.find(aside).isEmpty { throw WeaveError(.busy, "\(name) is in use", hint: "leave that directory and end those programs, or use --force") }
        let changed = top >= began ? "." : try ChangeTime.firstChange(below: aside, since: began, skippingTop: true)
        guard let changed else { return }
        throw WeaveError(.dirty, "\(name) is being changed: \(changed)", hint: "end the programs that write to it, or use --force to lose what they write")
    }

    /// What is mounted there is somebody else's, and would go with it. - Throws: `.busy`.
    static func requireNothingMounted(in directory: String) throws(WeaveError) {
        guard let mount = MountTable.inside(directory).first else { return }
        throw WeaveError(.busy, "something is mounted at \(mount.path)", hint: "unmount it first (umount(8))")
    }

    /// Puts it back where somebody has only begun to take it away.
    func putBack() throws(WeaveError) {
        guard Files.exists(aside), !Files.exists(place) else { return }
        try system("move \(aside)") { () throws(Errno) in
            try Files.makeDirectories(String(place[..<(place.lastIndex(of: "/") ?? place.startIndex)]))
            try Files.rename(aside, place)
        }
    }
}
