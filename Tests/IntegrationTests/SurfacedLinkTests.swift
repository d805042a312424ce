import Integrations
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
}
