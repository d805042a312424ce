#!/usr/bin/env bash
# Everything that one can see of a workweave, in files and in git: equal before and after its engine was changed.
# usage: everything.sh ROOT
. "$TOOLS/lib.sh"
root=$1
export GIT_OPTIONAL_LOCKS=0
# A submodule's `.git` file names a relative path, which depends on where it lies.
/usr/bin/python3 "$TOOLS/tree.py" "$root" | grep -v "/[.]git' "
cd "$root"
printf 'root: '; stat -c '%a' .
# Times of what git does not have: the others are the base's, or the user's.
find . -type f -newermt '2001-01-01' ! -newermt '2001-12-31' -printf 'time of %p %Ts\n' | sort
find . -type f -links +1 -printf 'links of %p %n\n' | sort
find . -name .git -type f | sort | while read -r file; do
    repo=${file%/.git}
    printf -- '--- %s\n' "$repo"
    git -C "$repo" status --porcelain=v2 --branch --show-stash --ignored --untracked-files=all | sed 's/^# branch.ab.*//'
    git -C "$repo" diff --submodule=short; git -C "$repo" diff --cached
    git -C "$repo" ls-files --stage -v
    git -C "$repo" stash list; git -C "$repo" stash show -p 2> /dev/null || true
    git -C "$repo" rev-parse HEAD; git -C "$repo" symbolic-ref -q HEAD || echo detached
    git -C "$repo" status | head -20
    git -C "$repo" submodule status 2>&1 | head -20
    git -C "$repo" rev-parse --git-path x --show-superproject-working-tree > /dev/null
    printf 'locked: '; cat "$(git -C "$repo" rev-parse --git-dir)/locked" 2> /dev/null || echo
done
