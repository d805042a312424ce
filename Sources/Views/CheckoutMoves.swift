internal import Syscalls
internal import Weave

/// Repos of the `checkout` engine come and go in one step each: made beside the checkouts as `joining-PART`, taken aside as `leaving-PART`.
/// The record says which of them count.
struct CheckoutMoves {
    private let weave: Weave
    private let record: WorkweaveRecord
    private let directory: String

    init(_ weave: Weave, _ record: WorkweaveRecord) {
        (self.weave, self.record) = (weave, record)
        directory = weave.states + "/" + record.name
    }

    private static let joiningPrefix = "joining-"
    static let leavingPrefix = "leaving-"

    /// Where a repo is made.
    func joining(_ part: UInt32) -> String { "\(directory)/\(Self.joiningPrefix)\(part)" }

    /// Moves repos to where the record says that they are, and removes the others, unless something stands in the place of one that counts. Also what a program left that was killed in between.
    /// - Throws: when one cannot be moved; it can be done again.
    func settle() throws(WeaveError) {
        let aside = try system("read \(directory)") { () throws(Errno) in
            let state = OwnedDescriptor(try Files.open(directory, OpenFlags.directory))
            return try state.descriptor.directoryEntries().map(\.text).filter { $0.hasPrefix(Self.joiningPrefix) || $0.hasPrefix(Self.leavingPrefix) }
        }
        if aside.isEmpty { return }
        let root = directory + "/checkout"
        for repo in record.repos {
            try LeavingCheckout(weave, record.name, repo).putBack()
            let made = joining(repo.part), place = "\(root)/\(repo.path)"
            guard Files.exists(made), !Files.exists(place) else { continue }
            try system("move \(made)") { () throws(Errno) in
                try Files.makeDirectories(String(place[..<(place.lastIndex(of: "/") ?? place.startIndex)]))
                try Files.rename(made, place)
            }
        }
        try record.protectCheckouts(below: root, in: weave)
        // What cannot be put back, since somebody has put something in its place meanwhile, may be work.
        let kept = Set(record.repos.flatMap { [Self.joiningPrefix + "\($0.part)", Self.leavingPrefix + "\($0.part)"] })
        for name in aside where !kept.contains(name) { try? Files.removeTree("\(directory)/\(name)") }
    }
}
