internal import Testing

extension EndToEnd {
    /// What a repo shows is byte for byte, mode for mode what `git worktree add` checks out, and git finds nothing to do.
    @Suite struct ViewEqualsCheckout {
        @Test func threeKindsOfRepositories() throws {
            try Sandbox.with([.large, .links, .submodules]) { box in
                try box.bash("""
                    printed=$(create agent)
                    same_text 'what create prints' "$W/.workweaves/agent" "$printed"
                    [ "$(find "$(view agent large)" -type f | wc -l)" -gt 4000 ] || fail 'too few files to mean anything'
                    for repo in large web platform; do equals_native agent $repo; done
                    same_text 'branch' agent/main "$(git -C "$(view agent web)" branch --show-current)"
                    git -C "$(clone web)" worktree list | found "$(for_git agent)/github/chatly/web .*\\[agent/main\\] locked" || fail "$(git -C "$(clone web)" worktree list)"
                    delete agent
                    [ ! -e "$W/.workweaves/agent" ] || fail 'still there after delete'
                    """, limit: 300)
            }
        }

        @Test func realRepositories() throws {
            try Sandbox.with([.bindfs, .libfuse, .vcstool, .west]) { box in
                try box.bash("""
                    create agent
                    for repo in bindfs libfuse vcstool west; do equals_native agent $repo; done
                    """)
            }
        }

        /// Only the ignore and attribute files, which git reads whatever the index says.
        @Test(arguments: [Repo.large, Repo("plain", "big")]) func firstStatusReadsNoContent(repo: Repo) throws {
            try Sandbox.with([repo]) { box in
                try box.bash("""
                    create agent
                    cd "$(view agent \(repo.name))"
                    rules=$(git ls-files -- '*.gitignore' '*.gitattributes' .gitmodules | wc -l)
                    [ \(repo.name) != plain ] || same_text 'ignore and attribute files' 0 "$rules"
                    before=$(counter read)
                    is_clean .
                    risen=$(($(counter read) - before))
                    [ $risen -le "$rules" ] || fail "$risen READ requests during the first git status, $rules files of rules"
                    cat "$(git ls-files '*.c' | tail -n 1)" > /dev/null
                    # An ordinary checkout is read without us.
                    [ "$SHOWN" = checkout ] || [ "$(counter read)" -gt $((before + risen)) ] || fail 'the counter does not count'
                    cd /
                    """)
            }
        }

        /// The creator's environment counts, not that of who started the server.
        @Test func environmentOfTheCreator() throws {
            try Sandbox.with([.links]) { box in
                try box.bash("""
                    create first; mkdir -p "$S/other/bin"; unset GIT_CONFIG_GLOBAL XDG_CONFIG_HOME
                    printf '#!/bin/sh\\nexec tr a-z n-za-m\\n' > "$S/other/bin/rot"; chmod +x "$S/other/bin/rot"
                    { cat "$HOME/.gitconfig"; printf '[filter "rot"]\\nsmudge=rot\\nclean=rot\\n'; } > "$S/other/.gitconfig"
                    (export HOME=$S/other PATH=$S/other/bin:$PATH; create agent; equals_native agent web; same_text 'smudged' hello "$(cat "$(view agent web)/text/secret.rot")")
                    (export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=core.autocrlf GIT_CONFIG_VALUE_0=true; create crlf; equals_native crlf web
                     git -C "$(view crlf web)" ls-files --eol | found 'w/crlf')
                    create last; same_tree "$(view first web)" "$(view last web)"
                    """)
            }
        }

        @Test func filterDrivers() throws {
            try Sandbox.with([.links]) { box in
                try box.bash("""
                    git -C "$(clone web)" config filter.rot.smudge 'tr a-z n-za-m'
                    git -C "$(clone web)" config filter.rot.clean 'tr a-z n-za-m'
                    create agent
                    equals_native agent web
                    same_text 'smudged' hello "$(cat "$(view agent web)/text/secret.rot")"
                    """)
            }
        }

        @Test func otherRevisions() throws {
            try Sandbox.with([.app, .links]) { box in
                try box.bash("""
                    create old --at github/chatly/server=v1.0
                    equals_native old server v1.0
                    equals_native old web
                    rwv -C "$W" lock
                    git -C "$(clone server)" commit -q --allow-empty -m newer
                    echo newer > "$(clone server)/newer.txt"
                    git -C "$(clone server)" add -A
                    git -C "$(clone server)" commit -qm 'with a file'
                    create locked --locked
                    equals_native locked server HEAD~2
                    create new
                    equals_native new server HEAD
                    """)
            }
        }

        @Test func rootOfAWorkweave() throws {
            try Sandbox.with([.app]) { box in
                try box.bash("""
                    printf 'workweave:\\n  copy: [.env]\\n  link: [shared]\\n' >> "$W/projects/web-app/rwv.yaml"
                    echo SECRET=1 > "$W/.env"
                    mkdir "$W/shared"; echo common > "$W/shared/file"
                    create agent
                    A=$W/.workweaves/agent
                    same_text 'active project' web-app "$(cat "$A/.rwv-active")"
                    grep -qxF "primary: $W" "$A/.rwv-workweave" || fail "marker: $(cat "$A/.rwv-workweave")"
                    grep -qx 'project: web-app' "$A/.rwv-workweave" || fail "marker: $(cat "$A/.rwv-workweave")"
                    same_text 'copied' SECRET=1 "$(cat "$A/.env")"
                    same_text 'linked' common "$(cat "$A/shared/file")"
                    same_text 'the uncommitted manifest arrives as a modification' ' M rwv.yaml' "$(git -C "$A/projects/web-app" status --porcelain)"
                    cmp "$W/projects/web-app/rwv.yaml" "$A/projects/web-app/rwv.yaml"
                    mkdir "$A/node_modules"; echo x > "$A/node_modules/y"
                    [ ! -e "$W/node_modules" ] || fail 'a directory at the root of a workweave reached the weave'
                    """)
            }
        }

        /// Names of directories are bytes; in Swift they are text.
        @Test func lettersBeyondASCII() throws {
            try Sandbox.with([.app]) { box in
                try box.bash("""
                    mv "$W" "$S/Wëb — 網"; W="$S/Wëb — 網" Y="$S/Wëb — 網/projects/web-app/rwv.yaml"; R=github/chatly/server
                    printf "workweave:\\n  copy: [$R/ünï]\\n" >> "$Y"; echo copied > "$(clone server)/ünï"
                    create agent; same_text 'engine' "$SHOWN" "$(rwv -C "$W" workweave web-app list --json | json_values engine)"
                    same_text 'status' '?? "\\303\\274n\\303\\257"' "$(git -C "$(view agent server)" status --porcelain)"
                    rm "$(view agent server)/ünï"; equals_native agent server; echo x > "$(view agent server)/neü"; mkdir "$S/m — 網"
                    refuses -C "$W" workweave web-app delete agent; says "$R has 1 uncommitted change: neü"; refuses -C "$W" mount web-app "$(clone server)/src"; says 'inside a clone'
                    rwv -C "$W" mount web-app "$S/m — 網"; same_tree "$(clone server)" "$S/m — 網/$R"; rwv unmount "$S/m — 網"
                    down; up; same_text 'kept' x "$(cat "$(view agent server)/neü")"; delete --force agent; down; mv "$W" "$S/w"
                    """)
            }
        }

        /// What the manifest has copied and linked into repos: beside what the commit has, and a copy in its place.
        @Test func copiesAndLinksInRepos() throws {
            try Sandbox.with([.app]) { box in
                try box.bash("""
                    R=github/chatly/server; cd "$(clone server)"; mkdir conf; printf '.env\\n/conf/local\\n' > .gitignore; echo one > conf/kept; git add -A; git commit -qm ignores
                    echo SECRET > .env; echo local > conf/local; echo mine > README.md; echo other > conf/kept
                    printf "workweave:\\n  copy: [$R/README.md, $R/conf/local]\\n  link: [$R/.env, $R/conf/kept, projects/web-app/notes, $R]\\n" >> "$W/projects/web-app/rwv.yaml"
                    echo notes > "$W/projects/web-app/.git/info/exclude"; mkdir "$W/projects/web-app/notes"; git -C "$W/projects/web-app" add -A; git -C "$W/projects/web-app" commit -qm notes
                    create agent; A=$W/.workweaves/agent V=$(view agent server)
                    same_text 'status' ' M README.md' "$(git -C "$V" status --porcelain)"; same_text 'status' '' "$(git -C "$A/projects/web-app" status --porcelain)"
                    same_text 'copied' 'mine local' "$(cat "$V/README.md" "$V/conf/local" | xargs)"; same_text 'committed' one "$(cat "$V/conf/kept")"
                    same_text 'linked' "$(clone server)/.env $W/projects/web-app/notes" "$(readlink "$V/.env" "$A/projects/web-app/notes" | xargs)"
                    git -C "$V" checkout -q README.md; same_text 'status' '' "$(git -C "$V" status --porcelain)"
                    down; up; same_text 'linked' "$(clone server)/.env" "$(readlink "$V/.env")"
                    down; mv "$W" "$S/moved"; rwv -C "$S/moved" up; same_text 'after a move' SECRET "$(cat "$S/moved/.workweaves/agent/$R/.env")"
                    same_text 'status' '' "$(git -C "$S/moved/.workweaves/agent/$R" status --porcelain)"; rwv -C "$S/moved" workweave web-app delete agent; rwv -C "$S/moved" down; mv "$S/moved" "$W"
                    """)
            }
        }

        /// A link in a repo's tree leads nothing out of the workweave, whoever wants something written below it.
        @Test func nothingThroughLinks() throws {
            try Sandbox.with([.app]) { box in
                try box.bash("""
                    R=github/chatly/server Y=$W/projects/web-app/rwv.yaml; mkdir "$S/out"; cd "$(clone server)"; ln -s "$S/out" evil; git add -A; git commit -qm link; rm evil; mkdir evil; echo x > evil/x; cp "$Y" "$S/tmp/good"
                    for what in copy link; do
                        printf "workweave:\\n  $what: [$R/evil/x]\\n" >> "$Y"; refuses -C "$W" workweave web-app create agent; says "$R/evil' is no directory"; cp "$S/tmp/good" "$Y"
                    done
                    rm -r evil; git checkout -q evil; mkdir "$S/out/dir"; ln -s "$S/out/dir" "$W/projects/web-app/gita"; git -C "$W/projects/web-app" add -A; git -C "$W/projects/web-app" commit -qm gita
                    printf 'integrations:\\n  gita:\\n    enabled: true\\n' >> "$Y"; refuses -C "$W" workweave web-app create agent; says "projects/web-app/gita' is no directory"
                    same_text 'outside' "$S/out/dir" "$(find "$S/out" -mindepth 1)"
                    """)
            }
        }
    }
}
