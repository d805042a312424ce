import Testing

extension EndToEnd {
    /// `rwv workweave P engine`: what a workweave holds is the same as before, whatever it is.
    @Suite struct ChangingEngines {
        /// Every change from an upper directory to a checkout or back, for this user.
        static let changes: [(String, String)] = Machine.actsAsRoot
            ? [("fuse", "checkout"), ("kernel", "checkout"), ("checkout", "fuse"), ("checkout", "kernel")]
            : [("fuse", "checkout"), ("checkout", "fuse")]

        private static let repos: [Repo] = [.app, .links, .util, .submodules]

        /// Whatever git and a user can leave in a workweave. `A` is its root.
        private static let mess = """
            A=$W/.workweaves/agent; C=$A/github/chatly
            cd "$C/server"
            printf 'staged\\n' >> README.md; git add README.md; printf 'unstaged\\n' >> README.md
            printf 'build/\\n*.log\\n' >> .git-ignored-not; mkdir -p build; echo ignored > build/out.log; touch -d '2001-05-05 05:05:05' build/out.log
            git mv src/net src/moved; rm src/ui/view1.txt; git rm -q src/ui/view2.txt; chmod +x docs/guide.md
            echo new > new; git add -N new; mkdir -p empty/inner; echo 'not added' > other; /usr/bin/python3 -c 'import os; os.setxattr("other", "user.colour", b"red"); os.setxattr("empty", "user.flavour", b"sour")'; ln other other2
            printf kept > 'with space'; printf kept > $'odd\\nname\\377'; touch -d '2001-06-06 06:06:06.123456789' tests
            ln -s nowhere dangling; mkfifo pipe; chmod 700 empty; chmod 000 other
            rm -r docs; mkdir docs; echo only > docs/only; mv src/moved/part1.txt src/back.txt
            truncate -s 5M sparse; printf end >> sparse
            git update-index --assume-unchanged .gitignore
            cd "$C/web"
            echo ours > text/unix.lf; git commit -qam ours; git checkout -q -b theirs HEAD~1 2> /dev/null; echo theirs > text/unix.lf; git commit -qam theirs
            echo stashed > data/stashed; git add data/stashed; git stash -q
            git merge -q agent/main > /dev/null 2>&1 || true
            cd "$C/util"
            for i in 1 2 3; do echo $i > file; git add file; git commit -qm "number $i"; done
            GIT_SEQUENCE_EDITOR='sed -i "2s/pick/edit/"' git rebase -q -i HEAD~3 2> /dev/null; echo amid > amid; git add amid; echo more >> amid
            cd "$C/platform"
            git submodule update -q --init --recursive
            first=$(git submodule status | awk '{ print $2 }' | head -n 1); echo dirty > "$first/dirty"
            git -C "$first" checkout -q -b mine; git -C "$first" add dirty; git -C "$first" commit -qm 'in a submodule'; echo more >> "$first/dirty"
            cd "$A"
            mkdir -p node_modules/a .venv/bin; echo x > node_modules/a/x; ln -s ../../node_modules .venv/bin/link; printf '#!/bin/sh\\necho ran\\n' > .venv/bin/run; chmod 755 .venv/bin/run
            echo mine > notes; echo uncommitted >> projects/web-app/docs/readme.md
            chmod 750 github
            cd "$S"
            """

        @Test(arguments: changes) func losesNothing(from: String, to: String) throws {
            try Sandbox.with(Self.repos) { box in
                try box.bash("""
                    create agent --engine \(from) > /dev/null
                    \(Self.mess)
                    git -C "$C/web" status > "$S/tmp/conflict"; grep -q 'Unmerged paths' "$S/tmp/conflict" || fail 'there is no conflict'
                    bash "$TOOLS/everything.sh" "$A" > "$S/before"
                    rwv -C "$W" workweave web-app engine agent \(to)
                    same_text 'engine' \(to) "$(rwv -C "$W" workweave web-app list --json | json_values engine)"
                    bash "$TOOLS/everything.sh" "$A" > "$S/after"
                    diff "$S/before" "$S/after" || fail 'it is not the same'
                    all_listed() { git -C "$(clone server)" worktree list --porcelain | found -xE "worktree $W/(.workweaves/agent|.rwv/workweaves/agent/checkout)/github/chatly/server"; }
                    all_listed || fail 'the clone does not know where it is'
                    down; up
                    diff "$S/before" <(bash "$TOOLS/everything.sh" "$A") || fail 'it is not the same after down and up'
                    # And it goes on: the merge, the rebase, the submodule, commits.
                    cd "$C/web"; git checkout -q --ours text/unix.lf; git add text/unix.lf; git commit -qm merged; git stash pop -q; [ -s data/stashed ] || fail 'the stash is lost'
                    cd "$C/util"; git add -A; git commit -qm amid; git rebase --continue > /dev/null 2>&1; same_text 'rebased' 'number 3' "$(git log -1 --format=%s)"
                    cd "$C/platform/$(git -C "$C/platform" submodule status | awk '{ print $2 }' | head -n 1)"; git commit -qam again; same_text 'submodule' 'again' "$(git log -1 --format=%s)"
                    cd "$C/server"; chmod 600 other; git add -A; git commit -qm all; git switch -q -c elsewhere HEAD~1; git switch -q -
                    cd "$S"; fsck_all
                    rm "$A/notes"
                    """, limit: 180)
            }
        }

        /// There and back again, through random changes; on the way an upper directory gets every mark that it can have.
        @Test(arguments: changes + (Machine.actsAsRoot ? [("fuse", "kernel"), ("kernel", "fuse")] : [])) func thereAndBack(first: String, second: String) throws {
            try Sandbox.with([.app, .links]) { box in
                let seed = Machine.seed
                print("RWV_SEED=\(seed)")
                try box.bash("""
                    create agent --engine \(first) > /dev/null; A=$W/.workweaves/agent
                    now=\(first)
                    for round in 1 2 3 4; do
                        /usr/bin/python3 "$TOOLS/random-ops.py" "$(view agent server)" $((\(seed) + round)) 120 > "$S/ops"
                        cd "$(view agent web)"; mv run "walk$round"; mkdir run; echo $round > run/new; rm -f dangling; mv deep "deep$round"; mv "deep$round" deep; ln -sf $round absolute; cd "$S"
                        bash "$TOOLS/everything.sh" "$A" > "$S/before"
                        [ $now = \(first) ] && now=\(second) || now=\(first)
                        rwv -C "$W" workweave web-app engine agent $now
                        same_text 'engine' $now "$(rwv -C "$W" workweave web-app list --json | json_values engine)"
                        diff "$S/before" <(bash "$TOOLS/everything.sh" "$A") || fail "seed \(seed), round $round: something else as $now"
                    done
                    down; up
                    diff "$S/before" <(bash "$TOOLS/everything.sh" "$A") || fail "seed \(seed): something else after down and up"
                    """, limit: 120)
            }
        }

        /// What nobody has touched takes no space in the upper directory, and a checkout is what git would have made.
        @Test(arguments: changes) func untouched(from: String, to: String) throws {
            try Sandbox.with([.app, .links]) { box in
                try box.bash("""
                    git -C "$(clone web)" config filter.rot.smudge 'tr a-z n-za-m'
                    git -C "$(clone web)" config filter.rot.clean 'tr a-z n-za-m'
                    create agent --engine \(from) > /dev/null
                    rwv -C "$W" workweave web-app engine agent \(to)
                    equals_native agent server; equals_native agent web; is_clean "$W/.workweaves/agent/projects/web-app"
                    upper=$W/.rwv/workweaves/agent/upper
                    if [ \(to) = checkout ]; then [ ! -e "$upper" ] || fail 'an upper directory is left'
                    else
                        [ ! -e "$upper/github" ] || fail "unchanged files lie in the upper: $(find "$upper/github")"
                        [ ! -e "$W/.rwv/workweaves/agent/checkout" ] || fail 'a checkout is left'
                    fi
                    # git has looked once, and need not again.
                    same_text 'files that differ by their times' '' "$(git -C "$(view agent server)" diff-files --name-only)"
                    delete agent
                    """)
            }
        }

        @Test func aReferenceStaysReadOnly() throws {
            try Sandbox.with([.app, .util]) { box in
                try box.bash("""
                    sed -i '/chatly.util:/,$ s/role: primary/role: reference/' "$W/projects/web-app/rwv.yaml"
                    create agent --engine fuse > /dev/null
                    ! : > "$(view agent util)/new" || fail 'a reference was written to'
                    rwv -C "$W" workweave web-app engine agent checkout
                    diff -r --no-dereference --exclude=.git "$(clone util)" "$(view agent util)"; is_clean "$(view agent util)"
                    same_text 'who may write' '' "$(find "$(view agent util)" ! -type l -perm /222)"
                    same_text 'files that differ by their times' '' "$(git -C "$(view agent util)" diff-files --name-only)"
                    refuses_git() { ! git -C "$(view agent util)" commit --allow-empty -qm no 2> /dev/null || fail 'a reference was committed to'; }
                    refuses_git
                    # On an ordinary disk nothing keeps a user from changing his own files; then no other engine can have them.
                    chmod u+w "$(view agent util)"; echo mine > "$(view agent util)/mine"
                    refuses -C "$W" workweave web-app engine agent fuse; says reference; says github/chatly/util
                    same_text 'still there' mine "$(cat "$(view agent util)/mine")"
                    # What it cannot have it has closed again.
                    chmod u+w "$(view agent util)"; rm "$(view agent util)/mine"
                    rwv -C "$W" workweave web-app engine agent fuse
                    equals_native agent util; refuses_git
                    ! : > "$(view agent util)/new" || fail 'a reference was written to'
                    """)
            }
        }

        /// Repos that joined after it was made, also in pieces while an overlay is mounted.
        @Test(arguments: changes) func afterASync(from: String, to: String) throws {
            try Sandbox.with([.app]) { box in
                try box.bash("""
                    create agent --engine \(from) > /dev/null; A=$W/.workweaves/agent
                    git clone -q "$S/origins/server.git" "$W/github/chatly/late"
                    printf '  github/chatly/late:\\n    type: git\\n    url: file://%s\\n    version: main\\n    role: primary\\n' "$S/origins/server.git" >> "$A/projects/web-app/rwv.yaml"
                    rwv -C "$W" workweave web-app sync agent | found -xF 'added: github/chatly/late'
                    echo mine > "$A/github/chatly/late/mine"; rm "$A/github/chatly/late/README.md"
                    bash "$TOOLS/everything.sh" "$A" > "$S/before"
                    for engine in \(to) \(from); do
                        rwv -C "$W" workweave web-app engine agent $engine
                        diff "$S/before" <(bash "$TOOLS/everything.sh" "$A") || fail "it is not the same as $engine"
                    done
                    delete --force agent
                    """)
            }
        }

        @Test(arguments: changes) func inUse(from: String, to: String) throws {
            try Sandbox.with([.app]) { box in
                try box.bash("""
                    create agent --engine \(from) > /dev/null
                    echo mine > "$(view agent server)/mine"
                    exec 5< "$(view agent server)/mine"
                    refuses -C "$W" workweave web-app engine agent \(to); says "process $$"
                    exec 5<&-
                    cd "$(view agent server)"
                    refuses -C "$W" workweave web-app engine agent \(to); says "process $$"
                    same_text 'still there' mine "$(cat mine)"; echo more >> mine
                    cd "$S"
                    rwv -C "$W" workweave web-app engine agent \(to)
                    same_text 'all of it' 'mine more' "$(tr '\\n' ' ' < "$(view agent server)/mine" | sed 's/ $//')"
                    rm "$(view agent server)/mine"
                    """)
            }
        }

        /// kill -9 of the server at any moment: it is the one or the other, and nothing is lost.
        @Test(arguments: changes) func killed(from: String, to: String) throws {
            try Sandbox.with([.app, .links]) { box in
                print("RWV_SEED=\(Machine.seed)")
                try box.bash("""
                    RANDOM=\(Machine.seed)
                    create agent --engine \(from) > /dev/null; A=$W/.workweaves/agent
                    /usr/bin/python3 "$TOOLS/random-ops.py" "$(view agent server)" \(Machine.seed) 200 > "$S/ops"
                    echo mine > "$A/mine"; git -C "$(view agent web)" mv bin/hello bin/bye
                    bash "$TOOLS/everything.sh" "$A" > "$S/before"
                    now=\(from); up
                    for round in $(seq \(Machine.kills)); do
                        [ $now = \(from) ] && next=\(to) || next=\(from)
                        pid=$(cat "$W/.rwv/run/server.pid")
                        rwv -C "$W" workweave web-app engine agent $next > "$S/tmp/out" 2>&1 & changing=$!
                        read -rt "0.$(printf %03d $((RANDOM % 400)))" <> <(:) || true
                        kill -9 "$pid" 2> /dev/null || true
                        wait $changing || true
                        up
                        now=$(rwv -C "$W" workweave web-app list --json | json_values engine)
                        case $now in \(from)|\(to)) ;; *) fail "it has the engine '$now'" ;; esac
                        diff "$S/before" <(bash "$TOOLS/everything.sh" "$A") || fail "round $round: killed on the way to $next, it is $now and not the same"
                        [ ! -e "$W/.rwv/workweaves/agent/journal.json" ] || fail 'a journal is left'
                        case $now in
                        checkout) [ ! -e "$W/.rwv/workweaves/agent/upper" ] || fail 'both forms are there' ;;
                        *) [ ! -e "$W/.rwv/workweaves/agent/checkout" ] && [ ! -e "$W/.rwv/workweaves/agent/checkout.taken" ] || fail 'both forms are there' ;;
                        esac
                    done
                    rm "$A/mine"; fsck_all
                    """, limit: 60 + 10 * Machine.kills)
            }
        }

        /// A full disk refuses, or it is done; nothing is lost either way.
        @Test(arguments: [("fuse", "checkout", 0), ("fuse", "checkout", 64), ("fuse", "checkout", 256), ("checkout", "fuse", 0), ("checkout", "fuse", 24), ("checkout", "fuse", 96)])
        func fullDisk(from: String, to: String, kibibytes: Int) throws {
            try Sandbox.with([.app, .links]) { box in
                try box.onDisk("truncate -s 24M disk.img; mkfs.ext4 -q -m 0 disk.img; mount -o loop disk.img w", """
                    create agent --engine \(from) > /dev/null; A=$W/.workweaves/agent
                    /usr/bin/python3 "$TOOLS/random-ops.py" "$(view agent server)" \(Machine.seed) 200 > "$S/ops"
                    bash "$TOOLS/everything.sh" "$A" > "$S/before"
                    head -c \(kibibytes)k /dev/zero > "$W/ballast"
                    head -c 1G /dev/zero > "$W/filler" 2>/dev/null || true
                    sync "$W/filler"; rm "$W/ballast"
                    status=0; rwv -C "$W" workweave web-app engine agent \(to) > "$S/tmp/out" 2> "$S/tmp/err" || status=$?
                    diff "$S/before" <(bash "$TOOLS/everything.sh" "$A") || fail 'it is not the same'
                    [ $status -eq 0 ] || says 'space\\|write'
                    rm "$W/filler"
                    rwv -C "$W" workweave web-app engine agent \(to)
                    diff "$S/before" <(bash "$TOOLS/everything.sh" "$A") || fail 'it is not the same'
                    down
                    """)
            }
        }

        /// A weave that comes to a machine without FUSE: its workweaves can be had as checkouts.
        @Test func withoutFuse() throws {
            try Sandbox.with([.app]) { box in
                try box.bash("""
                    create agent --engine fuse > /dev/null
                    /usr/bin/python3 "$TOOLS/random-ops.py" "$(view agent server)" \(Machine.seed) 100 > "$S/ops"
                    bash "$TOOLS/everything.sh" "$W/.workweaves/agent" > "$S/before"
                    down
                    """)
                try box.inNamespace("mount --bind /dev/null /dev/fuse", """
                    refuses -C "$W" workweave web-app engine agent fuse
                    rwv -C "$W" workweave web-app engine agent checkout
                    diff "$S/before" <(bash "$TOOLS/everything.sh" "$W/.workweaves/agent") || fail 'it is not the same'
                    # Without a server commands wait for one another.
                    pids=(); for i in 1 2 3 4; do rwv -C "$W" workweave web-app create "more-$i" --engine checkout > /dev/null & pids+=($!); done
                    for pid in "${pids[@]}"; do wait "$pid" || fail 'one of four creates at once'; done
                    for i in 1 2 3 4; do equals_native "more-$i" server; rwv -C "$W" workweave web-app delete "more-$i"; done
                    """)
                try box.bash("""
                    up
                    rwv -C "$W" workweave web-app engine agent fuse
                    diff "$S/before" <(bash "$TOOLS/everything.sh" "$W/.workweaves/agent") || fail 'it is not the same as fuse again'
                    """)
            }
        }
    }
}
