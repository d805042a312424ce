// libgit2, loaded at its first use (git2.c), with stand-ins for its variadic options call, which Swift cannot import.
#pragma once
#include <git2.h>

/// Why the library could not be loaded; null when it could.
const char *rwv_git_load_error(void);

/// GIT_OPT_SET_EXTENSIONS: the repository extensions that we understand beyond libgit2 1.5's own. All of them
/// concern how git works on a repository, not how its objects and refs are read.
int rwv_git_allow_extensions(void);

/// GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION.
int rwv_git_set_strict_hash(int on);

/// GIT_OPT_SET_OWNER_VALIDATION: whether repositories of other users are refused. For the whole process.
int rwv_git_set_owner_check(int on);
