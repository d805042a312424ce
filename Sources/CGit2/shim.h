// libgit2, with stand-ins for its variadic options call, which Swift cannot import.
#pragma once
#include <git2.h>
#include <git2/sys/errors.h>
#include <git2/sys/repository.h>
#include <git2/sys/refs.h>

static inline int rwv_git_set_extensions(const char **names, size_t count) {
    return git_libgit2_opts(GIT_OPT_SET_EXTENSIONS, names, count);
}
static inline int rwv_git_set_strict_hash(int on) {
    return git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, on);
}
