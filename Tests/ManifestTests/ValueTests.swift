import Manifest
import Testing

private func code(_ body: () throws -> Void) -> ManifestError.Code? {
    do { try body() } catch { return (error as? ManifestError)?.code }
    return nil
}

@Suite struct Paths {
    @Test(arguments: ["github/owner/repo", "owner/repo", "a/.github", "a/b\\c", "a/git", "a/.gitignore", "a/..b", "é/日本", "a/-b", "x/projects", "a b/c"])
    func areAccepted(text: String) throws {
        #expect(try RepoPath(text).text == text)
    }

    @Test(arguments: [
        "", "a", "/a/b", "a/../b", "../a", "a/..", "./a/b", "a/./b", "a//b", "a/b/", "a/.git", ".git/a", "a/.GIT/b", "a/.Git", "-a/b", "a/b\u{0}", "a/\nb",
        "a/b\u{7F}", "a/\u{85}b", "projects/a", ".rwv/a/b", ".workweaves/a", "a/" + String(repeating: "x", count: 256), "//a/b", "/\u{301}a/b",
    ]) func areRefused(text: String) {
        #expect(code { _ = try RepoPath(text) } == .invalidPath)
    }

    @Test func areComparedByBytes() throws {
        let texts = ["a/é", "a/e\u{301}", "a/z", "a/Z", "a/b/c", "a/b-c"]
        let sorted = try texts.map { try RepoPath($0) }.sorted()
        #expect(sorted.map { Array($0.text.utf8) } == texts.map { Array($0.utf8) }.sorted { $0.lexicographicallyPrecedes($1) })
        #expect(Set(sorted).count == 6)
    }

    @Test func nestingsAndCollisions() throws {
        let paths = try ["a/b/c", "a/b-c", "x/y", "a/b", "X/y", "X/Y/z"].map { try RepoPath($0) }
        #expect(RepoPath.nestings(in: paths) == [RepoPathConflict(paths[3], paths[0])])
        #expect(RepoPath.caseInsensitiveCollisions(in: paths) == [RepoPathConflict(paths[2], paths[4]), RepoPathConflict(paths[2], paths[5])])
        #expect(RepoPath.caseInsensitiveCollisions(in: Array(paths.prefix(3))).isEmpty)
    }

    /// Against looking at every pair: `-` and `!` sort before `/`, so that what lies inside a path need not follow it by bytes.
    @Test func nestingsAreThoseOfAllPairs() throws {
        let names = ["a", "a-b", "a!", "b", "ab"]
        var texts: [String] = []
        for first in names { for second in names { texts += ["\(first)/\(second)", "\(first)/\(second)/a", "\(first)/\(second)/a-b/b"] } }
        let paths = try (texts + texts.reversed()).map { try RepoPath($0) }
        let found = RepoPath.nestings(in: paths)
        let wanted = paths.flatMap { inner in
            texts.filter { inner.text.hasPrefix($0 + "/") }.sorted { $0.utf8.count < $1.utf8.count }.map { "\($0) \(inner)" }
        }
        #expect(found.map { "\($0.first) \($0.second)" } == wanted)
    }

    @Test func shadowedOwnersStillCollide() throws {
        let paths = try ["x/y", "X/y", "X/y/z"].map { try RepoPath($0) }
        #expect(RepoPath.nestings(in: paths) == [RepoPathConflict(paths[1], paths[2])])
        #expect(RepoPath.caseInsensitiveCollisions(in: paths).contains(RepoPathConflict(paths[0], paths[1])))
        #expect(RepoPath.caseInsensitiveCollisions(in: paths).contains(RepoPathConflict(paths[0], paths[2])))
    }
}

@Suite struct URLs {
    @Test(arguments: [
        ("https://github.com/o/r.git", RemoteURL.Form.url(scheme: "https", host: "github.com", port: nil, path: "/o/r.git")),
        ("http://u:p@h:8080/o/r", .url(scheme: "http", host: "h", port: "8080", path: "/o/r")),
        ("ssh://git@h:22/o/r", .url(scheme: "ssh", host: "h", port: "22", path: "/o/r")),
        ("ssh://[::1]:22/r", .url(scheme: "ssh", host: "::1", port: "22", path: "/r")),
        ("git://h/r", .url(scheme: "git", host: "h", port: nil, path: "/r")),
        ("file:///srv/r", .url(scheme: "file", host: "", port: nil, path: "/srv/r")),
        ("git@h:o/r.git", .scp(host: "h", path: "o/r.git")),
        ("h:/o/r", .scp(host: "h", path: "/o/r")),
        ("u@[::1]:o/r", .scp(host: "::1", path: "o/r")),
        ("/srv/a:b", .path("/srv/a:b")), ("../r", .path("../r")), ("dir/a::b", .path("dir/a::b")), ("r", .path("r")),
    ]) func areAccepted(text: String, form: RemoteURL.Form) throws {
        #expect(try RemoteURL(text).form == form)
    }

    @Test(arguments: [
        "", "-u", "--upload-pack=x", "ext::sh -c x", "fd::17", "EXT::x", "a+b.c-d::x", "::x", "9::x", "ext://x", "ftp://h/r", "HTTPS://h/r", "https://h/\nr", "a\u{0}",
        "https://h/r\u{1b}", "ssh://-oProxyCommand=x/r", "ssh://u@-oProxyCommand=x/r", "u@-oX:r", "ssh://-oX@h/r", "h:-r", "-oX@h:r",
    ]) func areRefused(text: String) {
        #expect(code { _ = try RemoteURL(text) } == .invalidURL)
    }
}

@Suite struct Names {
    @Test(arguments: ["web-app", "chatly/web-app", "github/chatly/web-app"]) func projects(text: String) throws {
        #expect(try ProjectName(text).name == "web-app")
    }

    @Test(arguments: ["", "a/b/c/d", "..", "a/../b", "/a", "a/", "-a", ".git", "a\n", " a", "a "]) func refusedProjects(text: String) {
        #expect(code { _ = try ProjectName(text) } == .invalidName)
    }

    @Test(arguments: ["agent-42", "A.b_C-9", "_", "a.lock.b", String(repeating: "x", count: 199)]) func workweaves(text: String) throws {
        #expect(try WorkweaveName(text).text == text)
    }

    @Test(arguments: ["", ".a", "-a", "a/b", "a b", "a..b", "a.", "a.lock", "é", "a\u{0}", "a~b", "a:b", "@{", String(repeating: "x", count: 201)])
    func refusedWorkweaves(text: String) {
        #expect(code { _ = try WorkweaveName(text) } == .invalidName)
    }

    @Test func roles() {
        #expect(["primary", "fork", "dependency", "reference", "owned", "Primary", ""].map { Role(word: $0) } == [.primary, .fork, .dependency, .reference, .primary, nil, nil])
    }
}

@Suite struct MarkerFiles {
    @Test func workweaveMarker() throws {
        let marker = try WorkweaveMarker(primary: "/home/u/w", project: ProjectName("web-app"))
        #expect(marker.text == "primary: /home/u/w\nproject: web-app\n")
        for text in [marker.text, #"{"primary":"\/home/u/w","project":"web-app","parent":null}"#, "# x\r\nproject: 'web-app'\r\nprimary: /home/u/w"] {
            #expect(try WorkweaveMarker.parse(Array(text.utf8), file: "m") == marker)
        }
        let odd = try WorkweaveMarker(primary: "/a: b #c", project: ProjectName("1.10"))
        #expect(try WorkweaveMarker.parse(Array(odd.text.utf8), file: "m") == odd)
    }

    @Test(arguments: [
        ("", ManifestError.Code.empty), ("primary: /w\n", .missingKey), ("project: p\n", .missingKey), ("primary: w\nproject: p\n", .invalidPath),
        ("primary: /w\nproject: ../p\n", .invalidName), ("primary: [/w]\nproject: p\n", .wrongKind), ("x", .wrongKind),
    ]) func refusedMarkers(text: String, expected: ManifestError.Code) {
        #expect(code { _ = try WorkweaveMarker.parse(Array(text.utf8), file: "m") } == expected)
    }

    @Test func activeMarker() throws {
        let name = try ProjectName("chatly/web-app")
        #expect(ActiveMarker.text(name) == "chatly/web-app\n")
        for text in ["chatly/web-app\n", "  chatly/web-app \r\nrest", "chatly/web-app"] {
            #expect(try ActiveMarker.parse(Array(text.utf8), file: "a") == name)
        }
        for text in ["", "\n", " \t\r\n"] { #expect(try ActiveMarker.parse(Array(text.utf8), file: "a") == nil) }
        #expect(code { _ = try ActiveMarker.parse(Array("../x\n".utf8), file: "a") } == .invalidName)
        #expect(code { _ = try ActiveMarker.parse([0xFF], file: "a") } == .syntax)
    }
}
