import Testing

@Suite struct CommandIntegrationTests {
    /// A weave whose manifest names `wire`, and a program that answers with what `play/answer` holds.
    private func weave() throws -> Playground {
        let play = try Playground()
        try play.weave("chatly/server")
        try play.sh("""
            echo '{"name": "@c/s"}' > w/local/chatly/server/package.json
            sed -i 's/^repositories/integrations: {command: {enabled: true, run: wire}}\\n&/' w/projects/web-app/rwv.yaml
            printf '#!/bin/sh\\ncat > facts\\npwd >> facts\\n. ./answer\\n' > tools/wire; sed -i 's,\\./,\(play.root)/,; s,> facts,> \(play.root)/facts,; s,>> facts,>> \(play.root)/facts,' tools/wire; chmod +x tools/wire
            """)
        try play.write("answer", "printf %s '{\"files\": {\"sub/wired.txt\": \"one\\u00e9\\ud83d\\ude00\\n\"}}'\n")
        return play
    }
    private let configured = "commands:\n  wire: [wire]\n"

    @Test func readsFactsAndPrintsFiles() throws {
        let play = try weave()
        try play.write("home/.config/rwv/config.yaml", configured)
        #expect(try play.rwv("activate", "web-app") == .init())
        #expect(try play.read("w/projects/web-app/sub/wired.txt") == "oneé😀\n")
        #expect(try play.sh("readlink w/sub/wired.txt") == "../projects/web-app/sub/wired.txt\n")
        #expect(try play.read("facts") == """
            {
              "project": "web-app",
              "workweave": null,
              "root": "ROOT/w",
              "members": [
                {
                  "path": "local/chatly/server",
                  "role": "dependency",
                  "packages": [
                    {
                      "file": "package.json",
                      "name": "@c/s",
                      "version": null,
                      "requires": null
                    }
                  ]
                }
              ]
            }
            ROOT/w/projects/web-app

            """)
        // Again with other contents: what was printed may be replaced, what somebody edited not.
        try play.write("answer", "echo '{\"files\": {\"sub/wired.txt\": \"two\"}}'\n")
        #expect(try play.rwv("activate", "web-app", "--plan") == .init("write projects/web-app/sub/wired.txt\n"))
        #expect(try play.rwv("activate", "web-app") == .init())
        #expect(try play.read("w/sub/wired.txt") == "two")
        try play.write("w/projects/web-app/sub/wired.txt", "mine")
        #expect(try play.rwv("activate", "web-app") == .init(err: """
            error: projects/web-app/sub/wired.txt is a file of yours, where the command 'wire' would put one
            hint: move it away, or take the command out of integrations.command.run

            """, status: 1))
        #expect(try play.read("w/sub/wired.txt") == "mine")
    }

    /// A manifest from elsewhere runs nothing by itself.
    @Test func onlyWhatTheUserConfigured() throws {
        let play = try weave()
        #expect(try play.rwv("activate", "web-app") == .init())
        #expect(!play.exists("facts"))
        #expect(try play.rwv("check").out.contains("[warning] command: the manifest wants 'wire' run, which your config.yaml does not have below 'commands'\n"))
    }

    @Test(arguments: [
        ("echo no; exit 3", "ended with status 3"), ("echo '{}'", "printed something else than files: {}\n"),
        (":", "printed something else than files: nothing\nhint: {\"files\": {\"PATH\": \"CONTENT\"}} is expected (the text ends too early at byte 0)\n"),
        ("echo 'npm WARN\u{1b}[0m'; echo more", "printed something else than files: npm WARN\\u{1b}[0m …\nhint: {\"files\": {\"PATH\": \"CONTENT\"}} is expected (no value at byte 1)\n"),
        ("mkdir \"$PWD/docs\"; echo '{\"files\": {\"docs\": \"\"}}'", "error: projects/web-app/docs is a directory, where the command 'wire' would put a file\nhint: move it away, or take"),
        ("echo '{\"files\": {\"../x\": \"\"}}'", "'..'"),
        ("echo '{\"files\": {\"rwv.yaml\": \"\"}}'", "would overwrite projects/web-app/rwv.yaml"), ("echo '{\"files\": {\".git/config\": \"\"}}'", "'.git'"),
    ]) func refusals(_ answer: String, _ says: String) throws {
        let play = try weave()
        try play.write("home/.config/rwv/config.yaml", configured)
        try play.write("answer", answer + "\n")
        let before = try play.listing()
        let said = try play.rwv("activate", "web-app")
        #expect(said.status == 1)
        #expect(said.err.contains(says), "\(said)")
        #expect(try play.listing() == before)
    }

    @Test func badConfiguration() throws {
        let play = try weave()
        try play.write("home/.config/rwv/config.yaml", "commands:\n  wire: one\n")
        #expect(try play.rwv("activate", "web-app").err.contains("config.yaml:2:9: commands.wire: expected a list of words, found a string\nhint: write `wire: [PROGRAM, ARGUMENT]`\n"))
    }
}
