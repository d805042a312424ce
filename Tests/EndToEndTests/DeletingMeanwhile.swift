import Testing

extension EndToEnd {
    /// delete looks for work where work can be: also with nothing mounted, and while somebody goes on writing.
    @Suite struct DeletingMeanwhile {
        /// A git that writes a file into the workweave behind the program's back, after the status that `$S/strikes` counts down to.
        private static let striking = """
            mkdir "$S/bin"; export V=$(view agent server)
            cat > "$S/bin/git" <<'G'
            #!/bin/bash
            status=0; /usr/bin/git "$@" || status=$?
            case " $* " in *chatly/server*" --untracked-files=normal "*)
                read -r left < "$S/strikes"; echo $((left - 1)) > "$S/strikes"
                [ $left -ne 1 ] || { echo mine > "$V/late" && echo written || echo refused; } > "$S/result" 2> /dev/null
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
