internal import Testing

extension EndToEnd {
    /// The reference's example: web-app and mobile-app over shared repos, a fork and a dependency, as folders.
    @Suite struct ProjectMountScenario {
        static let repos = [Repo("server", "app"), Repo("protocol", "app"), Repo("web", "links"), Repo("mobile", "app"), Repo("engine.io", "app"), Repo("socket.io", "app")]
        /// What the scenarios begin with: both projects mounted.
        static let setUp = """
            rm -rf "$W/projects/web-app"
            project web-app server protocol web engine.io:fork socket.io:reference
            project mobile-app server protocol mobile socket.io:dependency
            mount_project web-app m/web; mount_project mobile-app m/mobile
            A=$S/m/web B=$S/m/mobile

            """

        @Test func bothAtOnce() throws {
            try Sandbox.with(Self.repos) { box in
                try box.bash(Self.setUp + """
                    for name in .rwv-active .workweaves github package.json projects; do ls -A "$A" | found -xF "$name" || fail "no $name at the top"; done
                    same_text 'links that lead nowhere' '' "$(find "$A" -maxdepth 2 -xtype l)"
                    same_text 'repos of web-app' "$(printf 'engine.io\\nprotocol\\nserver\\nsocket.io\\nweb')" "$(ls "$A/github/chatly")"
                    same_text 'repos of mobile-app' "$(printf 'mobile\\nprotocol\\nserver\\nsocket.io')" "$(ls "$B/github/chatly")"
                    same_text 'projects' "web-app mobile-app" "$(ls "$A/projects") $(ls "$B/projects")"
                    same_text 'active' "web-app mobile-app" "$(cat "$A/.rwv-active") $(cat "$B/.rwv-active")"
                    same_text 'a link' 'projects/web-app/package.json projects/mobile-app/package.json' "$(readlink "$A/package.json") $(readlink "$B/package.json")"
                    same_text 'active in the weave' web-app "$(cat "$W/.rwv-active")"
                    [ ! -e "$W/package.json" ] || fail 'a link was made in the weave'
                    for repo in server web; do same_tree "$(clone $repo)" "$A/github/chatly/$repo"; is_clean "$A/github/chatly/$repo"; done
                    # Written through one, seen in the clone at once and in the other within a second.
                    cd "$A/github/chatly/server"
                    echo through > both; same_text 'in the clone' through "$(cat "$(clone server)/both")"
                    until_true 2 cmp -s both "$B/github/chatly/server/both"
                    git add both; git commit -qm 'through web-app'
                    same_text 'the commit' 'through web-app' "$(git -C "$B/github/chatly/server" log -1 --format=%s)"
                    is_clean "$(clone server)"
                    # The root belongs to the project.
                    mkdir -p "$A/node_modules/x"; echo 1 > "$A/node_modules/x/y"; echo 2 > "$B/own"
                    [ ! -e "$B/node_modules" ] && [ ! -e "$W/node_modules" ] && [ ! -e "$A/own" ] || fail 'the root of one shows elsewhere'
                    cd "$S"; rwv unmount "$A"; same_text 'below' '' "$(ls -A "$A")"
                    mount_project web-app m/again
                    same_text 'the root is there again' 1 "$(cat "$S/m/again/node_modules/x/y")"
                    create agent
                    until_true 2 test -L "$S/m/again/.workweaves/agent"
                    same_text 'a workweave' web-app "$(cat "$S/m/again/.workweaves/agent/.rwv-active")"
                    [ -z "$(ls -A "$B/.workweaves")" ] || fail 'a workweave of another project'
                    """)
            }
        }

        /// Nobody may change a reference repo; git refuses without a trace.
        @Test func referencesAreReadOnly() throws {
            try Sandbox.with(Self.repos) { box in
                try box.bash(Self.setUp + """
                    C=$(clone socket.io); before=$(state; listing "$C"; cat "$C/.git/HEAD")
                    cd "$A/github/chatly/socket.io"; git status > /dev/null; git log -1 > /dev/null
                    for command in 'touch new' 'rm README.md' 'echo x > README.md' 'mkdir d' 'mv README.md r' 'chmod 700 README.md' 'ln README.md l' 'git commit -q --allow-empty -m x' \\
                        'git switch -q -c other' 'git fetch -q' 'git gc -q' 'git reset -q --hard HEAD~1' 'git stash' 'truncate -s 1 README.md' 'setfattr -n user.x -v 1 README.md'; do
                        bash -c "$command" > "$S/tmp/out" 2>&1 && fail "'$command' went through"
                    done
                    cd "$S"; same_text 'the clone' "$before" "$(state; listing "$C"; cat "$C/.git/HEAD")"
                    # A dependency of the other project is not a reference.
                    touch "$B/github/chatly/socket.io/new"; rm "$C/new"
                    mount_project web-app m/ro --read-only
                    bash -c "touch '$S/m/ro/x'" 2>/dev/null && fail 'a read-only mount was written to'
                    bash -c "touch '$S/m/ro/github/chatly/server/x'" 2>/dev/null && fail 'a read-only mount was written to'
                    mount_project web-app m/all --all
                    [ -d "$S/m/all/github/chatly/mobile" ] || fail 'not all are shown'
                    """)
            }
        }

        @Test func unmountWhileBusy() throws {
            try Sandbox.with(Self.repos) { box in
                try box.bash(Self.setUp + """
                    chmod 750 "$S/m"
                    cd "$A/github/chatly/server"; exec 7< README.md; cd "$S"
                    refuses unmount "$A"; says "process $$ "; says "$A"
                    refuses -C "$W" down; says "process $$ "
                    same_text 'still there' web-app "$(cat "$A/.rwv-active")"; same_text 'the other too' mobile-app "$(cat "$B/.rwv-active")"
                    same_text 'printed' '' "$(rwv unmount "$A" --force 2>&1)"
                    [ ! -e "$A/.rwv-active" ] || fail 'it is still there'
                    same_text 'an open file' "$(cat "$(clone server)/README.md")" "$(cat <&7)"
                    exec 7<&-
                    refuses -C "$W" unmount "$A"
                    (cd "$B"; exec "$RWV" -C "$W" unmount "$B")
                    same_text 'mounts' '' "$(rwv -C "$W" mounts | grep project || true)"
                    """)
            }
        }

        @Test func reboot() throws {
            try Sandbox.with(Self.repos) { box in
                try box.bash(Self.setUp + """
                    echo kept > "$A/kept"
                    cd "$A/github/chatly/server"; exec 8>> held; echo before >&8
                    ( for i in $(seq 100); do echo $i > "w-$i" && cat "w-$i" README.md > /dev/null && stat src > /dev/null || exit 1; done ) & worker=$!
                    until_true 10 test -e w-10
                    kill -9 "$(cat "$W/.rwv/run/server.pid")"
                    wait $worker || fail 'a caller failed while the server was replaced'
                    echo after >&8; exec 8>&-
                    same_text 'a file that stayed open' "$(printf 'before\\nafter')" "$(cat held)"
                    same_text 'where we stand' "$A/github/chatly/server" "$(pwd -P)"
                    same_text 'from here' "$(ls "$(clone server)")" "$(ls)"
                    cd "$S"
                    kill -9 "$(cat "$W/.rwv/run/keeper.pid")" "$(cat "$W/.rwv/run/server.pid")" || true
                    until_true 5 bash -c "! ls '$A' 2>/dev/null"
                    up
                    same_text 'both are back' "web-app mobile-app kept" "$(cat "$A/.rwv-active") $(cat "$B/.rwv-active") $(cat "$A/kept")"
                    same_text 'served' 2 "$(rwv -C "$W" mounts | grep -c 'project.*served')"
                    down
                    same_text 'nothing below' '' "$(ls -A "$A")"
                    bash -c "touch '$A/x'" 2>/dev/null && [ "$(id -u)" != 0 ] && fail 'written below a missing mount'
                    rm -f "$A/x"; up
                    same_text 'back again' kept "$(cat "$A/kept")"
                    """)
            }
        }
    }
}
