import Manifest
import Testing

private func configuration(_ text: String) throws(ManifestError) -> RegistrySet {
    try Configuration.parse(Array(text.utf8), file: "config.yaml").registries
}

private let configured = """
    registries:
      internal: {domain: Git.MyCompany.com}
      ported: {domain: "git.mycompany.com:8443"}
      local: {directory: /srv/repos/}
      nested: {directory: /srv/repos/special}
    other: 1
    """

@Suite struct Registries {
    @Test(arguments: [
        ("https://github.com/o/r.git", "github/o/r"), ("https://github.com/o/r/", "github/o/r"), ("http://u@GitHub.com/o/r", "github/o/r"),
        ("git@gitlab.com:g/s/r.git", "gitlab/g/s/r"), ("https://gitlab.com/g/s/t/r.git/", "gitlab/g/s/t/r"), ("https://gitlab.com/g/r/-/tree/main", "gitlab/g/r"),
        ("https://github.com/o/r/tree/main", "github/o/r"), ("https://me:token@GITHUB.com:443/o/r.git", "github/o/r"), ("ssh://git@git.mycompany.com:2222/o/r.git/", "internal/o/r"),
        ("ssh://git@git.mycompany.com:8443/o/s/r", "ported/o/s/r"), ("https://git.mycompany.com/scm/o/r", "internal/scm/o/r"), ("file://localhost/srv/repos/o/r/", "local/o/r"), ("ssh://git@bitbucket.org:22/o/r.git", "bitbucket/o/r"), ("git://github.com/o/r", "github/o/r"),
        ("git@github.com:/o/r.git", "github/o/r"), ("https://git.mycompany.com/o/r", "internal/o/r"), ("git@git.mycompany.com:o/r.git", "internal/o/r"),
        ("https://git.mycompany.com:8443/o/r", "ported/o/r"), ("https://git.mycompany.com:9/o/r", "internal/o/r"),
        ("file:///srv/repos/o/r.git", "local/o/r"), ("/srv/repos/o/r", "local/o/r"), ("/srv/repos/r.git/", "local/r"), ("/srv/repos/special/o/r", "nested/o/r"),
        ("/srv/repository/o/r", "o/r"), ("https://example.com/a/b/c.git", "b/c"), ("file:///tmp/x/y.git", "x/y"), ("git@example.com:o/r", "o/r"), ("../o/r", "o/r"),
    ]) func pathsOfURLs(url: String, path: String) throws {
        #expect(try configuration(configured).path(forURL: RemoteURL(url))?.text == path)
    }

    /// What a browser shows of a repository is cloned from the repository.
    @Test(arguments: [
        ("https://github.com/o/r/tree/main", "https://github.com/o/r"), ("https://github.com/o/r/pull/7/files", "https://github.com/o/r"),
        ("https://me@GitHub.com:443//o/r/blob/main/a", "https://me@GitHub.com:443/o/r"), ("https://bitbucket.org/o/r/src/main/", "https://bitbucket.org/o/r"),
        ("https://gitlab.com/g/s/r/-/tree/main", "https://gitlab.com/g/s/r"), ("https://git.mycompany.com/scm/o/r", "https://git.mycompany.com/scm/o/r"),
        ("https://github.com/o/r.git", "https://github.com/o/r.git"), ("https://github.com/o/r/", "https://github.com/o/r/"), ("https://github.com/o", "https://github.com/o"),
        ("https://github.com/o/r?tab=readme-ov-file", "https://github.com/o/r"), ("https://github.com/o/r#readme", "https://github.com/o/r"), ("https://github.com/o/r/?x=/a#b?c", "https://github.com/o/r"),
        ("https://gitlab.com/g/s/r/-/tree/main?ref_type=heads", "https://gitlab.com/g/s/r"), ("https://gitlab.com/g/s/r#top", "https://gitlab.com/g/s/r"),
        ("https://example.com/o/r?x", "https://example.com/o/r?x"), ("https://github.com/o?x", "https://github.com/o?x"),
        ("https://example.com/a/b/c/d", "https://example.com/a/b/c/d"), ("git@github.com:o/r/tree", "git@github.com:o/r/tree"), ("/srv/repos/o/r/x", "/srv/repos/o/r/x"),
    ]) func pages(url: String, repository: String) throws {
        #expect(try configuration(configured).repository(ofPage: RemoteURL(url)).text == repository)
    }

    @Test(arguments: [
        ("https://github.com/o/r", "git@github.com:o/r.git", true), ("https://github.com/o/r.git", "ssh://git@GitHub.com:22/o/r/", true),
        ("https://me:token@github.com/o/r", "http://github.com//o/r", true), ("https://h:443/o/r", "https://h/o/r", true), ("ssh://h:2222/o/r", "https://h:8443/o/r", true),
        ("/srv/o/r.git", "file:///srv/o/r", true), ("../o/r", "../o/./r/", true),
        ("https://github.com/o/r", "https://github.com/me/r", false), ("https://github.com/o/r", "https://gitlab.com/o/r", false), ("https://h:8443/o/r", "https://h/o/r", false),
        ("/srv/o/r", "srv/o/r", false), ("/github.com/o/r", "https://github.com/o/r", false), ("https://h/o/.git", "https://h/o", false),
    ]) func sameRepositories(a: String, b: String, areSame: Bool) throws {
        #expect(try RemoteURL(a).isSameRepository(as: RemoteURL(b)) == areSame)
        #expect(try RemoteURL(b).isSameRepository(as: RemoteURL(a)) == areSame)
    }

    @Test(arguments: ["https://github.com/o", "https://example.com/r", "https://example.com/a/../..", "/r", "https://github.com/.git/r", "https://example.com/projects/r", "r"])
    func urlsWithoutPath(url: String) throws {
        #expect(try configuration(configured).path(forURL: RemoteURL(url)) == nil)
    }

    @Test(arguments: [
        ("github/o/r", "https://github.com/o/r.git"), ("internal/o/r", "https://git.mycompany.com/o/r.git"), ("local/o/r", "/srv/repos/o/r"), ("local/r", "/srv/repos/r"),
        ("gitlab/g/s/r", "https://gitlab.com/g/s/r.git"), ("ported/o/r", "https://git.mycompany.com:8443/o/r.git"), ("nested/o/r", "/srv/repos/special/o/r"),
        ("bitbucket/o/r", "https://bitbucket.org/o/r.git"), ("github/o", nil), ("nope/o/r", nil),
    ]) func urlsOfPaths(path: String, url: String?) throws {
        let set = try configuration(configured)
        #expect(try set.url(forPath: RepoPath(path))?.text == url)
        if let url { #expect(try set.path(forURL: RemoteURL(url))?.text == path) }
    }

    @Test(arguments: [
        ("o/r", "github/o/r", "https://github.com/o/r.git"), ("o/r.git", "github/o/r", "https://github.com/o/r.git"),
        ("gitlab/o/r", "gitlab/o/r", "https://gitlab.com/o/r.git"), ("gitlab/g/s/r", "gitlab/g/s/r", "https://gitlab.com/g/s/r.git"), ("local/r", "local/r", "/srv/repos/r"),
    ]) func shorthands(text: String, path: String, url: String) throws {
        let found = try #require(try configuration(configured).expand(shorthand: text))
        #expect(found.path.text == path)
        #expect(found.url.text == url)
    }

    @Test(arguments: ["r", "nope/o/r", "a/b/c/d", "/o/r", "./o/r", "../r", "https://h/r", "git@h:o/r", "~/r", "", "o/", "-o/r"]) func noShorthands(text: String) throws {
        let found = try configuration(configured).expand(shorthand: text)
        #expect(found?.path == nil)
    }

    @Test(arguments: [("https://u:p@h/r", true), ("ssh://u:p@h:22/r", true), ("https://u@h/r", false), ("https://h:1/r:x@y", false), ("git@h:o/r", false), ("/a:b@c/d", false)])
    func passwords(url: String, isThere: Bool) throws { #expect(try RemoteURL(url).hasPassword == isThere) }

    @Test func builtInOnesStandUnlessReplaced() throws {
        #expect(try configuration("").registries.map(\.name) == ["github", "gitlab", "bitbucket"])
        #expect(try configuration("registries:\n") == RegistrySet())
        let set = try configuration("registries: {gitlab: {domain: gitlab.corp}, work: {domain: github.com}}")
        #expect(set.registries.map(\.name) == ["github", "gitlab", "bitbucket", "work"])
        #expect(try set.path(forURL: RemoteURL("https://gitlab.corp/o/r"))?.text == "gitlab/o/r")
        #expect(try set.path(forURL: RemoteURL("https://gitlab.com/o/r"))?.text == "o/r")
        #expect(try set.path(forURL: RemoteURL("https://github.com/o/r"))?.text == "work/o/r")
    }

    @Test(arguments: [
        ("registries: []\n", "config.yaml:1:13: registries: expected a mapping, found a list"),
        ("registries:\n  a: x\n", "config.yaml:2:6: registries.a: expected a mapping, found a string"),
        ("registries:\n  a: {}\n", "config.yaml:2:3: registries.a: missing key 'domain' or 'directory'"),
        ("registries:\n  a: {domain: d, directory: /d}\n", "config.yaml:2:3: registries.a: has both a domain and a directory"),
        ("registries:\n  a: {directory: d}\n", "config.yaml:2:3: registries.a: registry 'a' has a directory that is not an absolute path"),
        ("registries:\n  a: {directory: /d/../e}\n", "config.yaml:2:3: registries.a: registry 'a' has a directory that is not an absolute path"),
        ("registries:\n  a: {domain: 'https://d'}\n", "config.yaml:2:3: registries.a: registry 'a' has a domain that is no host name"),
        ("registries:\n  a: {domain: '-d'}\n", "config.yaml:2:3: registries.a: registry 'a' has a domain that is no host name"),
        ("registries:\n  a/b: {domain: d}\n", "config.yaml:2:3: registries.a/b: registry 'a/b' cannot be the first segment of a path"),
        ("registries:\n  projects: {domain: d}\n", "config.yaml:2:3: registries.projects: registry 'projects' cannot be the first segment of a path"),
    ]) func refusals(text: String, description: String) {
        let error = #expect(throws: ManifestError.self) { try configuration(text) }
        #expect(error?.description == description)
    }
}
