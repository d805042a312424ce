internal import Testing

extension EndToEnd {
    /// Another project in a live mount: one listing never mixes two, and once the command returns all is new.
    @Suite struct ProjectMountSwitching {
        private static let shows = """
            shows() { # PROJECT
                same_text "active" "$1" "$(cat "$A/.rwv-active")"
                same_text "package.json" "{\\"name\\": \\"$1\\"}" "$(cat "$A/package.json")"
                same_text "projects" "$1" "$(ls "$A/projects")"
                case $1 in
                web-app) same_text 'repos' 'engine.io protocol server socket.io web ' "$(ls "$A/github/chatly" | tr '\\n' ' ')"; [ ! -e "$A/github/chatly/mobile" ] ;;
                *) same_text 'repos' 'mobile protocol server socket.io ' "$(ls "$A/github/chatly" | tr '\\n' ' ')"; [ ! -e "$A/github/chatly/web" ] ;;
                esac || fail "a repo of another project has a name"
            }

            """

        @Test func everyWay() throws {
            try Sandbox.with(ProjectMountScenario.repos) { box in
                try box.bash(ProjectMountScenario.setUp + Self.shows + """
                    shows web-app
                    same_text 'printed' '' "$(rwv -C "$A" activate mobile-app 2>&1)"; shows mobile-app
                    rwv -C "$W" mount web-app "$A"; shows web-app
                    for option in --read-only --all '-o noexec'; do refuses -C "$W" mount mobile-app "$A" $option; says 'other options'; shows web-app; done
                    echo mobile-app > "$A/.rwv-active"; shows mobile-app
                    echo web-app > "$A/next"; mv "$A/next" "$A/.rwv-active"
                    until_true 2 grep -qx web-app "$A/.rwv-active"; until_true 2 test -e "$A/github/chatly/web"; [ ! -e "$A/next" ] || fail 'the file is left'
                    shows web-app
                    # As tools and editors do it.
                    printf 'mobile-app\\n' > "$S/tmp/name"; cp "$S/tmp/name" "$A/.rwv-active"; shows mobile-app
                    sed -i s/mobile/web/ "$A/.rwv-active"; shown() { [ -e "$A/github/chatly/$1" ] && [ ! -e "$A/github/chatly/$2" ]; }; until_true 2 shown web mobile; shows web-app
                    echo mobile-app | tee "$A/.rwv-active" > "$S/tmp/out"; shows mobile-app
                    /usr/bin/python3 -c 'import os, sys; d = sys.argv[1]; f = os.open(d + "/.#new", os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600); os.write(f, b"web-app\\n"); os.fsync(f); os.close(f); os.replace(d + "/.#new", d + "/.rwv-active")' "$A"
                    until_true 2 shown web mobile; shows web-app
                    same_text 'what is left at the top' '' "$(ls -A "$A" | grep -i 'sed\\|new' || true)"
                    printf 'mobile-app\\n' | dd of="$A/.rwv-active" conv=notrunc 2> "$S/tmp/err"; shows mobile-app; echo web-app > "$A/.rwv-active"; shows web-app
                    for way in "printf mobile-app > '$A/.rwv-active'" "echo mobile-app >> '$A/.rwv-active'" "rm '$A/.rwv-active'" "mv '$A/.rwv-active' '$A/away'" "mkdir '$A/.rwv-active'" \
                        "ln -s x '$A/.rwv-active'" "echo nosuch > '$A/n'; mv '$A/n' '$A/.rwv-active'" "mkdir -p '$A/d'; mv -T '$A/d' '$A/.rwv-active'" "chmod 600 '$A/.rwv-active'" \\
                        "echo mobile-app > '$A/n'; /usr/bin/python3 -c 'import ctypes, sys; sys.exit(ctypes.CDLL(None).renameat2(-100, sys.argv[1].encode(), -100, sys.argv[2].encode(), 2) != 0)' '$A/n' '$A/.rwv-active'"; do
                        bash -c "$way" 2> "$S/tmp/err" && fail "$way"; shows web-app
                    done
                    rm -rf "$A/n" "$A/d"
                    for text in nosuch '' 'a b' ../web-app; do
                        bash -c "printf '%s\\n' '$text' > '$A/.rwv-active'" 2> "$S/tmp/err" && fail "'$text' was taken"
                        says 'invalid argument'
                    done
                    shows web-app
                    refuses -C "$A" activate nosuch
                    same_text 'active in the weave' web-app "$(cat "$W/.rwv-active")"
                    # It is remembered.
                    rwv -C "$A" activate mobile-app; down; up; shows mobile-app
                    rwv -C "$A" activate web-app; kill -9 "$(cat "$W/.rwv/run/server.pid")"; shows web-app
                    """)
            }
        }

        /// What both projects have stays as it is for those who use it.
        @Test func sharedReposStay() throws {
            try Sandbox.with(ProjectMountScenario.repos) { box in
                try box.bash(ProjectMountScenario.setUp + """
                    cd "$A/github/chatly/server"; exec 7<> README.md; exec 6< "$A/github/chatly/engine.io/README.md"
                    gone=$(cat "$(clone engine.io)/README.md"); ino=$(stat -c %i src)
                    rwv activate mobile-app
                    same_text 'here' "$ino" "$(stat -c %i src)"; git status > /dev/null
                    echo more >> README.md; same_text 'an open file' "$(cat "$(clone server)/README.md")" "$(cat <&7)"
                    same_text 'an open file of a repo that left' "$gone" "$(cat <&6)"
                    exec 7>&- 6<&-
                    """)
            }
        }

        /// What the server holds for a mount, it holds no longer than the mount.
        @Test func nothingIsLeftOfAMount() throws {
            try Sandbox.with(ProjectMountScenario.repos) { box in
                try box.bash(ProjectMountScenario.setUp + """
                    create one > /dev/null
                    held() { for f in /proc/"$(cat "$W/.rwv/run/server.pid")"/fdinfo/*; do grep -h '^inotify' "$f" || true; done 2> /dev/null | wc -l; }
                    devices() { find /proc/"$(cat "$W/.rwv/run/server.pid")"/fd -lname /dev/fuse | wc -l; }
                    grep -rq nothing-such "$A/github" "$B/github" || true
                    [ "$(held)" -gt 4 ] || fail "$(held) directories are followed"
                    before=$(devices)
                    rwv unmount "$A"; rwv unmount "$B"
                    until_true 5 eval '[ "$(held)" = 0 ]'
                    until_true 5 eval '[ "$(devices)" = "$((before - 2))" ]'
                    """)
            }
        }

        @Test func whileABuildRuns() throws {
            try Sandbox.with(ProjectMountScenario.repos) { box in
                try box.bash(ProjectMountScenario.setUp + """
                    cd "$A/github/chatly/server"
                    ( for i in $(seq 60); do mkdir -p out; echo $i > out/$i.tmp && mv out/$i.tmp out/$i && cat out/$i README.md > /dev/null || exit 1; find src > /dev/null || exit 1; done ) & worker=$!
                    /usr/bin/python3 - "$A" <<'P' & lister=$!
                    import os, sys
                    sets = {("engine.io", "protocol", "server", "socket.io", "web"), ("mobile", "protocol", "server", "socket.io")}
                    for i in range(3000):
                        try: found = tuple(sorted(os.listdir(sys.argv[1] + "/github/chatly")))
                        except OSError as e: sys.exit("listing: %s" % e)
                        if found not in sets: sys.exit("a mixture: %s" % (found,))
                    P
                    for i in $(seq 15); do rwv activate mobile-app; [ ! -e "$A/github/chatly/web" ] || fail mixed; rwv activate web-app; [ ! -e "$A/github/chatly/mobile" ] || fail mixed; done
                    wait $worker || fail 'the build failed'
                    wait $lister || fail 'a listing mixed two projects'
                    """, limit: 120)
            }
        }

        /// Whoever edits the manifest sees it in the mount within a second.
        @Test func manifestEdits() throws {
            try Sandbox.with(ProjectMountScenario.repos) { box in
                try box.bash(ProjectMountScenario.setUp + """
                    cd "$A"; same_text 'here' "$A" "$(rwv | sed -n 's/^Mount: //p')"; same_text 'resolve' "$W" "$(rwv resolve)"
                    rwv add "file://$S/origins/mobile.git" --role dependency 2>/dev/null || true
                    P=$W/projects/web-app
                    printf '  github/chatly/mobile:\\n    type: git\\n    url: file://x\\n    version: main\\n    role: primary\\n' >> "$P/rwv.yaml"
                    until_true 2 test -d "$A/github/chatly/mobile"
                    rwv remove github/chatly/mobile
                    until_true 2 bash -c "! test -e '$A/github/chatly/mobile'"
                    echo '{}' > "$P/tsconfig.json"; rm "$P/package.json"
                    until_true 2 bash -c "! test -L '$A/package.json'"
                    # A broken one changes nothing, and is told of.
                    git -C "$P" checkout -q package.json; good=$(cat "$P/rwv.yaml"); echo '  - [' >> "$P/rwv.yaml"
                    rwv -C "$W" mounts | found 'web-app.*stale.*rwv.yaml' || fail 'mounts does not say so'
                    rwv -C "$W" check > "$S/tmp/found" && fail 'all is well'
                    found -F "[error] core: the mount $A shows 'web-app' as it was: " < "$S/tmp/found" || fail "check: $(cat "$S/tmp/found")"
                    (rwv -C "$W" check --json || true) | json_values kind | found -x stale-mount || fail 'not for programs'
                    (rwv -C "$W" doctor --json || true) | json_values kind | found -x stale-project || fail 'doctor does not say so'
                    [ -d "$A/github/chatly/web" ] || fail 'the last good one is gone'
                    printf '%s\\n' "$good" > "$P/rwv.yaml"
                    rwv -C "$W" mounts | found 'web-app.*served' || fail 'not served'
                    rwv -C "$W" check > "$S/tmp/found" || true; ! grep -F "$A" "$S/tmp/found" || fail 'it is as it is'
                    rwv lock 2> /dev/null || fail 'lock in a mount'; [ -s "$P/rwv.lock" ] || fail 'no lock'
                    rwv check > /dev/null || true
                    """)
            }
        }
    }
}
