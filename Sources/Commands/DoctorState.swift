internal import Layers
internal import Syscalls
internal import Weave

/// The weave's own files: their format, directories that are missing, what in the cache is of no use.
struct DoctorState {
    /// `.rwv` was written by another program.
    let unknownFormat: DoctorFinding?
    let findings: [DoctorFinding]

    init(_ weave: Weave) {
        let path = weave.state + "/format"
        if let bytes = (try? Files.readIfExists(path)) ?? nil, String(decoding: bytes, as: UTF8.self) != Weave.format {
            unknownFormat = DoctorFinding(kind: .stateFormat, path: path, what: "this program does not know the format that it names",
                                          why: "nothing in the weave can be served or changed", fix: "use the rwv that wrote it, or a newer one")
            findings = []
            return
        }
        unknownFormat = nil
        findings = Self.missing(weave) + Self.cache(weave)
    }

    private static func missing(_ weave: Weave) -> [DoctorFinding] {
        let missing = weave.stateDirectories.filter { !Files.exists($0) }
        guard !missing.isEmpty else { return [] }
        return [directories(missing, at: weave.state) {
            try weave.prepareState()
        }]
    }

    /// - Parameter make: makes them.
    static func directories(_ missing: [String], at path: String, service: DoctorFinding.Service = .nothing, make: @escaping () throws -> Void) -> DoctorFinding {
        let names = missing.map { String($0.dropFirst(path.count + 1)) }.joined(separator: ", ")
        return DoctorFinding(kind: .missingDirectories, path: path, what: "directories are missing: \(names)",
                             why: "rwv 0.2.x deletes empty directories when it activates a project; what uses them fails", fix: "make them", repair: {
            try make()
            return "made \(names)"
        }, service: service)
    }

    /// Bases that this program did not write, or that were cut short.
    private static func cache(_ weave: Weave) -> [DoctorFinding] {
        guard let directory = try? Files.open(weave.bases, OpenFlags.directory) else { return [] }
        defer { directory.close() }
        let unknown = ((try? directory.directoryEntries()) ?? []).map(\.text).filter { $0.hasSuffix(".meta") && !isBase(weave.bases + "/" + $0) }
        guard !unknown.isEmpty else { return [] }
        return [DoctorFinding(kind: .cacheFormat, path: weave.bases, what: "\(counted(unknown.count, "file")) of an unknown format, such as \(unknown[0])",
                              why: "the next workweave on them takes longer to make", fix: "remove them: rm -rf \((weave.state + "/cache").shellWord) is always safe", repair: {
            for name in unknown {
                for ending in [".meta", ".index", ".content"] { try? Files.unlink(weave.bases + "/" + name.dropLast(5) + ending) }
            }
            return "removed"
        })]
    }

    /// Whether a file is the metadata of a base.
    static func isBase(_ path: String) -> Bool {
        guard let file = try? Files.open(path) else { return false }
        defer { file.close() }
        guard let memory = try? MappedFile(file) else { return false }
        return (try? BaseTable(memory)) != nil
    }
}
