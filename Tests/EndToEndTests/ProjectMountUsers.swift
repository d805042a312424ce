internal import Testing

extension EndToEnd {
    /// Who may look into a mount: its user alone, root not either; with `--allow-other` everybody, as far as the files let him.
    @Suite struct ProjectMountUsers {
        /// As root, in a mount namespace of its own: another user, and what /etc/fuse.conf says.
        private static let setUp = """
            chmod 0755 "$S"; printf 'user_allow_other\\n' > tmp/conf; chmod a+r tmp/conf; [ -e /etc/fuse.conf ] || touch /etc/fuse.conf; mount --bind tmp/conf /etc/fuse.conf; chmod a+w tmp/conf

            """
        /// Run by root in the scenario's namespace.
        private static let others = """
            V=github/chatly/server
            nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }
            owner() { setpriv --reuid="$(stat -c %u w)" --regid="$(stat -c %g w)" --clear-groups env "TZ=UTC" "$@"; }
            denied() { "$@" > tmp/out 2> tmp/err && fail "it went through: $*"; says 'permission denied\\|not permitted'; }

            """

        @Test func othersAreLeftOut() throws {
            try Sandbox.with([.app]) { box in
                try box.inNamespace(Self.setUp + ". \"$TOOLS/lib.sh\"\n" + Self.others + """
                    mkdir m n; chown --reference=w m n
                    owner "$RWV" -C "$W" mount web-app "$S/m"; owner "$RWV" -C "$W" mount web-app "$S/n" --allow-other
                    for command in ls 'stat -c %a' 'cat .rwv-active' "cat $V/README.md" "touch $V/x"; do
                        for who in nobody root; do
                            [ $who = nobody ] || [ "$(stat -c %u w)" != 0 ] || continue
                            as() { if [ $who = nobody ]; then nobody "$@"; else "$@"; fi; }
                            denied as bash -c "cd '$S/m' && $command ."
                        done
                    done
                    same_text 'the owner' web-app "$(owner cat m/.rwv-active)"
                    for who in nobody env; do
                        same_text "$who" web-app "$($who cat n/.rwv-active)"; $who cat n/$V/README.md | cmp - w/$V/README.md
                        $who ls -lR n > tmp/out
                    done
                    # Others may what the modes say, and no more.
                    denied nobody touch n/$V/new; denied nobody bash -c "echo x >> n/$V/README.md"; denied nobody chmod 777 n/$V/README.md; denied nobody rm n/$V/README.md
                    denied nobody touch n/new; denied nobody bash -c "echo web-app > n/.rwv-active"
                    owner chmod 600 w/$V/README.md; until_true 2 bash -c "! setpriv --reuid=65534 --regid=65534 --clear-groups cat n/$V/README.md > /dev/null 2>&1"
                    owner chmod 644 w/$V/README.md; owner mkdir w/$V/open; owner chmod 1777 w/$V/open
                    until_true 2 nobody mkdir n/$V/open/theirs 2> tmp/err
                    # Only root can give files away: else it is the owner's, as on a disk that does not know users.
                    expected=65534; [ "$(stat -c %u w)" = 0 ] || expected=$(stat -c %u w)
                    same_text 'whose it is' "$expected $expected" "$(stat -c %u w/$V/open/theirs) $(stat -c %u n/$V/open/theirs)"
                    owner rm -rf w/$V/open
                    owner "$RWV" unmount "$S/m"; owner "$RWV" unmount "$S/n"
                    if [ "$(stat -c %u w)" != 0 ]; then
                        : > tmp/conf; s=0; owner "$RWV" -C "$W" mount web-app "$S/n" --allow-other > tmp/out 2> tmp/err || s=$?
                        same_text 'without user_allow_other' 1 $s; says user_allow_other
                        same_text 'mode' 755 "$(stat -c %a n)"; [ -z "$(ls "$W/.rwv/mounts" | grep json)" ] || fail 'it is registered'
                    fi
                    owner "$RWV" -C "$W" down
                    """, "true")
            }
        }
    }
}
