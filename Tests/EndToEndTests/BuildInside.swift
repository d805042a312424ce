internal import Testing

extension EndToEnd {
    /// A workweave holds a build.
    @Suite struct BuildInside {
        @Test func configureAndMake() throws {
            try Sandbox.with([.build]) { box in
                try box.bash("""
                    create agent
                    native build HEAD "$S/native/build"
                    for place in "$S/native/build" "$(view agent build)"; do
                        cd "$place"
                        ./configure && make -j2 > "$S/tmp/make" 2>&1 || fail "make in $place: $(tail "$S/tmp/make")"
                        same_text 'second make' "make: 'program' is up to date." "$(make)"
                    done
                    same_text 'the program says' "$("$S/native/build/program")" "$("$(view agent build)/program")"
                    for object in "$S"/native/build/*.o; do cmp "$object" "$(view agent build)/$(basename "$object")"; done
                    cd "$(view agent build)"
                    same_text 'status' '' "$(git status --porcelain)"
                    # One change rebuilds what hangs on it, and only that.
                    echo '/* newer */' >> src/part7.c
                    same_text 'rebuilt' 'part7.o' "$(make | sed -n 's/.* -c .* -o //p')"
                    echo '/* newer */' >> src/all.h
                    same_text 'rebuilt' 41 "$(make | grep -c ' -c ')"
                    cd /; down; up; cd "$(view agent build)"
                    same_text 'make after down and up' "make: 'program' is up to date." "$(make)"
                    # Moving to another commit touches only what it changed.
                    git add -A; git commit -qm newer; git checkout -q HEAD~1; make > /dev/null; git checkout -q -; make > /dev/null
                    git clean -fdxq; is_clean .
                    git worktree remove --force "$S/native/build"
                    """, limit: 240)
            }
        }

        /// A file system in user space, built in a file system in user space.
        @Test func realProject() throws {
            try Sandbox.with([.bindfs, .build]) { box in
                try box.bash("""
                    create agent
                    cd "$(view agent bindfs)"
                    if [ ! -e src/bindfs.c ]; then # the real one is not on this machine
                        cd "$(view agent build)"; ./configure; make > /dev/null; ./program > /dev/null; exit
                    fi
                    mkdir out
                    cat > out/config.h <<'C'
                    #define HAVE_FUSE_3 1
                    #define HAVE_FDATASYNC 1
                    #define HAVE_LUTIMES 1
                    #define HAVE_UTIMENSAT 1
                    #define HAVE_SYS_FILE_H 1
                    #define HAVE_SYS_STAT_H 1
                    #define HAVE_SYS_TYPES_H 1
                    #define PACKAGE_STRING "bindfs view"
                    C
                    printf 'objects = $(patsubst src/%%.c,out/%%.o,$(wildcard src/*.c))\\nout/bindfs: $(objects)\\n\\tcc -o $@ $^ $(LIBS)\\nout/%%.o: src/%%.c\\n\\tcc $(FLAGS) -MMD -c $< -o $@\\n-include $(objects:.o=.d)\\n' > out/Makefile
                    make -j2 -f out/Makefile FLAGS="-O1 -DHAVE_CONFIG_H -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -DFUSE_USE_VERSION=34 -Iout -I. $(pkg-config --cflags fuse3)" LIBS="$(pkg-config --libs fuse3) -lpthread" \\
                        > "$S/tmp/make" 2>&1 || fail "$(tail -n 20 "$S/tmp/make")"
                    out/bindfs --version | found bindfs || fail 'the program does not run'
                    same_text 'second make' "make: 'out/bindfs' is up to date." "$(make -f out/Makefile)"
                    """, limit: 180)
            }
        }
    }
}
