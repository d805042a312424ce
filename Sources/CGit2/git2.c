// The functions of libgit2 that this program calls, each loading the library when it is called for the first time.
//
// libgit2 brings some fifteen libraries of its own (TLS, Kerberos, SSH). Linked in the ordinary way they would all be loaded
// and relocated at every start, which takes twice as long as the rest of a command that never looks into a repository.
// A function that is missing here does not link: add its line. The compiler compares each line with git2.h.
#include "shim.h"
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

// The interface that git2.h, which this was compiled with, belongs to.
#define LIBRARY "libgit2.so." LIBGIT2_SOVERSION

static void *library;
static char load_error[256];

static void load(void) {
    library = dlopen(LIBRARY, RTLD_LAZY | RTLD_LOCAL);
    if (!library) snprintf(load_error, sizeof load_error, "%s", dlerror());
}

const char *rwv_git_load_error(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load);
    return library ? NULL : load_error;
}

// As the dynamic linker does for a symbol that is not there: says so and ends the program. Callers ask rwv_git_load_error first.
static void *symbol(const char *name) {
    void *found = rwv_git_load_error() ? NULL : dlsym(library, name);
    if (found) return found;
    fprintf(stderr, "rwv: " LIBRARY ": cannot find %s\n", name);
    exit(127);
}

#define REAL(name)                                                          \
    static __typeof__(name) *known;                                         \
    __typeof__(name) *real = __atomic_load_n(&known, __ATOMIC_RELAXED);     \
    if (!real) __atomic_store_n(&known, real = symbol(#name), __ATOMIC_RELAXED)

#define CALL(result, name, parameters, arguments) \
    result name parameters {                      \
        REAL(name);                               \
        return real arguments;                    \
    }

int rwv_git_allow_extensions(void) {
    REAL(git_libgit2_opts);
    const char *names[] = {"noop", "worktreeconfig", "partialclone", "relativeworktrees", "preciousobjects"};
    return real(GIT_OPT_SET_EXTENSIONS, names, sizeof names / sizeof *names);
}

int rwv_git_set_strict_hash(int on) {
    REAL(git_libgit2_opts);
    return real(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, on);
}

int rwv_git_set_owner_check(int on) {
    REAL(git_libgit2_opts);
    return real(GIT_OPT_SET_OWNER_VALIDATION, on);
}

CALL(int, git_branch_upstream_name, (git_buf *out, git_repository *repo, const char *refname), (out, repo, refname))
CALL(void, git_buf_dispose, (git_buf *buffer), (buffer))
CALL(void, git_commit_free, (git_commit *commit), (commit))
CALL(int, git_commit_lookup, (git_commit **commit, git_repository *repo, const git_oid *id), (commit, repo, id))
CALL(const git_oid *, git_commit_parent_id, (const git_commit *commit, unsigned int n), (commit, n))
CALL(unsigned int, git_commit_parentcount, (const git_commit *commit), (commit))
CALL(const char *, git_commit_summary, (git_commit *commit), (commit))
CALL(git_time_t, git_commit_time, (const git_commit *commit), (commit))
CALL(const git_oid *, git_commit_tree_id, (const git_commit *commit), (commit))
CALL(int, git_config_add_file_ondisk, (git_config *cfg, const char *path, git_config_level_t level, const git_repository *repo, int force),
     (cfg, path, level, repo, force))
CALL(int, git_config_delete_multivar, (git_config *cfg, const char *name, const char *regexp), (cfg, name, regexp))
CALL(void, git_config_free, (git_config *cfg), (cfg))
CALL(int, git_config_get_bool, (int *out, const git_config *cfg, const char *name), (out, cfg, name))
CALL(int, git_config_get_string_buf, (git_buf *out, const git_config *cfg, const char *name), (out, cfg, name))
CALL(void, git_config_iterator_free, (git_config_iterator *iter), (iter))
CALL(int, git_config_iterator_new, (git_config_iterator **out, const git_config *cfg), (out, cfg))
CALL(int, git_config_new, (git_config **out), (out))
CALL(int, git_config_next, (git_config_entry **entry, git_config_iterator *iter), (entry, iter))
CALL(int, git_config_open_ondisk, (git_config **out, const char *path), (out, path))
CALL(const git_error *, git_error_last, (void), ())
CALL(int, git_graph_ahead_behind, (size_t *ahead, size_t *behind, git_repository *repo, const git_oid *local, const git_oid *upstream),
     (ahead, behind, repo, local, upstream))
CALL(size_t, git_index_entrycount, (const git_index *index), (index))
CALL(void, git_index_free, (git_index *index), (index))
CALL(const git_index_entry *, git_index_get_byindex, (git_index *index, size_t n), (index, n))
CALL(int, git_libgit2_init, (void), ())
CALL(void, git_object_free, (git_object *object), (object))
CALL(const git_oid *, git_object_id, (const git_object *obj), (obj))
CALL(int, git_object_peel, (git_object **peeled, const git_object *object, git_object_t target_type), (peeled, object, target_type))
CALL(int, git_odb_exists_ext, (git_odb *db, const git_oid *id, unsigned int flags), (db, id, flags))
CALL(void, git_odb_free, (git_odb *db), (db))
CALL(int, git_odb_hash, (git_oid *out, const void *data, size_t len, git_object_t type), (out, data, len, type))
CALL(const void *, git_odb_object_data, (git_odb_object *object), (object))
CALL(void, git_odb_object_free, (git_odb_object *object), (object))
CALL(size_t, git_odb_object_size, (git_odb_object *object), (object))
CALL(git_object_t, git_odb_object_type, (git_odb_object *object), (object))
CALL(int, git_odb_read, (git_odb_object **out, git_odb *db, const git_oid *id), (out, db, id))
CALL(int, git_odb_read_header, (size_t *len_out, git_object_t *type_out, git_odb *db, const git_oid *id), (len_out, type_out, db, id))
CALL(int, git_odb_refresh, (struct git_odb *db), (db))
CALL(int, git_oid_fromraw, (git_oid *out, const unsigned char *raw), (out, raw))
CALL(int, git_reference_create_matching, (git_reference **out, git_repository *repo, const char *name, const git_oid *id, int force, const git_oid *current_id, const char *log_message),
     (out, repo, name, id, force, current_id, log_message))
CALL(int, git_reference_delete, (git_reference *ref), (ref))
CALL(void, git_reference_free, (git_reference *ref), (ref))
CALL(void, git_reference_iterator_free, (git_reference_iterator *iter), (iter))
CALL(int, git_reference_iterator_glob_new, (git_reference_iterator **out, git_repository *repo, const char *glob), (out, repo, glob))
CALL(int, git_reference_lookup, (git_reference **out, git_repository *repo, const char *name), (out, repo, name))
CALL(const char *, git_reference_name, (const git_reference *ref), (ref))
CALL(int, git_reference_name_to_id, (git_oid *out, git_repository *repo, const char *name), (out, repo, name))
CALL(int, git_reference_next, (git_reference **out, git_reference_iterator *iter), (out, iter))
CALL(const char *, git_reference_symbolic_target, (const git_reference *ref), (ref))
CALL(const git_oid *, git_reference_target, (const git_reference *ref), (ref))
CALL(const git_oid *, git_reference_target_peel, (const git_reference *ref), (ref))
CALL(const char *, git_repository_commondir, (const git_repository *repo), (repo))
CALL(int, git_repository_config, (git_config **out, git_repository *repo), (out, repo))
CALL(void, git_repository_free, (git_repository *repo), (repo))
CALL(int, git_repository_index, (git_index **out, git_repository *repo), (out, repo))
CALL(int, git_repository_is_bare, (const git_repository *repo), (repo))
CALL(int, git_repository_is_shallow, (git_repository *repo), (repo))
CALL(int, git_repository_is_worktree, (const git_repository *repo), (repo))
CALL(int, git_repository_odb, (git_odb **out, git_repository *repo), (out, repo))
CALL(int, git_repository_open_bare, (git_repository **out, const char *bare_path), (out, bare_path))
CALL(int, git_repository_open_ext, (git_repository **out, const char *path, unsigned int flags, const char *ceiling_dirs),
     (out, path, flags, ceiling_dirs))
CALL(const char *, git_repository_path, (const git_repository *repo), (repo))
CALL(int, git_repository_state, (git_repository *repo), (repo))
CALL(const char *, git_repository_workdir, (const git_repository *repo), (repo))
CALL(int, git_revparse_single, (git_object **out, git_repository *repo, const char *spec), (out, repo, spec))
CALL(void, git_revwalk_free, (git_revwalk *walk), (walk))
CALL(int, git_revwalk_hide, (git_revwalk *walk, const git_oid *commit_id), (walk, commit_id))
CALL(int, git_revwalk_new, (git_revwalk **out, git_repository *repo), (out, repo))
CALL(int, git_revwalk_next, (git_oid *out, git_revwalk *walk), (out, walk))
CALL(int, git_revwalk_push, (git_revwalk *walk, const git_oid *id), (walk, id))
CALL(int, git_revwalk_sorting, (git_revwalk *walk, unsigned int sort_mode), (walk, sort_mode))
CALL(int, git_signature_default, (git_signature **out, git_repository *repo), (out, repo))
CALL(void, git_signature_free, (git_signature *sig), (sig))
CALL(size_t, git_status_list_entrycount, (git_status_list *statuslist), (statuslist))
CALL(void, git_status_list_free, (git_status_list *statuslist), (statuslist))
CALL(int, git_status_list_new, (git_status_list **out, git_repository *repo, const git_status_options *opts), (out, repo, opts))
CALL(int, git_status_options_init, (git_status_options *opts, unsigned int version), (opts, version))
CALL(void, git_tag_free, (git_tag *tag), (tag))
CALL(int, git_tag_lookup, (git_tag **out, git_repository *repo, const git_oid *id), (out, repo, id))
CALL(const git_oid *, git_tag_target_id, (const git_tag *tag), (tag))
CALL(int, git_tree_entry_bypath, (git_tree_entry **out, const git_tree *root, const char *path), (out, root, path))
CALL(git_filemode_t, git_tree_entry_filemode, (const git_tree_entry *entry), (entry))
CALL(void, git_tree_entry_free, (git_tree_entry *entry), (entry))
CALL(const git_oid *, git_tree_entry_id, (const git_tree_entry *entry), (entry))
CALL(void, git_tree_free, (git_tree *tree), (tree))
CALL(int, git_tree_lookup, (git_tree **out, git_repository *repo, const git_oid *id), (out, repo, id))
