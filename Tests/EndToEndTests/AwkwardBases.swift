internal import Testing

extension EndToEnd {
    /// Times, umask and settings that make a checkout come out otherwise: status stays right, content equals `git worktree add`.
    @Suite struct AwkwardBases {
        @Test func commitInTheSecondOfTheCreate() throws {
            try Sandbox.with([.app]) { box in
                try box.bash("""
                    for round in 1 2 3 4 5; do
                        echo "round $round" > "$(clone server)/README.md"
                        git -C "$(clone server)" commit -qam "round $round"
                        create "a$round"
                        equals_native "a$round" server
                        # Same size, at once: git must see it.
                        echo "ROUND $round" > "$(view "a$round" server)/README.md"
                        same_text 'status' ' M README.md' "$(git -C "$(view "a$round" server)" status --porcelain)"
                        git -C "$(view "a$round" server)" checkout -q README.md
                        is_clean "$(view "a$round" server)"
                    done
                    """)
            }
        }

        @Test func commitInTheFuture() throws {
            try Sandbox.with([.app]) { box in
                try box.bash("""
                    cd "$(clone server)"
                    echo later > README.md
                    GIT_AUTHOR_DATE='2099-01-01T00:00:00Z' GIT_COMMITTER_DATE='2099-01-01T00:00:00Z' git commit -qam future
                    create agent
                    equals_native agent server
                    [ "$(stat -c %Y "$(view agent server)/README.md")" -le "$(date +%s)" ] || fail 'a file from the future'
                    echo LATER > "$(view agent server)/README.md"
                    same_text 'status' ' M README.md' "$(git -C "$(view agent server)" status --porcelain)"
                    """)
            }
        }

        @Test func commitBeforeTheEpoch() throws {
            try Sandbox.with([.app]) { box in
                try box.bash("""
                    cd "$(clone server)"
                    echo early > README.md
                    GIT_AUTHOR_DATE='@0 +0000' GIT_COMMITTER_DATE='@0 +0000' git commit -qam epoch
                    create agent
                    equals_native agent server
                    """)
            }
        }

        @Test func basesThatDifferInOneSameSizedFile() throws {
            try Sandbox.with([.app]) { box in
                try box.bash("""
                    cd "$(clone server)"
                    export GIT_AUTHOR_DATE='@1600000000 +0000' GIT_COMMITTER_DATE='@1600000000 +0000'
                    echo AAAA > README.md; git commit -qam A; git tag A
                    echo BBBB > README.md; git commit -qam B; git tag B
                    unset GIT_AUTHOR_DATE GIT_COMMITTER_DATE
                    create onb
                    create ona --at github/chatly/server=A
                    equals_native ona server A; equals_native onb server B
                    for try in 1 2 3; do
                        git -C "$(view ona server)" checkout -q --detach B
                        same_text 'content at B' BBBB "$(cat "$(view ona server)/README.md")"; is_clean "$(view ona server)"
                        git -C "$(view ona server)" checkout -q --detach A
                        same_text 'content at A' AAAA "$(cat "$(view ona server)/README.md")"; is_clean "$(view ona server)"
                        # Without git's help: it must notice.
                        printf 'BBBB\\n' > "$(view ona server)/README.md"
                        same_text 'status' ' M README.md' "$(git -C "$(view ona server)" status --porcelain)"
                        git -C "$(view ona server)" reset -q --hard
                    done
                    git -C "$(view ona server)" read-tree B
                    same_text 'index of B over files of A' ' M README.md' "$(git -C "$(view ona server)" status --porcelain --untracked-files=no | sed 's/^MM/ M/')"
                    """)
            }
        }

        @Test(arguments: ["077", "002", "022", "027"]) func umask(mask: String) throws {
            try Sandbox.with([.app, .links], umask: mask) { box in
                try box.bash("""
                    umask \(mask)
                    create agent
                    equals_native agent server; equals_native agent web
                    mkdir "$(view agent server)/d"; : > "$(view agent server)/d/f"
                    mkdir "$S/native/d"; : > "$S/native/d/f"
                    same_text 'modes of what is made inside' "$(stat -c %a "$S/native/d" "$S/native/d/f")" "$(stat -c %a "$(view agent server)/d" "$(view agent server)/d/f")"
                    # Another umask later asks for another base.
                    delete --force agent; umask 026; create agent
                    equals_native agent web
                    """)
            }
        }

        @Test(arguments: ["core.autocrlf=true", "core.autocrlf=input", "core.eol=crlf", "core.symlinks=false", "core.fileMode=false"])
        func setting(_ setting: String) throws {
            try Sandbox.with([.links, .app]) { box in
                try box.bash("""
                    for repo in web server; do git -C "$(clone $repo)" config \(setting.split(separator: "=").joined(separator: " ")); done
                    create agent
                    equals_native agent web; equals_native agent server
                    # Both settings at once in one weave: the bases must not be mixed up.
                    git -C "$(clone web)" config --unset \(setting.split(separator: "=")[0])
                    create plain
                    equals_native plain web
                    """)
            }
        }

        /// Files that are others in the clone's tree than in its commits, since git converted them on their way in.
        @Test(arguments: ["echo '*.txt text=auto' > .gitattributes", "git config core.autocrlf input", "echo '*.txt text=auto' > .git/info/attributes", """
            echo '*.txt filter=short' > .gitattributes; git config filter.short.clean 'sed s/long//'; git config filter.short.smudge cat
            """])
        func normalised(_ setting: String) throws {
            try Sandbox.with([.app]) { box in
                try box.bash("""
                    cd "$(clone server)"; \(setting)
                    printf 'along\\r\\nb\\r\\n' > crlf.txt; git add -A 2> /dev/null; git commit -qm crlf; same_text 'the clone' '' "$(git status --porcelain)"
                    create agent; equals_native agent server; V=$(view agent server); native server HEAD "$S/native"
                    for place in "$V" "$S/native"; do (cd "$place"; echo x >> crlf.txt; mv crlf.txt moved.txt; wc -c moved.txt; git status --porcelain) > "$S/tmp/$(basename "$place")"; done
                    same_tree "$S/native" "$V"; diff "$S/tmp/native" "$S/tmp/server"
                    git worktree remove --force "$S/native"; delete --force agent
                    """)
            }
        }

        @Test func autocrlfOfTheUser() throws {
            try Sandbox.with([.links, .app]) { box in
                try box.bash("""
                    git config --global core.autocrlf true
                    create agent
                    equals_native agent web; equals_native agent server
                    grep -q "$(printf '\\r')" "$(view agent server)/README.md" || fail 'no carriage return'
                    """)
            }
        }

        /// A common setting, which makes git look into submodules that a new worktree has not.
        @Test(arguments: ["fuse", "checkout"]) func recursingIntoSubmodules(engine: String) throws {
            try Sandbox.with([.app, .links]) { box in
                try box.bash("""
                    cd "$(clone server)"; git -c protocol.file.allow=always submodule add -q "file://$S/origins/web.git" sub; git commit -qm sub; git config submodule.recurse true
                    ENGINE=\(engine) create agent; is_clean "$(view agent server)"; same_text 'the submodule' '' "$(ls "$(view agent server)/sub")"; delete agent
                    """)
            }
        }

        /// A clone that is itself a worktree of a repository elsewhere.
        @Test func linkedWorktree() throws {
            try Sandbox.with([.app]) { box in
                try box.bash("""
                    mv "$(clone server)" "$S/main"; git -C "$S/main" worktree add -q -b linked "$(clone server)"
                    create agent; V=$(view agent server); equals_native agent server; echo x > "$V/new"; git -C "$V" add new; git -C "$V" commit -qm new
                    same_text 'the commit' new "$(git -C "$S/main" log -1 --format=%s agent/linked)"
                    refuses -C "$W" workweave web-app delete agent; down; up; is_clean "$V"; delete --force agent; same_text 'worktrees' 2 "$(git -C "$S/main" worktree list | wc -l)"
                    git -C "$S/main" worktree remove --force "$(clone server)"; git -C "$S/main" branch -qD linked; mv "$S/main" "$(clone server)"
                    """)
            }
        }

        /// What `git replace` has replaced is shown as git shows it, or not at all.
        @Test func replacements() throws {
            try Sandbox.with([.app]) { box in
                try box.bash("""
                    cd "$(clone server)"; file=$(git rev-parse HEAD:README.md) tree=$(git rev-parse HEAD:src) tip=$(git rev-parse HEAD)
                    other=$(echo replaced | git hash-object -w --stdin) empty=$(git mktree < /dev/null)
                    shown() { if [ "$SHOWN" = checkout ]; then create agent; native server HEAD "$S/native/r"; same_tree "$S/native/r" "$(view agent server)"; git worktree remove --force "$S/native/r"; delete --force agent; else refuses -C "$W" workweave web-app create agent; says "$1"; says 'hint: .*--engine checkout'; fi; }
                    git replace "$file" "$other"; shown README.md; git replace -d "$file"
                    git replace "$tree" "$empty"; shown src; git replace -d "$tree"
                    git replace "$tip" "$(git commit-tree -m other "$empty")"; shown "commit ${tip:0:10}"
                    git -c core.useReplaceRefs=false status > "$S/tmp/out"; git config core.useReplaceRefs false; create off; equals_native off server; git config --unset core.useReplaceRefs; git replace -d "$tip"
                    # History that is replaced, and what is not checked out.
                    git replace --graft HEAD; git replace "$other" "$file"; create agent; equals_native agent server
                    """)
            }
        }

        @Test func uncommittedAttributes() throws {
            try Sandbox.with([.links, .app]) { box in
                try box.bash("""
                    printf '*.txt text eol=crlf\\n*.md ident\\n' > "$(clone server)/.gitattributes"
                    printf '*.lf text eol=crlf\\n' > "$(clone web)/.gitattributes"
                    create agent
                    equals_native agent server; equals_native agent web
                    ! grep -q "$(printf '\\r')" "$(view agent web)/text/unix.lf" || fail 'the attributes of the clone leaked'
                    printf '*.txt text eol=crlf\\n' > "$(clone server)/.git/info/attributes"
                    create local
                    equals_native local server
                    grep -q "$(printf '\\r')" "$(view local server)/src/net/part1.txt" || fail 'info/attributes was not honoured'
                    """)
            }
        }

        @Test(arguments: ["--cone", "--no-cone"]) func sparseClone(kind: String) throws {
            try Sandbox.with([.app, .links]) { box in
                try box.bash("""
                    git -C "$(clone server)" sparse-checkout set \(kind) src/net
                    create agent
                    equals_native agent server; equals_native agent web
                    [ ! -e "$(view agent server)/src/ui" ] || fail 'a path outside the patterns is shown'
                    git -C "$(view agent server)" sparse-checkout disable
                    [ -e "$(view agent server)/src/ui" ] || fail 'it does not come'
                    is_clean "$(view agent server)"
                    [ ! -e "$(clone server)/src/ui" ] || fail 'the clone changed'
                    """)
            }
        }

        @Test func dirtyCloneStaysUntouched() throws {
            try Sandbox.with([.app]) { box in
                try box.bash("""
                    cd "$(clone server)"
                    echo dirty >> README.md; echo new > new; git add new; rm docs/guide.md
                    before=$(state; sha256sum .git/index)
                    create agent
                    equals_native agent server
                    delete agent
                    same_text 'the clone' "$before" "$(state; sha256sum .git/index)"
                    """)
            }
        }

        @Test func hooksAreGitsAffair() throws {
            try Sandbox.with([.app]) { box in
                try box.bash("""
                    for hook in post-checkout reference-transaction fsmonitor-watchman; do
                        printf '#!/bin/sh\\necho %s >> "%s/tmp/hooks"\\n' $hook "$S" > "$(clone server)/.git/hooks/$hook"
                        chmod +x "$(clone server)/.git/hooks/$hook"
                    done
                    create agent
                    equals_native agent server
                    cd "$(view agent server)"; : > "$S/tmp/hooks"
                    git switch -q -c agent/other
                    grep -q post-checkout "$S/tmp/hooks" || fail 'a hook of the clone does not run in the worktree'
                    """)
            }
        }
    }
}
