import Testing

extension EndToEnd {
    /// Ecosystem files in workweaves: generated for each, no work of anybody's, brought up to date by add and sync.
    @Suite struct GeneratedFiles {
        private static let wire = """
            for r in server web; do
                cd "$(clone $r)"; printf '{"name": "@chatly/%s", "version": "1.0.0"}\\n' $r > package.json; printf 'module %s\\n\\ngo 1.21\\n' $r > go.mod
                git add .; git commit -qm wired; cd - > /dev/null
            done
            """

        @Test func eachWorkweaveHasItsOwn() throws {
            try Sandbox.with([.app, .links]) { box in
                try box.bash(Self.wire + """

                    rwv -C "$W" activate web-app
                    create one; A=$W/.workweaves/one
                    for f in package.json go.work web-app.code-workspace; do same_text "link $f" "projects/web-app/$f" "$(readlink "$A/$f")"; done
                    cmp "$A/package.json" "$W/package.json"; cmp "$A/go.work" "$W/go.work"
                    found "^$A/github/chatly/server,server,$" < "$A/gita/repos.csv" || fail "paths of another root: $(cat "$A/gita/repos.csv")"
                    found '"web-app (one)"' < "$A/web-app.code-workspace" || fail 'the editor cannot tell the workweave from the weave'
                    [ ! -L "$A/package-lock.json" ] || fail 'a link that leads nowhere'
                    same_text 'git status of the project' '' "$(git -C "$A/projects/web-app" status --porcelain)"
                    delete one
                    mkdir "$W/.workweaves/two"; rmdir "$W/.workweaves/two"
                    create three --engine checkout; A=$W/.workweaves/three
                    same_text 'link' "projects/web-app/package.json" "$(readlink "$A/package.json")"
                    cmp "$A/package.json" "$W/package.json"
                    same_text 'git status of the project' '' "$(git -C "$A/projects/web-app" status --porcelain)"
                    delete three
                    """)
            }
        }

        @Test func whatTheUserAddedIsALoss() throws {
            try Sandbox.with([.app, .links]) { box in
                try box.bash(Self.wire + """

                    create one; A=$W/.workweaves/one
                    sed -i 's/"private"/"x": 1, &/' "$A/package.json"
                    refuses -C "$W" workweave web-app delete one; says package.json
                    ! rmdir "$W/.workweaves/one" 2> /dev/null || fail 'rmdir took an edited file with it'
                    delete one --force
                    """)
            }
        }

        /// What activation would keep in a generated file is the user's all the same.
        @Test func whatTheUserAddedInTheProjectDirectoryIsALoss() throws {
            try Sandbox.with([.app, .links]) { box in
                try box.bash(Self.wire + """

                    while read -r f edit; do
                        create one; A=$W/.workweaves/one/projects/web-app
                        sed -i "$edit" "$A/$f"
                        refuses -C "$W" workweave web-app delete one; says "$f"
                        rwv -C "$W/.workweaves/one" activate web-app
                        refuses -C "$W" workweave web-app delete one; says "$f"
                        delete one --force
                    done <<'END'
                    package.json s/"private"/"x": 1, &/
                    go.work s/^go .*/go 1.99/
                    gita/groups.csv $a mine,web
                    web-app.code-workspace s/"git.repositoryScanMaxDepth": 3/"git.repositoryScanMaxDepth": 7/
                    END
                    # Made anew for other members it is nobody's.
                    create one; A=$W/.workweaves/one
                    rwv -C "$A" remove github/chatly/web; git -C "$A/projects/web-app" checkout -q rwv.yaml
                    rwv -C "$W" workweave web-app sync one
                    delete one
                    """)
            }
        }

        @Test func committedOnesAreShownAsCommitted() throws {
            try Sandbox.with([.app, .links]) { box in
                try box.bash(Self.wire + """

                    rwv -C "$W" activate web-app; cd "$W/projects/web-app"; echo gita/ > .gitignore; git add -A; git commit -qm wired
                    create one; A=$W/.workweaves/one
                    same_text 'git status of the project' '' "$(git -C "$A/projects/web-app" status --porcelain)"
                    same_text 'ignores' gita/ "$(cat "$A/projects/web-app/.gitignore")"
                    cmp "$A/go.work" "$W/go.work"
                    # A member that joins is wired in, in the workweave alone.
                    cp "$W/projects/web-app/rwv.yaml" "$S/tmp/before"
                    cd "$S"
                    rwv -C "$A" remove github/chatly/web
                    ! found chatly/web < "$A/go.work" || fail 'still wired'
                    git -C "$A/projects/web-app" checkout -q rwv.yaml
                    rwv -C "$W" workweave web-app sync one
                    found chatly/web < "$A/go.work" || fail 'not wired by sync'
                    same_text 'git status of the project' '' "$(git -C "$A/projects/web-app" status --porcelain)"
                    cmp "$S/tmp/before" "$W/projects/web-app/rwv.yaml"
                    delete one
                    """)
            }
        }

        @Test func whatToolsAndCommandsMadeIsNoLoss() throws {
            try Sandbox.with([.app, .links]) { box in
                try box.bash(Self.wire + """

                    mkdir -p "$S/bin" "$HOME/.config/rwv"
                    printf '#!/bin/sh\\ncat > /dev/null\\ncat %s/answer\\n' "$S" > "$S/bin/wire"; chmod +x "$S/bin/wire"
                    echo '{"files": {"wire.json": "1", "wire/out": "2"}}' > "$S/answer"
                    printf 'commands: {wire: [%s]}\\n' "$S/bin/wire" > "$HOME/.config/rwv/config.yaml"
                    sed -i 's/^repositories/integrations: {command: {enabled: true, run: [wire]}}\\n&/' "$W/projects/web-app/rwv.yaml"; git -C "$W/projects/web-app" commit -qam wire
                    create one; A=$W/.workweaves/one
                    rwv -C "$W" workweave web-app sync one
                    same_text 'printed' 2 "$(cat "$A/wire/out")"
                    echo lock > "$A/projects/web-app/package-lock.json"
                    delete one
                    create one; rwv -C "$W" workweave web-app sync one; echo mine >> "$A/projects/web-app/wire.json"
                    refuses -C "$W" workweave web-app delete one; says wire.json
                    rm -rf "$A/github/chatly/web"
                    rwv -C "$W" check > "$S/tmp/check" || true
                    found 'workweave drift in one: no worktree of github/chatly/web' < "$S/tmp/check" || fail "$(cat "$S/tmp/check")"
                    delete one --force
                    """)
            }
        }
    }
}
