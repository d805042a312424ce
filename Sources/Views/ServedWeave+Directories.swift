internal import Control
internal import Manifest
package import Syscalls
internal import Weave

/// mkdir and rmdir in the mount. The kernel waits for the answer with the directory locked.
extension ServedWeave {
    package func makeWorkweave(named name: String, umask: UInt32) throws(Errno) {
        do throws(WeaveError) {
            guard let project = try weave.activeProject() else { throw WeaveError(.notFound, "no project is active") }
            // Nothing can be mounted there before mkdir is answered.
            _ = try create(CreateOptions(project: project.text, name: name, engine: EngineKind.fuse.rawValue, umask: umask), fromKernel: true)
        } catch {
            log("mkdir .workweaves/\(name): \(error.message)")
            throw error.code == .busy ? .exists : Self.errno(error)
        }
    }

    package func removeWorkweave(named name: String) throws(Errno) {
        do throws(WeaveError) {
            let known = try workweaveName(name)
            try locks.changing(known, fromKernel: true) { () throws(WeaveError) in
                let record = try requireRecord(known)
                try withdraw(record, known) { () throws(WeaveError) in
                    guard record.repos.allSatisfy({ CleanCheck(weave: weave, record: record, repo: $0).isClean() }),
                          RootFiles(weave, in: weave.state(of: known) + "/upper", repos: record.repos.map(\.path), record: record).all().isEmpty else {
                        throw WeaveError(.dirty, "it may hold changes", hint: "use 'rwv workweave PROJECT delete \(name)'")
                    }
                }
            }
        } catch {
            log("rmdir .workweaves/\(name): \(error.message)")
            throw Self.errno(error)
        }
    }

    private static func errno(_ e: WeaveError) -> Errno {
        switch e.code {
        case .exists: .exists
        case .busy: .busy
        case .notFound: .notFound
        case .dirty: .notEmpty
        case .noSpace: .noSpace
        case .readOnly: .readOnly
        case .denied: .permission
        case .manifest, .invalid: .invalid
        default: .io
        }
    }
}
