internal import Control
internal import Daemon
internal import Syscalls
internal import Weave

let arguments = CommandLine.arguments
if arguments.count >= 3, arguments[1] == Keeper.verb {
    CurrentProcess.exit(Keeper.run(Weave(root: arguments[2]), report: FileDescriptor(raw: 3)))
}
if arguments.count >= 4, arguments[1] == Keeper.serverVerb {
    CurrentProcess.exit(Server.run(Weave(root: arguments[2]), isInherited: arguments[3] == "inherited", version: "0.1.0") { _, _ in [] })
}
let weave = Weave(root: arguments[1])
let client = Client(weave, version: "0.1.0", start: Keeper.launch)
do throws(WeaveError) {
    switch arguments[2] {
    case "create": print(try client.ask(.create(CreateOptions(project: arguments[3], name: arguments[4], umask: CurrentProcess.umask))))
    case "delete": print(try client.ask(.delete(name: arguments[3])))
    case "mounts": print(try client.ask(.mounts))
    case "list": print(try client.ask(.describe(project: nil, name: nil, withUsage: true)))
    case "sync": print(try client.ask(.sync(SyncOptions(name: arguments[3], removable: []))))
    default: print(try client.ask(.down(force: false)))
    }
} catch { print("error: \(error.message)\nhint: \(error.hint ?? "")") }
