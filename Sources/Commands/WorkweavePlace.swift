internal import Control
internal import Syscalls
internal import Weave

/// A workweave as a place to work in: its root, and the environment of what runs there.
struct WorkweavePlace {
    let weave: Weave
    let record: WorkweaveRecord

    var root: String { weave.workweaves + "/" + record.name }
    private var temporary: String { weave.states + "/\(record.name)/tmp" }

    /// Has the workweave served if it is not.
    func bringUp(_ service: Service) throws(WeaveError) {
        if record.engine == "checkout", Files.isDirectory(root) { return }
        let client = service.client(weave)
        if !client.isServed || MountTable.find(weave.workweaves) == nil { _ = try client.ask(.up) }
        guard Files.isDirectory(root) else {
            throw WeaveError(.failed, "'\(record.name)' is not served", hint: "see \(weave.log)/server.log")
        }
    }

    /// The variables of a process that runs here: those of `inherited`, and in their place the workweave's own.
    func environment(_ inherited: [String]) throws(WeaveError) -> [String] {
        try system("make \(temporary)") { () throws(Errno) in
            do throws(Errno) { try Files.makeDirectory(temporary, mode: 0o700) } catch where error == .exists {}
        }
        let own = [
            ("RWV_WEAVE", weave.root), ("RWV_WORKWEAVE", record.name), ("RWV_PROJECT", record.project), ("PWD", root), ("TMPDIR", temporary),
            ("RWV_PORT_BASE", "\(try PortBase.obtain(weave, record))"), ("COMPOSE_PROJECT_NAME", composeName),
        ]
        let kept = inherited.filter { variable in !own.contains { variable.hasPrefix($0.0 + "=") } }
        return kept + own.map { "\($0.0)=\($0.1)" }
    }

    /// A name that docker compose takes (lower case letters, digits, `-`, `_`), different for each workweave of the machine.
    private var composeName: String {
        let plain = record.name.lowercased().map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") ? $0 : "-" }
        let hash = (weave.root + "/" + record.name).utf8.reduce(UInt32(2_166_136_261)) { ($0 ^ UInt32($1)) &* 16_777_619 }
        let digits = hexadecimal((0..<4).map { UInt8(truncatingIfNeeded: hash >> (24 - 8 * $0)) })
        return "w-\(String(plain))-\(digits)"
    }
}
