internal import Control
internal import Manifest
internal import Weave

/// Project mounts that show a project as it was, since what it is now cannot be read. Asked of a server that runs; none is started.
enum CheckMounts {
    static func findings(_ context: Context, _ service: Service) -> [CheckFinding] {
        let client = service.client(context.weave)
        // What is wrong with the server itself is looked at by 'rwv doctor'.
        guard context.workweave == nil, client.isServed, case .mounts(let mounts)? = try? client.ask(.mounts, starting: false) else { return [] }
        return mounts.filter { $0.kind == "project" && $0.state == "stale" }.map { mount in
            CheckFinding(severity: .error, kind: .staleMount, project: mount.project.flatMap { try? ProjectName($0) }, path: nil,
                         text: "the mount \(mount.path) shows '\(mount.project ?? "")' as it was: \(mount.problem ?? "")")
        }
    }
}
