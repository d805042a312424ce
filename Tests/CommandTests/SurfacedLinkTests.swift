import Integrations
import Manifest
import Testing

@Suite struct SurfacedLinkTests {
    @Test(arguments: [
        ("package.json", "projects/web-app/package.json", "web-app"), ("gita/repos.csv", "../projects/a/b/gita/repos.csv", "a/b"),
        ("x", "./projects/./p//x", "p"), ("x", "/w/projects/p/x", "p"), ("a/x", "../projects/p/a/x", "p"),
    ]) func ours(_ path: String, _ target: String, _ project: String) {
        #expect(surfacingProject(path: path, target: target, root: "/w") == project)
    }

    @Test(arguments: [
        ("x", "projects/p/y"), ("x", "elsewhere/p/x"), ("x", "projects/x"), ("x", "../projects/p/x"), ("x", "/projects/p/x"),
        ("x", "/ww/projects/p/x"), ("a/x", "projects/p/a/x"), ("x", "projects/a/b/c/d/x"), ("x", ""), ("x", "../../../projects/p/x"),
    ]) func theUsers(_ path: String, _ target: String) {
        #expect(surfacingProject(path: path, target: target, root: "/w") == nil)
    }

    @Test func defaults() throws {
        let project = try ProjectName("team/web-app")
        let links = try surfacedLinks(project: project, manifest: Manifest()) { _ in true }
        #expect(links.map(\.path) == [
            "package.json", "package-lock.json", "go.work", "go.sum", "pyproject.toml", "uv.lock", "Cargo.toml", "Cargo.lock",
            "gita/repos.csv", "gita/groups.csv", "web-app.code-workspace",
        ])
        #expect(links.last?.target == "projects/team/web-app/web-app.code-workspace")
        #expect(links.first { $0.path == "gita/repos.csv" }?.target == "../projects/team/web-app/gita/repos.csv")
    }
}
