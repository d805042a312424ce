// libgit2, with stand-ins for its variadic options call, which Swift cannot import.
#pragma once
#include <git2.h>

/// GIT_OPT_SET_EXTENSIONS: the repository extensions that we understand beyond libgit2 1.5's own. All of them
/// concern how git works on a repository, not how its objects and refs are read.
static inline int rwv_git_allow_extensions(void) {
    const char *names[] = {"noop", "worktreeconfig", "partialclone", "relativeworktrees", "preciousobjects"};
    return git_libgit2_opts(GIT_OPT_SET_EXTENSIONS, names, sizeof names / sizeof *names);
}
static inline int rwv_git_set_strict_hash(int on) {
    return git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, on);
}
