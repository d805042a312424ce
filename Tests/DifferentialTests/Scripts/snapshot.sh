# Prints what a program left behind in a weave: files and links (but .git and .rwv), contents outside of clones, state of every repository.
# usage: bash snapshot.sh WEAVE
cd "$1" || exit 1
find . -name .git -prune -o -path ./.rwv -prune -o -type l -printf '%p -> %l\n' -o -type f -printf '%p %m\n' -o -type d -empty -printf '%p/\n' | sort
find . -name .git -prune -o -path ./.rwv -prune -o -path './github/*' -prune -o -type f -print | sort | while read -r file; do
    echo "=== $file"
    cat "$file"
done
find . -path ./.rwv -prune -o -name .git -prune -print | sort | while read -r found; do
    directory=${found%/.git}
    echo "=== git of $directory"
    git -C "$directory" symbolic-ref -q HEAD || echo detached
    git -C "$directory" rev-parse -q --verify HEAD
    git -C "$directory" for-each-ref --format='%(refname) %(objectname)'
    git -C "$directory" config --get-regexp '^(remote|branch)\.'
    git -C "$directory" status --porcelain
done
exit 0
