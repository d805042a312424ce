internal import Testing

extension EndToEnd {
    /// The same commands in a view and in a worktree that git checked out: same answers, same trees, same files.
    @Suite struct GitInside {
        @Test(arguments: ["edits", "renames", "stash", "switching", "rebase", "merge", "bisect", "cleaning", "collecting", "sparse"])
        func sameAsInANativeWorktree(chapter: String) throws {
            try Sandbox.with([.app]) { box in try compare(box, "server", chapter) }
        }

        @Test(arguments: ["edits", "renames", "stash", "cleaning"])
        func sameWithAttributesAndLinks(chapter: String) throws {
            try Sandbox.with([.links]) { box in try compare(box, "web", chapter) }
        }

        @Test func sameWithSubmodules() throws {
            try Sandbox.with([.submodules]) { box in try compare(box, "platform", "submodules") }
        }

        @Test func sameInTheLargeOne() throws {
            try Sandbox.with([.large]) { box in try compare(box, "large", "large") }
        }

        @Test func historyOfARealRepository() throws {
            try Sandbox.with([.libfuse]) { box in try compare(box, "libfuse", "history") }
        }

        /// The neighbours see nothing of it.
        @Test func isolation() throws {
            try Sandbox.with([.app, .links]) { box in
                try box.bash("""
                    create one; create two
                    cd "$(view one server)"
                    echo changed > README.md; rm -r src; git add -A; git commit -qm 'in one'
                    is_clean "$(clone server)"
                    equals_native two server
                    same_text 'branch of the clone' main "$(git -C "$(clone server)" branch --show-current)"
                    same_text 'the commit is in the clone at once' 'in one' "$(git -C "$(clone server)" log -1 --format=%s one/main)"
                    """)
            }
        }

        private func compare(_ box: Sandbox, _ repo: String, _ chapter: String) throws {
            try box.bash("""
                # A second clone, so that the native worktree may have branches of the same names.
                git clone -q "$S/origins/\(repo).git" "$S/native/clone"
                git -C "$S/native/clone" remote set-url origin "file://$S/origins/\(repo).git"
                branch=$(git -C "$(clone \(repo))" branch --show-current)
                git -C "$S/native/clone" worktree add -q -b "agent/$branch" "$S/native/tree"
                create agent
                bash "$TOOLS/git-script.sh" \(chapter) "$S/native/tree" "$S/native/clone" > "$S/native.report" 2>&1 || fail "native: $(tail -n 30 "$S/native.report")"
                bash "$TOOLS/git-script.sh" \(chapter) "$(view agent \(repo))" "$(clone \(repo))" > "$S/view.report" 2>&1 || fail "view: $(tail -n 30 "$S/view.report")"
                diff "$S/native.report" "$S/view.report" || fail 'the view answers otherwise than a native worktree'
                diff -r --no-dereference --exclude=.git "$S/native/tree" "$(view agent \(repo))" || fail 'files differ at the end'
                diff <(listing "$S/native/tree") <(listing "$(view agent \(repo))") || fail 'modes differ at the end'
                down; up
                diff -r --no-dereference --exclude=.git "$S/native/tree" "$(view agent \(repo))" || fail 'files differ after down and up'
                same_text 'status after down and up' "$(git -C "$S/native/tree" status --porcelain)" "$(git -C "$(view agent \(repo))" status --porcelain)"
                fsck_all
                """, limit: 240)
        }
    }
}
