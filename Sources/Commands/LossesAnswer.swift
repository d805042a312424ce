internal import Control
internal import Syscalls
internal import Weave

/// The process that a server asks what would be lost with a workweave (``Weave/lossesVerb``).
package struct LossesAnswer: Sendable {
    private let service: Service

    package init(_ service: Service) { self.service = service }

    /// - Parameter arguments: what stands behind the verb. Returns the exit status; says on standard error what went wrong.
    package func run(_ arguments: [String]) -> Int32 {
        guard arguments.count == 2 else { return 2 }
        let weave = Weave(root: arguments[0]), output = Output()
        do {
            // Which workweaves are served by other means than their own only the server knows; it waits for us, and answers all the same.
            guard case .workweaves(let all) = try service.ask(weave, .describe(project: nil, name: arguments[1], withUsage: false)), let info = all.first else { return 1 }
            for loss in try WorkweaveLosses(weave, info).all() { output.print(loss.text) }
        } catch {
            output.fail(CommandFailure(reporting: error))
            return 1
        }
        return output.flush() ? 0 : 1
    }
}
