internal import Commands
internal import Daemon
internal import Integrations
internal import Manifest
internal import Syscalls
internal import Views
internal import Weave

// Views do not know the integrations: here they meet.
let surface: ServedWeave.Surface = { request in
    let project = request.project, manifest = request.manifest
    var existing: [String: [UInt8]] = [:]
    for path in (try? RootSession.generatedPaths(project, manifest)) ?? [] { existing[path] = request.projectFile(path) }
    let session = RootSession(project: project, workweave: request.workweave, root: request.root, manifest: manifest,
                              members: RootSession.facts(manifest, open: request.member), existing: existing)
    guard let made = try? Resolution.make(session, dangling: request.workweave == nil, keepingOwn: true, exists: { existing[$0] != nil }) else { return SurfaceAnswer() }
    return SurfaceAnswer(files: made.files.map { ($0.path, $0.bytes) }, links: made.links.map { ($0.path, $0.target) })
}
let arguments = CommandLine.arguments
// The processes behind the mounts are this program too, started by itself.
if arguments.count == 3, arguments[1] == Keeper.verb {
    CurrentProcess.exit(Keeper.run(Weave(root: arguments[2]), report: FileDescriptor(raw: 3)))
}
if arguments.count == 4, arguments[1] == Keeper.serverVerb {
    CurrentProcess.exit(Server.run(Weave(root: arguments[2]), isInherited: arguments[3] == "inherited", version: Version.text, surface: surface))
}
if arguments.count > 1, arguments[1] == KernelMount.verb { CurrentProcess.exit(KernelMount.run(Array(arguments.dropFirst(2)))) }
let service = Service(
    start: Keeper.launch,
    local: { weave, call throws(WeaveError) in try Local.answer(weave, call, surface: surface) },
    foreground: Keeper.runHere,
    mountPrivately: KernelMount.mountPrivately)
if arguments.count > 1, arguments[1] == Weave.lossesVerb { CurrentProcess.exit(LossesAnswer(service).run(Array(arguments.dropFirst(2)))) }
if let status = MountHelper(service).run(Array(arguments.dropFirst())) { CurrentProcess.exit(status) }
CurrentProcess.exit(Program(service: service).run(Array(arguments.dropFirst())))
