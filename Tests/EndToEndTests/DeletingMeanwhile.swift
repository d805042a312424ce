import Testing

extension EndToEnd {
    /// delete looks for work where work can be: also with nothing mounted, and while somebody goes on writing.
    @Suite struct DeletingMeanwhile {
        /// A git that does `$STRIKE` behind the program's back, which is to write a file into the workweave, after the status that `$S/strikes` counts down to.
        private static let striking = """
            mkdir "$S/bin"; export V=$(view agent server) STRIKE='echo mine > "$V/late"'
            cat > "$S/bin/git" <<'G'
            #!/bin/bash
            status=0; /usr/bin/git "$@" || status=$?
            case " $* " in *chatly/server*" --untracked-files=normal "*)
                read -r left < "$S/strikes"; echo $((left - 1)) > "$S/strikes"
                [ $left -ne 1 ] || { eval "$STRIKE" && echo written || echo refused; } > "$S/result" 2> /dev/null
            esac
            exit $status
            G
            chmod +x "$S/bin/git"; PATH=$S/bin:$PATH
            create agent
            # Something to look at, but no work.
            mkdir "$V/build"; echo o > "$V/build/o"

            """

        @Test func afterTheCheck() throws {
            try Sandbox.with([.app]) { box in
                try box.bash(Self.striking + """
                    echo 1 > "$S/strikes"
                    refuses -C "$W" workweave web-app delete agent
                    says late
                    same_text 'the writer' written "$(cat "$S/result")"
                    same_text 'what was written' mine "$(cat "$V/late")"
                    # As usual again.
                    rm "$V/late"; echo x > "$V/new"; rm "$V/new"
                    delete agent
                    """)
            }
        }

        @Test func afterTheLastCheck() throws {
            try Sandbox.with([.app]) { box in
                try box.bash(Self.striking + """
                    echo 2 > "$S/strikes"
                    if delete agent 2> "$S/tmp/err"; then
                        same_text 'the writer' refused "$(cat "$S/result")"
                        [ ! -e "$W/.workweaves/agent" ] || fail 'still there'
                        exit
                    fi
                    same_text 'the writer' written "$(cat "$S/result")"
                    says 'being changed: github/chatly/server'
                    same_text 'what was written' mine "$(cat "$V/late")"
                    git -C "$V" commit -q --allow-empty -m 'it is as it was'
                    delete --force agent
                    """)
            }
        }

        /// Nothing is lost, and all is as it was, when the place that was taken away is put back.
        @Test func whileAFileIsOpenForWriting() throws {
            try Sandbox.with([.app]) { box in
                try box.bash("""
                    create agent; V=$(view agent server)
                    mkdir "$V/build"; exec 5> "$V/build/log"
                    if [ "$SHOWN" = fuse ]; then delete agent; exit; fi
                    refuses -C "$W" workweave web-app delete agent
                    says "process $$"
                    echo line >&5; same_text 'the open file' line "$(cat "$V/build/log")"; exec 5>&-
                    echo x > "$V/new"; same_text 'status' '?? new' "$(git -C "$V" status --porcelain)"
                    rm "$V/new"
                    delete agent
                    """)
            }
        }

        /// A sync takes no repo out in which somebody has begun to work since it looked.
        @Test func syncAfterTheCheck() throws {
            try Sandbox.with([.app]) { box in
                try box.bash(Self.striking + """
                    sed -i '/chatly.server/,/role/d' "$W/.workweaves/agent/projects/web-app/rwv.yaml"
                    echo 1 > "$S/strikes"
                    refuses -C "$W" workweave web-app sync agent
                    says 'github/chatly/server is listed no more, but stays: it is being worked in'
                    same_text 'the writer' written "$(cat "$S/result")"
                    same_text 'what was written' mine "$(cat "$V/late")"; same_text 'status' '?? late' "$(git -C "$V" status --porcelain)"
                    # And it goes when that is gone.
                    rm "$V/late"; same_text 'sync' 'removed: github/chatly/server' "$(rwv -C "$W" workweave web-app sync agent)"
                    [ ! -e "$V" ] || fail 'still there'
                    ! git -C "$(clone server)" for-each-ref | found agent || fail 'its references are left'
                    delete --force agent; fsck_all
                    """)
            }
        }

        /// A commit that git says is made while the workweave is being deleted is on a branch, if only on that of the workweave.
        @Test func committedMeanwhile() throws {
            try Sandbox.with([.app]) { box in
                try box.bash("""
                    C=$(clone server)
                    for round in $(seq 40); do
                        create agent > /dev/null; V=$(view agent server)
                        delete agent 2> /dev/null & deleting=$!
                        for ((i = 0; i < round * 1500; i++)); do :; done
                        made=; ! git -C "$V" -c core.hooksPath=/dev/null commit -q --allow-empty -m "mine $round." 2> /dev/null || made=1
                        wait $deleting || true
                        [ -z "$made" ] || [ -n "$(git -C "$C" log --branches --format=%s -F --grep "mine $round.")" ] || fail "round $round: the commit is on no branch"
                        [ ! -e "$W/.rwv/workweaves/agent" ] || delete --force agent
                        git -C "$C" branch -qD agent/main 2> /dev/null || true
                    done
                    """, limit: 240)
            }
        }

        /// A workweave that is made while its clone is being deleted keeps it.
        @Test func createdWhileTheCloneGoes() throws {
            try Sandbox.with([.app]) { box in
                try box.bash("""
                    mkdir "$S/bin"; cat > "$S/bin/git" <<'G'
                    #!/bin/bash
                    status=0; /usr/bin/git "$@" || status=$?
                    case " $* " in *" rev-list "*) [ -e "$S/struck" ] || { : > "$S/struck"; "$RWV" -C "$W" workweave web-app create agent > /dev/null; };; esac
                    exit $status
                    G
                    chmod +x "$S/bin/git"
                    ! PATH=$S/bin:$PATH rwv -C "$W" remove github/chatly/server --delete 2> "$S/tmp/err" || fail 'the clone is gone'
                    says 'github/chatly/server has got worktrees meanwhile: agent'
                    equals_native agent server; delete agent; same_text 'left over' '' "$(find "$W/github" -name '.rwv-tmp-*')"; fsck_all
                    """)
            }
        }

        /// What somebody has put in the way leads nowhere: nothing outside of the weave is made, mounted or removed by a sync.
        @Test(arguments: Machine.actsAsRoot ? ["fuse", "kernel", "checkout"] : ["fuse", "checkout"]) func linksInTheWay(engine: String) throws {
            try Sandbox.with([.app, .links]) { box in
                try box.bash("""
                    ENGINE=\(engine) create agent > /dev/null; A=$W/.workweaves/agent M=$A/projects/web-app/rwv.yaml; mkdir "$S/outside"; cp "$M" "$S/before"
                    mkdir -p "$W/gitlab/g"; git clone -q "file://$S/origins/server.git" "$W/gitlab/g/late"
                    entry() { printf '  gitlab/g/late:\\n    type: git\\n    url: file://%s\\n    version: main\\n    role: primary\\n' "$S/origins/server.git" >> "$M"; }
                    entry; cp "$M" "$S/with"
                    for place in gitlab gitlab/g; do
                        mkdir -p "$(dirname "$A/$place")"; ln -s "$S/outside" "$A/$place"
                        refuses -C "$W" workweave web-app sync agent; says "^error: $place "; same_text 'outside' '' "$(ls "$S/outside")"; rm "$A/$place"
                    done
                    rm -rf "$A/gitlab"; echo file > "$A/gitlab"; refuses -C "$W" workweave web-app sync agent; says '^error: gitlab '; rm "$A/gitlab"
                    ! git -C "$W/gitlab/g/late" for-each-ref | found agent || fail 'references are left'
                    # A repo that somebody has moved out and linked is not removed there.
                    delete --force agent; ENGINE=\(engine) create agent > /dev/null; cp "$S/with" "$M"
                    if rwv -C "$W" workweave web-app sync agent > /dev/null; then
                        echo "ignored" > "$A/gitlab/g/late/x.log"; mkdir "$S/outside/late"; cp -a "$A/gitlab/g/late/." "$S/outside/late"
                        if mv "$A/gitlab/g" "$A/gitlab/away" 2> /dev/null; then ln -s "$S/outside" "$A/gitlab/g"; fi
                        cp "$S/before" "$M"; rwv -C "$W" workweave web-app sync agent > /dev/null 2>&1 || true
                        same_text 'outside' 'ignored' "$(cat "$S/outside/late/x.log")"
                    fi
                    delete --force agent; down; ! grep -F "$S/outside" /proc/self/mountinfo || fail 'something is mounted outside'
                    """)
            }
        }

        /// What is mounted inside a repo stays, and so does the repo.
        @Test(arguments: ["fuse", "kernel", "checkout"]) func mountedInARepoThatGoes(engine: String) throws {
            guard Machine.actsAsRoot else { return }
            try Sandbox.with([.app, .links]) { box in
                try box.inNamespace("", """
                    mkdir "$S/precious"; echo mine > "$S/precious/file"
                    ENGINE=\(engine) create agent > /dev/null; A=$W/.workweaves/agent; V=$(readlink -f "$(view agent server)"); mkdir -p "$V/build"; mount --bind "$S/precious" "$V/build"
                    sed -i '/chatly.server/,/role/d' "$A/projects/web-app/rwv.yaml"
                    ! rwv -C "$W" workweave web-app sync agent 2> "$S/tmp/err" || fail 'the repo was taken out'; says 'github/chatly/server is listed no more, but stays: it is being worked in'
                    same_text 'what is mine' mine "$(cat "$S/precious/file")"; [ -e "$V/README.md" ] || fail 'the repo is gone'
                    umount "$V/build"; same_text 'sync' 'removed: github/chatly/server' "$(rwv -C "$W" workweave web-app sync agent)"; delete --force agent
                    """)
            }
        }

        /// The command is killed at whatever step of a sync of ordinary checkouts: the next one finishes, and nothing of the user's is in its way.
        @Test func syncOfCheckoutsKilled() throws {
            try Sandbox.with([.app, .links]) { box in
                try box.bash("""
                    ENGINE=checkout; create agent; A=$W/.workweaves/agent M=$A/projects/web-app/rwv.yaml; cp "$M" "$S/both"; sed '/chatly.server/,/role/d' "$M" > "$S/one"; down
                    A=$W/.rwv/workweaves/agent/checkout M=$A/projects/web-app/rwv.yaml
                    mkdir "$S/bin"; printf '#!/bin/bash\n[ ! -e "$S/kill" ] || case " $* " in *" reset "*|*" status "*) kill -9 $PPID; exit 1; esac\nexec /usr/bin/git "$@"\n' > "$S/bin/git"; chmod +x "$S/bin/git"
                    for round in 1 2 3; do
                        cp "$S/one" "$M"; same_text 'out' 'removed: github/chatly/server' "$(rwv -C "$W" workweave web-app sync agent)"; [ ! -e "$A/github/chatly/server" ] || fail 'still there'
                        cp "$S/both" "$M"; touch "$S/kill"; PATH=$S/bin:$PATH rwv -C "$W" workweave web-app sync agent 2> /dev/null && fail 'it was to be killed'; rm "$S/kill"
                        same_text 'in' 'added: github/chatly/server' "$(rwv -C "$W" workweave web-app sync agent)"
                        is_clean "$A/github/chatly/server"; same_text 'files' "$(ls -A "$(clone server)")" "$(ls -A "$A/github/chatly/server")"
                        same_text 'left over' '' "$(ls "$W/.rwv/workweaves/agent" | grep -E 'joining|leaving|clock|journal' || true)"
                    done
                    echo mine > "$A/github/chatly/server/late"; cp "$S/one" "$M"
                    # What was taken aside and not put back is back with the next server.
                    mv "$A/github/chatly/server" "$W/.rwv/workweaves/agent/leaving-$(/usr/bin/python3 -c 'import json, sys; print([r["part"] for r in json.load(open(sys.argv[1]))["repos"] if r["path"] == "github/chatly/server"][0])' "$W/.rwv/workweaves/agent/workweave.json")"
                    # Not over what somebody has put there meanwhile, and nothing of it goes.
                    mkdir "$A/github/chatly/server"; echo there > "$A/github/chatly/server/x"; up; down
                    same_text 'aside' mine "$(cat "$W"/.rwv/workweaves/agent/leaving-*/late)"; rm -r "$A/github/chatly/server"
                    up; same_text 'mine' mine "$(cat "$A/github/chatly/server/late")"; delete --force agent; fsck_all
                    """)
            }
        }

        @Test func withNothingMounted() throws {
            try Sandbox.with([.app, .links]) { box in
                try box.bash("""
                    for name in agent other; do create $name; echo mine > "$(view $name server)/new"; done
                    down
                    delete agent 2> "$S/tmp/err" && fail 'deleted with work in it'
                    says 'github/chatly/server.*new'
                    up; same_text 'what was written' mine "$(cat "$(view agent server)/new")"
                    # A sync takes out no repo that holds work.
                    sed -i '/chatly.server/,/role/d' "$W/.workweaves/agent/projects/web-app/rwv.yaml"
                    down
                    rwv -C "$W" workweave web-app sync agent 2> "$S/tmp/err" && fail 'the repo was taken out'
                    says 'github/chatly/server is listed no more, but stays'
                    up; same_text 'what was written' mine "$(cat "$(view agent server)/new")"
                    down; delete --force agent; delete --force other
                    """)
            }
        }

        /// A server that is killed while it deletes leaves a workweave that can be written to.
        @Test func killedMeanwhile() throws {
            try Sandbox.with([.app]) { box in
                try box.bash("""
                    create agent; V=$(view agent server); mkdir "$S/bin"
                    mkdir "$V/build"; echo o > "$V/build/o"
                    down
                    cat > "$S/bin/git" <<'G'
                    #!/bin/bash
                    case " $* " in *chatly/server*" --untracked-files=normal "*)
                        read -r left < "$S/strikes"; echo $((left - 1)) > "$S/strikes"
                        if [ $left -eq 1 ]; then kill -9 $(cat "$W"/.rwv/run/*.pid); fi
                    esac
                    exec /usr/bin/git "$@"
                    G
                    chmod +x "$S/bin/git"; echo 2 > "$S/strikes"
                    PATH=$S/bin:$PATH; up
                    delete agent 2> /dev/null && fail 'deleted by nobody'
                    up; echo x > "$V/new"; same_text 'status' '?? new' "$(/usr/bin/git -C "$V" status --porcelain)"
                    rm "$V/new"; echo 9 > "$S/strikes"; delete agent
                    """)
            }
        }
    }
}
