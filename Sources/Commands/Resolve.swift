internal import ArgumentParsing
internal import JSONCoding
internal import Weave

/// `rwv resolve`: the root, for scripts.
enum Resolve {
    static let verb = Verb(CommandSpec("resolve", "print the directory of the workweave or weave",
                                       details: "For scripts: cd \"$(rwv resolve)\"")) { session in
        let root = try session.context().root
        session.output.print(session.wantsJSON ? JSON.object([("root", .string(root))]).text : root + "\n", terminator: "")
    }
}
