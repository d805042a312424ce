internal import Testing

extension EndToEnd {
    /// A weave made and kept by the program alone.
    @Suite struct EverydayCommands {
        private static let begin = """
            mkdir -p "$HOME/.config/rwv"
            printf 'registries:\\n  local: {directory: %s/made}\\n' "$S" > "$HOME/.config/rwv/config.yaml"
            mkdir -p "$S/made/chatly"; for o in "$S"/origins/*.git; do cp -r "$o" "$S/made/chatly/$(basename "$o")"; done
            N=$S/fresh; mkdir "$N"; cd "$N"
            trap 'rwv -C "$N" down' EXIT
            """

        /// A clone of another user: as git has it, with `safe.directory = *` too.
        @Test func clonesOfAnotherUser() throws {
            try Sandbox.with([.app]) { box in
                try box.asRoot("chown -R 65534 w/github/chatly/server")
                try box.bash("""
                    ! git -C "$(clone server)" status 2> "$S/tmp/err" || fail 'git trusts it'
                    ! rwv -C "$W" status > "$S/tmp/out" 2> "$S/tmp/err" || fail 'we trust it'; says 'belongs to another user'
                    git config --global safe.directory '*'; git -C "$(clone server)" status > "$S/tmp/out"
                    rwv -C "$W" status > "$S/tmp/out"; rwv -C "$W" check
                    git config --global --unset-all safe.directory
                    """)
                try box.asRoot("chown -R \"$(stat -c %u:%g w)\" w/github/chatly/server")
            }
        }

        @Test func fromNothing() throws {
            try Sandbox.with([.app, .links]) { box in
                try box.bash("""
                    \(Self.begin)
                    rwv init shop
                    same_text 'manifest' 'repositories: {}' "$(cat projects/shop/rwv.yaml)"
                    [ -d projects/shop/.git ] || fail 'the project is no repository'
                    rwv init shop 2> "$S/tmp/err" && fail 'made twice'; says '^error: '
                    sed -i 's/.*/# ours\\nrepositories: {}\\nextra: kept # why/' projects/shop/rwv.yaml
                    rwv add "$S/made/chatly/server.git" --project shop --role primary
                    rwv add "file://$S/made/chatly/web.git" --project shop
                    [ -d local/chatly/server/.git ] && [ -d local/chatly/web/.git ] || fail "$(find . -maxdepth 3)"
                    found '^# ours$' < projects/shop/rwv.yaml && found 'extra: kept # why' < projects/shop/rwv.yaml || fail "lost in writing: $(cat projects/shop/rwv.yaml)"
                    same_text 'roles' "dependency primary " "$(sed -n 's/^ *role: *//p' projects/shop/rwv.yaml | sort | tr '\\n' ' ')"
                    rwv add "$S/made/chatly/server.git" --project shop || fail 'adding what is there is no error'
                    rwv add local/own/tool --new --project shop
                    [ -d local/own/tool/.git ] || fail 'no new repository'
                    rwv activate shop
                    same_text 'active' shop "$(cat .rwv-active)"
                    git -C local/own/tool commit -q --allow-empty -m first
                    git -C projects/shop add -A; git -C projects/shop commit -qm shop
                    same_text 'resolve' "$N" "$(rwv resolve)"
                    same_text 'resolve from within' "$N" "$(cd local/chatly/server/src && rwv resolve)"
                    rwv > "$S/tmp/out"; found "^Weave: $N$" < "$S/tmp/out" && found '^Project: shop$' < "$S/tmp/out" || fail "$(cat "$S/tmp/out")"
                    agent=$(rwv workweave shop create agent)
                    cd "$agent/local/chatly/server"
                    same_text 'resolve in a workweave' "$agent" "$(rwv resolve)"
                    rwv > "$S/tmp/out"; found "^Workweave: $agent$" < "$S/tmp/out" || fail "$(cat "$S/tmp/out")"
                    cd "$N"; rwv workweave shop delete agent
                    """)
            }
        }

        /// `add` and `remove` in a workweave: its own manifest, the weave's clone, and the view changes while it is open.
        @Test(arguments: Machine.actsAsRoot ? ["fuse", "kernel", "checkout"] : ["fuse", "checkout"]) func addingInAWorkweave(engine: String) throws {
            try Sandbox.with([.app, .links]) { box in
                try box.bash("""
                    \(Self.begin)
                    rwv init shop; rwv add "$S/made/chatly/server.git"
                    git -C projects/shop add -A; git -C projects/shop commit -qm shop
                    cp projects/shop/rwv.yaml "$S/tmp/before"
                    agent=$(rwv workweave shop create agent --engine \(engine)); cd "$agent"; exec 5< .
                    rwv add --new github/me/thing
                    [ -f github/me/thing/.git ] && [ -d "$N/github/me/thing/.git" ] || fail "$(ls -A . github/me/thing)"
                    same_text 'its branch' agent/main "$(git -C github/me/thing symbolic-ref --short HEAD)"
                    same_text 'the first commit' 'Initial commit' "$(git -C "$N/github/me/thing" log --format=%s --name-only main)"
                    same_text 'its remote' https://github.com/me/thing.git "$(git -C github/me/thing remote get-url origin)"
                    found 'role: primary' < projects/shop/rwv.yaml && found 'github/me/thing' < projects/shop/rwv.yaml || fail "$(cat projects/shop/rwv.yaml)"
                    cmp "$S/tmp/before" "$N/projects/shop/rwv.yaml"
                    echo a > github/me/thing/a; git -C github/me/thing add a; git -C github/me/thing commit -qm a
                    rwv add local/chatly/web; [ -f local/chatly/web/.git ] || fail 'no worktree of web'
                    same_text 'status' '' "$(git -C local/chatly/web status --porcelain)"
                    rwv check | found '^0 errors' || fail "$(rwv check)"
                    rwv remove local/chatly/web; [ ! -e local/chatly/web ] || fail 'web is still shown'; [ -d "$N/local/chatly/web/.git" ] || fail 'its clone is gone'
                    rwv remove github/me/thing 2> "$S/tmp/err"; says "warning: github/me/thing stays in 'agent'"
                    [ -f github/me/thing/a ] || fail 'work was lost'
                    rm github/me/thing/a; git -C github/me/thing commit -qam back; git -C "$N/github/me/thing" merge -q agent/main
                    same_text 'sync' 'removed: github/me/thing' "$(rwv workweave shop sync agent)"; [ ! -e github/me/thing ] || fail "$(ls -R github)"
                    mkdir -p local/chatly/web; echo mine > local/chatly/web/mine
                    cp projects/shop/rwv.yaml "$S/tmp/manifest"
                    ! rwv add local/chatly/web 2> "$S/tmp/err" || fail 'a directory of mine was taken'
                    [ -f local/chatly/web/mine ] || fail 'lost'
                    cmp "$S/tmp/manifest" projects/shop/rwv.yaml || fail 'listed, but not there'
                    rm -r local/chatly/web
                    # Another entry that has no clone: nothing is made, nothing is listed.
                    printf '  local/chatly/gone:\n    type: git\n    url: %s/made/chatly/gone.git\n    version: main\n    role: primary\n' "$S" >> projects/shop/rwv.yaml
                    cp projects/shop/rwv.yaml "$S/tmp/manifest"
                    for more in 'local/chatly/web' '--new github/me/third'; do
                        ! rwv add $more 2> "$S/tmp/err" || fail 'the workweave cannot follow'
                        says 'error: local/chatly/gone is listed in .*rwv.yaml, but not cloned'; says "hint: nothing was changed; run 'rwv fetch'"
                        cmp "$S/tmp/manifest" projects/shop/rwv.yaml || fail 'listed, but not there'
                    done
                    [ ! -e "$N/github/me/third" ] || fail 'made for nothing'
                    exec 5<&-; cd "$N"; rwv workweave shop delete agent --force
                    """)
            }
        }

        /// A project with an rwv.toml, edited by hand in the workweave.
        @Test func aProjectInTOML() throws {
            try Sandbox.with([.app, .links]) { box in
                try box.bash("""
                    \(Self.begin)
                    rwv init shop; rwv add "$S/made/chatly/server.git"; rwv add "$S/made/chatly/web.git"
                    entry() { printf '[repositories."local/chatly/%s"]\ntype = "git"\nurl = "%s/made/chatly/%s.git"\nrole = "owned"\n' "$1" "$S" "$1"; }
                    rm projects/shop/rwv.yaml; entry server > projects/shop/rwv.toml
                    git -C projects/shop add -A; git -C projects/shop commit -qm shop; echo '# later' >> projects/shop/rwv.toml
                    agent=$(rwv workweave shop create agent)
                    found '# later' < "$agent/projects/shop/rwv.toml" || fail 'the edit did not come along'
                    entry web >> "$agent/projects/shop/rwv.toml"
                    same_text 'sync' 'added: local/chatly/web' "$(rwv workweave shop sync agent)"
                    same_text 'status' '' "$(git -C "$agent/local/chatly/web" status --porcelain)"
                    git -C "$agent/projects/shop" checkout -q rwv.toml; echo '# later' >> "$agent/projects/shop/rwv.toml"
                    same_text 'sync back' 'removed: local/chatly/web' "$(rwv workweave shop sync agent)"
                    rwv -C "$agent" lock; found '"local/chatly/server"' < "$agent/projects/shop/rwv.lock" || fail 'no lock in JSON'
                    rm "$agent/projects/shop/rwv.lock"
                    rwv workweave shop delete agent
                    """)
            }
        }

        @Test func locking() throws {
            try Sandbox.with([.app, .links]) { box in
                try box.bash("""
                    echo x >> "$(clone web)/run"
                    status=0; rwv -C "$W" lock 2> "$S/tmp/err" || status=$?
                    same_text 'lock with changes' 1 $status; says 'github/chatly/web'; says '--dirty'
                    [ ! -e "$W/projects/web-app/rwv.lock" ] || fail 'a lock file was written'
                    rwv -C "$W" lock --dirty
                    git -C "$(clone web)" checkout -q .
                    git -C "$(clone server)" checkout -q v2.0
                    rwv -C "$W" lock
                    L=$W/projects/web-app/rwv.lock
                    found "version: v2.0$" < "$L" || fail "no tag: $(cat "$L")"
                    ! found '^workweave:' < "$L" || fail 'the lock of the weave names a workweave'
                    rwv -C "$W" check || fail 'check finds fault with a fresh lock'
                    git -C "$(clone server)" checkout -q main
                    status=0; rwv -C "$W" check > "$S/tmp/out" 2>&1 || status=$?
                    same_text 'check with a stale lock' 1 $status; found 'github/chatly/server' < "$S/tmp/out" || fail "$(cat "$S/tmp/out")"
                    create agent
                    V=$(view agent server); echo y > "$V/y"; git -C "$V" add y; git -C "$V" commit -qm y
                    rwv -C "$V" lock
                    L=$W/.workweaves/agent/projects/web-app/rwv.lock
                    found '^workweave: agent$' < "$L" && found "version: $(git -C "$V" rev-parse HEAD)" < "$L" || fail "$(cat "$L")"
                    delete --force agent
                    """)
            }
        }

        @Test func checking() throws {
            try Sandbox.with([.app, .links]) { box in
                try box.bash("""
                    faults() { rwv -C "$W" check 2>&1 || true; }
                    rwv -C "$W" lock; rwv -C "$W" check
                    git clone -q "$S/origins/web.git" "$W/github/chatly/orphan"
                    faults | found 'github/chatly/orphan' || fail 'orphaned clone'
                    rm -rf "$W/github/chatly/orphan"
                    printf '  github/chatly/gone:\\n    type: git\\n    url: file:///nowhere\\n    version: main\\n    role: primary\\n' >> "$W/projects/web-app/rwv.yaml"
                    faults | found 'github/chatly/gone' || fail 'dangling reference'
                    git -C "$W/projects/web-app" checkout -q rwv.yaml
                    sed -i '0,/ role: primary/s///' "$W/projects/web-app/rwv.yaml"
                    faults | found -i 'role' || fail 'missing role'
                    """)
            }
        }

        @Test func fetching() throws {
            try Sandbox.with([.app, .links, .util]) { box in
                try box.bash("""
                    sed -i '/web:/,/version:/s/version: main/version: v0.1/' "$W/projects/web-app/rwv.yaml"
                    git -C "$W/projects/web-app" commit -qam pinned
                    git clone -q --bare "$W/projects/web-app" "$S/made-project/web-app.git"
                    mkdir "$S/fresh"; cd "$S/fresh"
                    rwv fetch "file://$S/made-project/web-app.git"
                    for repo in server web util; do is_clean "$S/fresh/github/chatly/$repo"; done
                    same_text 'version' "$(git -C "$(clone web)" rev-parse v0.1^{commit})" "$(git -C github/chatly/web rev-parse HEAD)"
                    same_text 'active' web-app "$(cat .rwv-active)"
                    """)
            }
        }

        @Test func syncing() throws {
            try Sandbox.with([.app, .links, .util]) { box in
                try box.bash("""
                    M=$W/projects/web-app/rwv.yaml; cp "$M" "$S/tmp/all.yaml"
                    sed -i '/github.chatly.util:/,/role:/d' "$M"; git -C "$W/projects/web-app" commit -qam 'without util'
                    create agent
                    [ ! -e "$(view agent util)" ] || fail 'not in the manifest'
                    exec 5< "$(view agent server)/README.md"
                    cp "$S/tmp/all.yaml" "$W/.workweaves/agent/projects/web-app/rwv.yaml"
                    rwv -C "$W" workweave web-app sync agent
                    equals_native agent util
                    cat <&5 > /dev/null; exec 5<&-
                    echo x > "$(view agent web)/x"
                    sed -i '/github.chatly.web:/,/role:/d; /github.chatly.util:/,/role:/d' "$W/.workweaves/agent/projects/web-app/rwv.yaml"
                    rwv -C "$W" workweave web-app sync agent > "$S/tmp/out" 2>&1 || true
                    same_text 'a repo with changes stays' x "$(cat "$(view agent web)/x")"
                    [ ! -e "$(view agent util)" ] || fail 'a clean one goes'
                    git -C "$(clone util)" worktree list --porcelain | found workweaves && fail 'its worktree is left'
                    delete --force agent
                    """)
            }
        }

        @Test func listing() throws {
            try Sandbox.with([.app, .links]) { box in
                try box.bash("""
                    create b; create a
                    same_text 'list' "$(printf 'a\\nb')" "$(workweaves | sort)"
                    echo x > "$(view a server)/x"; echo y >> "$(view a server)/README.md"
                    rwv -C "$W" workweave web-app list --json > "$S/tmp/list"
                    same_text 'paths' "$(printf '%s\\n' "$W/.workweaves/a" "$W/.workweaves/b")" "$(json_values path < "$S/tmp/list" | grep -E '/\\.workweaves/[ab]$' | sort)"
                    same_text 'engines' "$SHOWN $SHOWN " "$(json_values engine < "$S/tmp/list" | tr '\\n' ' ')"
                    json_values branch < "$S/tmp/list" | found -x a/main || fail "$(cat "$S/tmp/list")"
                    json_values base < "$S/tmp/list" | found -x "$(git -C "$(clone server)" rev-parse HEAD)" || fail "$(cat "$S/tmp/list")"
                    rwv -C "$W" mounts --json | json_values path | found -xF "$W/.workweaves" || fail "$(rwv -C "$W" mounts --json)"
                    rwv -C "$W" mounts | found "$W/.workweaves" || fail 'mounts'
                    # A reader that goes away early is no error.
                    rwv -C "$W" workweave web-app list --json | head -c 1 > /dev/null
                    rwv -C "$W" init other; git -C "$W/projects/other" add -A; git -C "$W/projects/other" commit -qm other
                    same_text 'of another project' '' "$(rwv -C "$W" workweave other list)"
                    """)
            }
        }

        /// Started, stopped and started again, in any order and at once.
        @Test func upAndDown() throws {
            try Sandbox.with([.app]) { box in
                try box.bash("""
                    down; up; up; down; down; up
                    create agent; echo x > "$(view agent server)/x"
                    pids=(); for i in 1 2 3 4 5 6; do up & pids+=($!); done; for p in "${pids[@]}"; do wait "$p" || fail 'up at once'; done
                    same_text 'keepers' 1 "$(grep -c " $W/.workweaves " /proc/self/mountinfo)"
                    keeper=$(cat "$W/.rwv/run/keeper.pid") server=$(cat "$W/.rwv/run/server.pid")
                    kill -0 "$keeper"; kill -0 "$server"
                    down
                    gone() { ! kill -0 "$keeper" 2>/dev/null && ! kill -0 "$server" 2>/dev/null; }
                    until_true 10 gone
                    ! found " $W/" < /proc/self/mountinfo || fail 'a mount is left'
                    same_text 'plain files while it is down' x "$(cat "$(on_disk agent)/github/chatly/server/x")"
                    # The first command that needs it starts it.
                    delete --force agent
                    """)
            }
        }
    }
}
