internal import Testing

extension EndToEnd {
    /// mount(8), umount(8), fstab(5) and systemd over our helpers, which are installed for the scenario's mount namespace alone.
    @Suite struct MountHelpers {
        /// As root: the helpers in what is /sbin here, a line of fstab, a directory of the weave's owner.
        private static let setUp = """
            . "$TOOLS/lib.sh"; cd "$S"
            mkdir sbin; cp -a /sbin/. sbin/
            '\(Machine.package)/mount-helpers/install' "$RWV" "$S/sbin" "$S/units"
            chmod -R a+rX sbin units; mount --bind sbin "$(realpath /sbin)"
            mkdir m; chown --reference=w m
            printf '%s\\n' "$W $S/m weavefs project=web-app,noauto,user,x-systemd.automount,_netdev 0 0" > fstab
            [ -e /etc/fstab ] || touch /etc/fstab
            chmod a+r fstab; mount --bind fstab /etc/fstab

            """
        private static let twoProjects = #"rwv -C "$W" init mobile-app 2> /dev/null; rwv -C "$W" activate web-app 2> /dev/null"#
        private static let options = #"options() { awk -v d="$S/m" '$5 == d { print $6 }' /proc/self/mountinfo; }"#

        @Test func lineOfFstab() throws {
            try Sandbox.with([.app]) { box in
                try box.bash(Self.twoProjects)
                try box.inNamespace(Self.setUp, Self.options + "\n" + """
                    cd "$S"; before=$(stat -c %a m)
                    mount "$S/m"
                    same_text 'project' web-app "$(cat m/.rwv-active)"; same_tree "$(clone server)" m/github/chatly/server
                    found nosuid <<< "$(options)" || fail "a user's mount without nosuid: $(options)"
                    echo x > m/github/chatly/server/through; same_text 'in the clone' x "$(cat "$(clone server)/through")"
                    umount "$S/m"
                    same_text 'mounts' workweaves "$(rwv -C "$W" mounts | cut -d' ' -f1)"
                    same_text 'mode of the directory' "$before" "$(stat -c %a m)"
                    # Again, and the other way.
                    mount m; rwv unmount m
                    mount m; rwv mount mobile-app m 2> "$S/tmp/err" && fail 'without a weave around'
                    rwv -C "$W" mount mobile-app "$S/m"; same_text 'project' mobile-app "$(cat m/.rwv-active)"
                    (cd m; umount "$S/m" 2> "$S/tmp/err") && fail 'unmounted while in use'; says 'in use'
                    (cd m; umount -l "$S/m"); [ -z "$(options)" ] || fail 'it is mounted still'
                    down
                    """)
            }
        }

        /// As root, in the weave of whoever owns it: nothing there is root's afterwards.
        @Test func byRoot() throws {
            try Sandbox.with([.app]) { box in
                try box.bash(Self.twoProjects)
                try box.inNamespace(Self.setUp + Self.options + "\n" + """
                    status() { local s=0; "$@" 2> tmp/err || s=$?; echo $s; }
                    look() { setpriv --reuid="$(stat -c %u w)" --regid="$(stat -c %g w)" --clear-groups "$@"; }
                    mount -t weavefs -o project=web-app "$W" "$S/m"
                    same_text 'project' web-app "$(look cat m/.rwv-active)"
                    mount -o remount,project=mobile-app "$S/m"
                    same_text 'after remount' mobile-app "$(look cat m/.rwv-active)"
                    same_text 'remount of another kind' 32 "$(status mount -o remount,ro,project=web-app "$S/m")"; says 'read-write'
                    same_text 'remount without a project' 1 "$(status sbin/mount.weavefs "$W" "$S/m" -o rw,remount)"; says 'project='
                    same_text 'still' mobile-app "$(look cat m/.rwv-active)"
                    mount -o remount "$S/m"; same_text 'by its line of fstab' web-app "$(look cat m/.rwv-active)"
                    umount "$S/m"
                    mount -t fuse.weavefs -r "weavefs#$W" "$S/m"
                    same_text 'the active project' web-app "$(look cat m/.rwv-active)"; found '^ro,' <<< "$(options)" || fail "not read-only: $(options)"
                    umount "$S/m"
                    same_text 'unknown project' 32 "$(status mount -t weavefs -o project=none "$W" "$S/m")"; says "'none'"
                    same_text 'unknown option' 1 "$(status mount -t weavefs -o project=web-app,fancy "$W" "$S/m")"; says fancy
                    mount -s -t weavefs -o project=web-app,fancy "$W" "$S/m"; umount "$S/m"
                    same_text 'no weave' 32 "$(status mount -t weavefs -o project=web-app "$S/tmp" "$S/m")"; says 'no weave'
                    mount -f -t weavefs -o project=web-app "$W" "$S/m"; [ -z "$(options)" ] || fail 'a fake mount is mounted'
                    sed "s/web-app/mobile-app/; s/user/user,ro,all/" fstab > other
                    mount -T other "$S/m"; same_text 'other fstab' mobile-app "$(look cat m/.rwv-active)"; [ -n "$(look ls m/github/chatly)" ] || fail 'not all clones'
                    umount "$S/m"
                    if [ "$(stat -c %u w)" != 0 ]; then
                        chown root m; same_text "root's directory" 32 "$(status mount "$S/m")"; says chown; chown --reference=w m
                    fi
                    "$RWV" -C "$W" down
                    same_text "of another than the weave's owner" '' "$(find w ! -uid "$(stat -c %u w)")"
                    """, "true")
            }
        }

        /// Over a mount whose server is gone, from a directory elsewhere, and with what is no project.
        @Test func deadAndRelative() throws {
            try Sandbox.with([.app]) { box in
                try box.bash(Self.twoProjects)
                try box.inNamespace(Self.setUp + Self.options + "\n" + """
                    status() { local s=0; "$@" 2> tmp/err || s=$?; echo $s; }
                    look() { setpriv --reuid="$(stat -c %u w)" --regid="$(stat -c %g w)" --clear-groups "$@"; }
                    strike() { kill -9 $(cat w/.rwv/run/keeper.pid w/.rwv/run/server.pid); until_true 5 bash -c '! ls m 2> /dev/null'; }
                    (cd "$S/tmp"; "$S/sbin/mount.weavefs" ../w ../m -o project=web-app); same_text 'relative' web-app "$(look cat m/.rwv-active)"
                    strike; mount -t weavefs -o project=web-app "$W" "$S/m"; same_text 'over a dead one' web-app "$(look cat m/.rwv-active)"
                    strike; mount -o remount,project=mobile-app "$S/m"; same_text 'remount of a dead one' mobile-app "$(look cat m/.rwv-active)"
                    strike; umount "$S/m"; [ -z "$(options)" ] || fail 'it is mounted still'
                    same_text 'an option for a project' 1 "$(status sbin/mount.weavefs "$W" "$S/m" -o project=--all)"; says "'project=--all' names no project"
                    same_text 'no project' 1 "$(status sbin/mount.weavefs "$W" "$S/m" -o project=)"; [ -z "$(options)" ] || fail 'it is mounted'
                    "$RWV" -C "$W" down
                    """, "true")
            }
        }

        /// x-systemd.automount: who touches the directory waits for the mount, and finds it.
        @Test func atFirstUse() throws {
            try Sandbox.with([.app]) { box in
                try box.bash(Self.twoProjects)
                try box.inNamespace(Self.setUp + """
                    owner="setpriv --reuid=$(stat -c %u w) --regid=$(stat -c %g w) --clear-groups"
                    automount() { /usr/bin/python3 "$TOOLS/automount.py" "$S/m" "$@"; }
                    # Whether a server runs already or not.
                    for round in 1 2; do
                        found=$(automount "$owner cat '$S/m/.rwv-active'" "mount -t weavefs -o project=web-app,nosuid,x-systemd.automount '$W' '$S/m'" \
                            "$owner sh -c 'echo $round > $S/m/github/chatly/server/used'; $owner '$RWV' -C '$S/m' activate mobile-app; $owner cat '$S/m/.rwv-active'; umount '$S/m'")
                        same_text 'read at first use, and after activate' "web-app mobile-app " "$(tr '\n' ' ' <<< "$found")"
                        same_text 'in the clone' $round "$(cat w/github/chatly/server/used)"
                        same_text 'mounts' workweaves "$($owner "$RWV" -C "$W" mounts | cut -d' ' -f1)"
                    done
                    ! automount "$owner cat '$S/m/.rwv-active'" "mount -t weavefs -o project=none '$W' '$S/m'" true 2> tmp/err || fail 'an unknown project is mounted'
                    says "'none'"
                    for left in /run/rwv-mount.*; do fail "$left is left"; done
                    $owner "$RWV" -C "$W" down
                    same_text "of another than the weave's owner" '' "$(find w ! -uid "$(stat -c %u w)")"
                    """, "true")
            }
        }

        @Test func unitsAreSound() throws {
            try Sandbox.with([.app]) { box in
                try box.inNamespace(Self.setUp + """
                    export XDG_RUNTIME_DIR=$S/run
                    systemd-analyze verify --user "$S/units/weavefs@.service" 2> tmp/err || fail "$(cat tmp/err)"
                    same_text 'said' '' "$(cat tmp/err)"
                    # The name of an instance is what systemd makes of the path.
                    unit=$(systemd-escape --path --template=weavefs@.service "$W"); cp "units/weavefs@.service" "units/$unit"
                    systemd-analyze verify --user "$S/units/$unit" 2> tmp/err || fail "$(cat tmp/err)"
                    """, "true")
            }
        }

        /// `up --foreground` under a service manager: tells when it serves, ends well on a signal and by `down`, says why it cannot serve.
        @Test func readiness() throws {
            try Sandbox.with([.app]) { box in
                try box.bash("""
                    create agent; down
                    manager() { /usr/bin/python3 "$TOOLS/notify.py" "$@"; }
                    # At READY=1 all is there.
                    manager "$S/tmp/n" 'test -d "$W/.workweaves/agent/github" && "$RWV" -C "$W" down' "$RWV" -C "$W" up --foreground
                    manager "@$S/tmp/n" 'test -d "$W/.workweaves/agent/github" && kill -TERM "$SERVICE"' "$RWV" -C "$W" up --foreground
                    [ -z "$(ls "$W/.workweaves")" ] || fail 'mounted still'
                    up
                    status=0; manager "$S/tmp/n" 'false' "$RWV" -C "$W" up --foreground 2> "$S/tmp/err" || status=$?
                    same_text 'exit code while it is served' 1 $status; says 'served already'
                    down; echo 7 > "$W/.rwv/format"
                    status=0; manager "$S/tmp/n" 'false' "$RWV" -C "$W" up --foreground 2> "$S/tmp/err" || status=$?
                    same_text 'exit code' 1 $status; says 'format'
                    echo 1 > "$W/.rwv/format"; mkdir "$S/other"
                    rmdir "$W/.workweaves"; echo > "$W/.workweaves"
                    status=0; manager "$S/tmp/n" 'false' "$RWV" -C "$W" up --foreground 2> "$S/tmp/err" || status=$?
                    same_text 'exit code' 1 $status; says 'in the way'
                    rm "$W/.workweaves"; delete agent
                    """)
            }
        }
    }
}
