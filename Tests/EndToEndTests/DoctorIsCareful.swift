internal import Testing

extension EndToEnd {
    /// What doctor cannot see, or finds where it should not be, it leaves alone.
    @Suite struct DoctorIsCareful {
        /// `.rwv` on a disk that is not mounted, made anew, or closed: its workweaves are not known, and not gone.
        @Test func stateOutOfReach() throws {
            try Sandbox.with([.app]) { box in
                try box.bash(Doctor.tools + """
                    create agent; V=$(view agent server); echo work > "$V/new"; git -C "$V" add new; down
                    git_state() { for c in "$(clone server)" "$W/projects/web-app"; do git -C "$c" for-each-ref; git -C "$c" worktree list --porcelain; done; }
                    before=$(git_state)
                    untouched() { doctor --fix > /dev/null; doctor --fix > /dev/null; same_text "$1" "$before" "$(git_state)"; }
                    mv "$W/.rwv" "$S/tmp/rwv"; ln -s "$S/tmp/nowhere" "$W/.rwv"; untouched 'a link that leads nowhere'
                    rm "$W/.rwv"; mkdir "$W/.rwv"; untouched 'an empty directory'; tell 'is not known here'; chmod -R u+w "$W/.rwv"; down; rm -r "$W/.rwv"
                    mv "$S/tmp/rwv" "$W/.rwv"; chmod 000 "$W/.rwv"; untouched 'closed'; chmod 755 "$W/.rwv"
                    chmod 000 "$W/.rwv/workweaves"; untouched 'closed below'; chmod 755 "$W/.rwv/workweaves"
                    up; same_text 'status' 'A  new' "$(git -C "$V" status --porcelain)"; healthy; delete --force agent
                    """)
            }
        }

        /// Two weaves over one repository: what the other one has made there is its own.
        @Test func anotherWeaveOfTheSameRepository() throws {
            try Sandbox.with([.app]) { box in
                try box.bash(Doctor.tools + """
                    create agent; V=$(view agent server); echo work > "$V/new"; git -C "$V" add new; down
                    O=$S/other; mkdir -p "$O/github/chatly" "$O/projects"; cp -a "$W/projects/web-app" "$O/projects/"; git -C "$(clone server)" worktree add -q -b second "$O/github/chatly/server"
                    "$RWV" -C "$O" workweave web-app create mine --engine checkout > /dev/null; git_state() { git -C "$(clone server)" for-each-ref; git -C "$(clone server)" worktree list --porcelain; }; before=$(git_state)
                    "$RWV" -C "$O" doctor --fix > "$S/tmp/out" || true; ! found stray-worktree < "$S/tmp/out" || fail "$(cat "$S/tmp/out")"
                    same_text 'git' "$before" "$(git_state)"
                    "$RWV" -C "$O" workweave web-app delete mine --force; "$RWV" -C "$O" down; git -C "$(clone server)" worktree remove --force "$O/github/chatly/server"; git -C "$(clone server)" branch -qD second
                    up; same_text 'status' 'A  new' "$(git -C "$V" status --porcelain)"; delete --force agent
                    """)
            }
        }

        /// A workweave whose record is gone was finished once: what it holds is somebody's.
        @Test func recordGone() throws {
            try Sandbox.with([.app]) { box in
                try box.bash(Doctor.tools + """
                    create agent; V=$(view agent server); echo precious > "$V/new"; down; R=$W/.rwv/workweaves/agent
                    kept() { same_text "$1" precious "$(cat "$R/upper/github/chatly/server/new")"; }
                    mv "$R/workweave.json" "$S/tmp/record"; up 2> "$S/tmp/err" || true; kept up
                    finds damaged-record; tell upper; leaves damaged-record; kept 'doctor --fix'; down
                    # Nor does what a sync had begun say otherwise.
                    printf '{"operation": "sync", "name": "agent", "repos": []}' > "$R/journal.json"; up 2> "$S/tmp/err" || true; kept sync; down; rm "$R/journal.json"
                    mv "$S/tmp/record" "$R/workweave.json"; up; same_text 'status' '?? new' "$(git -C "$V" status --porcelain)"; healthy; delete --force agent
                    """)
            }
        }

        /// No command waits for a server that was stopped, but for what it touches in a mount.
        @Test func serverStopped() throws {
            try Sandbox.with([.app]) { box in
                try box.bash(Doctor.tools + """
                    create agent; mkdir "$S/m"; rwv -C "$W" mount web-app "$S/m"
                    for who in server keeper; do
                        P=$(cat "$W/.rwv/run/$who.pid"); kill -STOP "$P"
                        for words in 'mounts' 'up' 'down' 'down --force' 'workweave web-app list --json' 'workweave web-app create other' 'doctor' 'doctor --fix'; do
                            s=0; timeout 20 "$RWV" -C "$W" $words > "$S/tmp/err" 2>&1 || s=$?; [ $s = 1 ] && found "process $P is stopped" < "$S/tmp/err" || { kill -CONT "$P"; fail "$words: $s $(cat "$S/tmp/err")"; }
                        done
                        kill -CONT "$P"; healthy
                    done
                    rwv unmount "$S/m"; delete agent
                    """)
            }
        }

        /// Where `.workweaves` is a link, what it leads to is not ours.
        @Test func linkOutOfTheWeave() throws {
            try Sandbox.with([.app]) { box in
                try box.bash(Doctor.tools + """
                    create by-hand --engine checkout; down; chmod u+w "$W/.workweaves"; rm -r "$W/.workweaves"; mkdir -m 755 "$S/elsewhere"; ln -s "$S/elsewhere" "$W/.workweaves"
                    finds mount-point; leaves mount-point; rwv -C "$W" workweave web-app delete --force by-hand 2> "$S/tmp/err" || true; down || true
                    same_text 'elsewhere' '755 ' "$(stat -c %a "$S/elsewhere") $(ls -A "$S/elsewhere")"
                    rm "$W/.workweaves"; down
                    """)
            }
        }

        /// Any object of a base may be the one that is missing, and what is said to help helps.
        @Test func objectsLost() throws {
            try Sandbox.with([.app]) { box in
                try box.bash(Doctor.tools + """
                    C=$(clone server); echo once > "$C/once"; git -C "$C" add once; git -C "$C" commit -qm once; git -C "$C" push -q origin HEAD
                    object() { local id; id=$(git -C "$C" rev-parse "$1"); echo "$C/.git/objects/${id:0:2}/${id:2}"; }
                    create agent; tree=$(object HEAD^{tree}) file=$(object HEAD:once)
                    mv "$file" "$S/tmp/file"; finds objects-missing; tell '1 object of'; leaves objects-missing; mv "$S/tmp/file" "$file"; healthy
                    rm -f "$tree" "$file"; finds objects-missing; fix=$(json_values fix < "$D"); bash -c "${fix%%,*}" > "$S/tmp/err" 2>&1; healthy
                    same_text 'once' once "$(cat "$(view agent server)/once")"; delete agent; fsck_all
                    """)
            }
        }
    }
}
