internal import Integrations
internal import JSONCoding
internal import Manifest

/// How `activate --plan` shows what would be done.
extension Activation {
    /// One line for each step, in the order in which they would be taken.
    var lines: [String] {
        write.map { "write projects/\(project)/\($0.path)" } + adopt.map { "move \($0.path) to projects/\($0.project)/\($0.path)" }
            + make.map { "link \($0.path) -> \($0.target)" } + remove.map { "remove \($0)" }
    }

    /// The same with the members' facts that it follows from.
    func json(_ wiring: RootSession) -> JSON {
        .object([
            ("project", .string(project.text)), ("root", .string(wiring.root)), ("workweave", .string(wiring.workweave?.text)),
            ("members", .array(wiring.members.map(\.json))),
            ("write", .array(write.map { .object([("path", .string("projects/\(project)/\($0.path)")), ("content", .string(String(decoding: $0.bytes, as: UTF8.self)))]) })),
            ("move", .array(adopt.map { .object([("path", .string($0.path)), ("target", .string("projects/\($0.project)/\($0.path)"))]) })),
            ("link", .array(make.map { .object([("path", .string($0.path)), ("target", .string($0.target))]) })),
            ("remove", .strings(remove)),
        ])
    }
}

extension MemberFacts {
    /// What `activate --plan --json` shows of a member, and what programs of the `command` integration are given.
    var json: JSON {
        .object([
            ("path", .string(path.text)), ("role", .string(role?.rawValue)),
            ("packages", .array(packages.sorted { $0.key < $1.key }.map { file, package in
                .object([
                    ("file", .string(file)), ("name", .string(package.name)), ("version", .string(package.version)),
                    ("requires", .string(package.requires)),
                ])
            })),
        ])
    }
}
