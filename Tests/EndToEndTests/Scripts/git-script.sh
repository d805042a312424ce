#!/usr/bin/env bash
# One chapter of everyday git in the worktree TREE of the clone CLONE; after each step it reports status, tree id and files.
# The same commands with the same clock give the same report wherever they run.
# usage: git-script.sh CHAPTER TREE CLONE
set -euo pipefail
chapter=$1 tree=$2 clone=$3
cd "$tree"
clock=1700000000
tick() { clock=$((clock + 60)); export GIT_AUTHOR_DATE="$clock +0000" GIT_COMMITTER_DATE="$clock +0000"; }
export GIT_EDITOR=true GIT_SEQUENCE_EDITOR=true
tick

report() {
    echo "== $1"
    git status --porcelain --branch --ignored
    echo "head $(git rev-parse HEAD)"
    echo "index $(git write-tree 2>/dev/null || echo unmerged)"
    find . -mindepth 1 -name .git -prune -o -printf '%y %m %p %l\n' | LC_ALL=C sort | sha256sum
    find . -name .git -prune -o -type f -print0 | LC_ALL=C sort -z | xargs -0r sha256sum -b | sha256sum
}
# A step that may fail, in both places the same way.
may_fail() { "$@" > /dev/null 2>&1 && echo 'ended with 0' || echo "ended with $?"; }
quiet() { "$@" > /dev/null 2>&1; }
commit() { tick; git add -A; git commit -qm "$1"; report "$1"; }
some() { git ls-files | sed -n "$1p"; }
text() { git ls-files 'src/*' 'text/*' README.md | sed -n "$1p"; }

edits() {
    echo 'one more line' >> "$(text 1)"; report 'appended'
    printf 'x' | dd of="$(text 1)" conv=notrunc bs=1 count=1 status=none; report 'first byte overwritten'
    git diff --stat
    tick; git commit -qam 'edit'; report 'committed'
    local f; f=$(text 2)
    tr 'a-z0-9' 'b-za1-90' < "$f" > x.tmp && cat x.tmp > "$f" && rm x.tmp; report 'same size, other content'
    git checkout -q -- "$f"; report 'taken back'
    mkdir -p new/deep/er; echo 1 > new/deep/er/one; echo 2 > new/two; report 'untracked'
    git add new; report 'added'
    chmod +x new/two; report 'executable'
    commit 'new files'
    git rm -q "$(text 3)"; report 'rm'
    rm "$(text 3)"; report 'removed by hand'
    commit 'fewer'
    git reset -q --hard HEAD~2; report 'reset hard'
    git revert --no-edit HEAD > /dev/null; report 'revert'
    ln -s README.md link; ln -sf elsewhere link; commit 'a link'
    rm link; mkdir link; echo inside > link/file; commit 'a directory where a link was'
    rm -r link; echo flat > link; commit 'a file where a directory was'
    : > "$(text 1)"; report 'truncated'
    git stash -q; git stash drop -q; report 'stashed away'
    git cat-file -p HEAD^{tree}; git log --format='%H %s' -5
}

renames() {
    local f; f=$(text 1)
    git mv "$f" moved.txt; report 'mv of a file'
    local d; d=$(git ls-tree -d --name-only HEAD | head -1)
    git mv "$d" "other-$d"; report 'mv of a directory'
    commit 'moved'
    git diff -M --name-status HEAD~1
    mv "other-$d" again; report 'mv by hand'
    echo more > again/more; mkdir again/newdir; echo x > again/newdir/x
    mv again "$d"; report 'mv back'
    commit 'back, with more'
    git mv "$d" a; git mv a b; mkdir c; git mv b c/b; commit 'deeper'
    git mv c/b/"$(ls c/b | head -1)" top; commit 'out'
    rm -rf c; git checkout -q -- c; report 'removed and checked out'
    git mv -f moved.txt "$(some 2)"; report 'over another'
    git reset -q --hard HEAD~1; report 'reset'
    git checkout -q HEAD~1 -- . ; report 'older files in'
    git reset -q --hard; git clean -fdq; report 'clean again'
}

stash() {
    echo s1 >> "$(text 1)"; echo untracked > untracked; git rm -q "$(text 4)"; report 'before'
    tick; git stash push -q -u; report 'stashed with untracked'
    git stash list
    echo other >> "$(text 2)"; commit 'between'
    tick; git stash pop -q; report 'popped'
    tick; git stash push -q --keep-index -- "$(text 1)"; report 'one path'
    may_fail git stash apply; report 'applied'
    git stash drop -q; git reset -q --hard; git clean -fdq; report 'end'
}

switching() {
    git switch -q -c agent/feature origin/feature; report 'on feature'
    git switch -q -; report 'back'
    local n; for n in 5 12 1 20 0; do git checkout -q --detach "main~$n"; report "at main~$n"; done
    git switch -q agent/main; report 'on the branch'
    echo dirty >> README.md; may_fail git switch agent/feature; report 'with a change'
    git checkout -q -f agent/main; report 'forced'
    git checkout -q v1.0 -- src; report 'a directory of a tag'
    git restore -q --source=HEAD --staged --worktree .; report 'restored'
    may_fail git switch main; report 'main is checked out in the clone'
    git read-tree -m -u HEAD~3; report 'read-tree'
    git reset -q --hard; report 'end'
}

rebase() {
    echo mine > mine.txt; commit 'mine 1'
    echo mine >> docs/guide.md; echo still mine > mine.txt; commit 'mine 2'
    git switch -q -c agent/side HEAD~6; echo side > side.txt; commit 'side 1'; seq 5 > src/side.c; commit 'side 2'
    tick; quiet git rebase agent/main; report 'rebased'
    git log --format='%H %s' -4
    git switch -q -c agent/conflict HEAD~3; echo theirs > mine.txt; commit 'conflicting'
    tick; may_fail git rebase agent/side; report 'in conflict'
    git diff --name-only --diff-filter=U
    cat mine.txt
    git rebase --abort; report 'aborted'
    tick; may_fail git rebase agent/side; echo both > mine.txt; git add mine.txt; tick; quiet git rebase --continue; report 'resolved'
    tick; git rebase -q -i --autosquash HEAD~2; report 'interactive'
    git cherry-pick --allow-empty agent/main > /dev/null 2>&1 || git cherry-pick --abort; report 'picked'
    git log --format='%H %s' -6
}

merge() {
    echo ours > src/net/part1.txt; commit 'ours'
    tick; may_fail git merge -q origin/feature; report 'in conflict'
    git ls-files -u; cat src/net/part1.txt
    may_fail git merge --abort; report 'aborted'
    tick; may_fail git merge -q origin/feature
    git checkout -q --theirs src/net/part1.txt; git add -A; tick; git commit -qm merged; report 'resolved with theirs'
    git log --format='%H %P %s' -3
    git reset -q --hard HEAD~1; tick; git merge -q -X ours -m 'ours wins' origin/feature; report 'merged'
    git branch agent/octo1 HEAD~4; git switch -q agent/octo1; echo o > octo; commit octo; git switch -q agent/main
    tick; git merge -q -m 'octopus' agent/octo1; report 'again'
    tick; git merge -q --squash agent/octo1 || true; report 'squash'
}

bisect() {
    git bisect start -q HEAD v1.0 > /dev/null
    local n=0
    while [ $n -lt 8 ] && git bisect log > /dev/null 2>&1; do
        n=$((n + 1)); report "bisect $n"
        [ -e tests/test18.txt ] && result=$(git bisect bad) || result=$(git bisect good)
        echo "$result" | head -1
        case $result in *'is the first bad commit'*) break ;; esac
    done
    git bisect reset > /dev/null 2>&1; report 'reset'
}

cleaning() {
    mkdir -p junk/deep build; echo 1 > junk/deep/1; echo 2 > junk/2; echo o > build/o; echo l > some.log; echo e > .env
    echo changed >> "$(text 1)"; report 'dirty'
    git clean -ndx | sort
    git clean -fdq; report 'clean -fd'
    git clean -fdxq; report 'clean -fdx'
    git ls-files -z | xargs -0 rm -f; report 'all removed'
    git clean -fdxq; report 'and cleaned'
    git reset -q --hard; report 'reset'
    find . -mindepth 1 -maxdepth 1 ! -name .git -exec rm -rf {} +; report 'rm -rf of everything'
    git checkout -q -- .; report 'checked out'
    git status --porcelain
}

collecting() {
    echo a > a; commit 'a'; echo b > b; commit 'b'
    git reset -q --hard HEAD~2; echo c > c; commit 'c'
    (cd "$clone" && git reflog expire --expire=now --all && git gc -q --prune=now); report 'gc in the clone'
    (cd "$clone" && git worktree prune -v 2>&1); report 'prune in the clone'
    git gc -q --prune=now; report 'gc inside'
    (cd "$clone" && git repack -qadf && git pack-refs --all && git prune --expire=now); report 'repacked'
    git rebase -q HEAD~3 2> /dev/null; git fsck --no-dangling --no-progress; report 'end'
    git checkout -q HEAD~5; git checkout -q -; report 'there and back'
}

sparse() {
    git config core.sparseCheckoutCone true
    git sparse-checkout set src/net > /dev/null; report 'sparse'
    git sparse-checkout add docs; report 'more'
    git sparse-checkout disable; report 'all'
}

submodules() {
    report 'before'
    quiet git submodule update --init --recursive; report 'initialised'
    git submodule status
    cat modules/util/lib/util1.c
    cd modules/util; git switch -q -c work; echo '// more' >> lib/util1.c; tick; git commit -qam 'in the submodule'; cd "$tree"
    report 'with a newer submodule'
    git diff --submodule=short
    commit 'bumped'
    quiet git submodule update; report 'updated'
    git mv modules/util modules/renamed; report 'submodule moved'
    tick; git commit -qm 'moved'
    git -C modules/renamed status --porcelain
    quiet git checkout HEAD~3; report 'older'; git clean -ffdxq; report 'older, clean'
    quiet git checkout agent/main; quiet git submodule update --init; report 'newest'
    git rm -q -f deep/second; report 'one removed'
    git submodule foreach -q 'git log -1 --format=%H'
}

large() {
    local f
    git ls-files '*.c' | awk 'NR % 10 == 0 && NR < 3000' | while read -r f; do echo '/* touched */' >> "$f"; done; report 'many edits'
    commit 'many'
    git ls-files '*.c' | awk 'NR % 10 == 1 && NR < 2000' | xargs git rm -q; report 'many removed'
    git reset -q --hard; report 'reset'
    git ls-files '*.c' | awk 'NR % 10 == 2 && NR < 1000' | while read -r f; do mv "$f" "$f.moved"; done; commit 'many moved'
    git stash -q 2> /dev/null || true
    git grep -c e | sha256sum
    git archive HEAD | sha256sum
    git checkout -q HEAD~2; report 'back'; git switch -q -; report 'forth'
    rm -rf -- *; report 'rm -rf'; git checkout -q -- .; report 'restored'
}

history() {
    local branch; branch=$(git branch --show-current)
    git checkout -q --detach HEAD~15; report 'HEAD~15'
    git checkout -q "$branch"; report 'back'
    git log --format=%H -20 | sha256sum
    git blame -s "$(some 3)" | sha256sum
    git switch -q -c agent/topic HEAD~8; echo t > topic.txt; commit 'topic'
    tick; quiet git rebase "$branch"; report 'rebased'
    tick; git revert --no-edit -m 1 HEAD~1 > /dev/null 2>&1 || git revert --abort > /dev/null 2>&1 || true; report 'reverted'
    git diff --stat "$branch~10" | tail -1
}

"$chapter"
report 'the end'
