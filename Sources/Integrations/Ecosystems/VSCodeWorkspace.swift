internal import Manifest

/// The workspace file of VS Code, named after the project.
struct VSCodeWorkspace: Ecosystem {
    let name = "vscode-workspace"
    let isOnByDefault = true

    func surfacedPaths(project: ProjectName, settings: Integration?) -> [String] { ["\(project.name).code-workspace"] }
}
