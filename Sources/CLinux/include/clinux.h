// What Glibc hides from Swift (O_PATH, statx, openat2, renameat2, xattrs, …), as plain functions.
// Every function returns a value >= 0, or a negated errno; EINTR is retried where the call may be restarted.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// The part of struct statx that we use. Times in seconds and nanoseconds; size and blocks as in stat(2).
struct rwv_stat {
    uint64_t ino, size, blocks;
    int64_t atime, mtime, ctime, btime;
    uint32_t atime_ns, mtime_ns, ctime_ns, btime_ns;
    uint32_t mode, nlink, uid, gid;
    /// `mount`: the id of the mount that it was looked at through, 0 before Linux 5.8.
    uint32_t rdev_major, rdev_minor, dev_major, dev_minor, blksize, mount;
};

/// The part of struct statvfs that FUSE asks for.
struct rwv_statfs {
    uint64_t blocks, bfree, bavail, files, ffree, type;
    uint32_t bsize, frsize, namelen, reserved;
};

#define RWV_NOW 0x3fffffffu   /* UTIME_NOW as nanoseconds */
#define RWV_OMIT 0x3ffffffeu  /* UTIME_OMIT as nanoseconds */

int rwv_openat(int dirfd, const char *path, int flags, unsigned mode);
int rwv_open_beneath(int dirfd, const char *path, int flags, unsigned mode, int same_mount);
int rwv_close(int fd);
int rwv_duplicate(int fd);
int rwv_statx(int dirfd, const char *path, int follow, struct rwv_stat *out);
/// Whether a file system is mounted at the path; -ENOTSUP before Linux 5.8.
int rwv_is_mount_point(const char *path);
int rwv_fstat(int fd, struct rwv_stat *out);
int rwv_fstatfs(int fd, struct rwv_statfs *out);
int64_t rwv_pread(int fd, void *buf, size_t n, int64_t off);
int64_t rwv_pwrite(int fd, const void *buf, size_t n, int64_t off);
int64_t rwv_append(int fd, const void *buf, size_t n);
int64_t rwv_read(int fd, void *buf, size_t n);
int64_t rwv_write(int fd, const void *buf, size_t n);
int rwv_mkdirat(int dirfd, const char *path, unsigned mode);
int rwv_mknodat(int dirfd, const char *path, unsigned mode, unsigned major, unsigned minor);
int rwv_unlinkat(int dirfd, const char *path, int rmdir);
int rwv_symlinkat(const char *target, int dirfd, const char *path);
int rwv_linkat(int olddir, const char *old, int newdir, const char *new_);
int rwv_link_descriptor(int fd, int newdir, const char *new_);
int64_t rwv_readlinkat(int dirfd, const char *path, char *buf, size_t n);
int rwv_renameat2(int olddir, const char *old, int newdir, const char *new_, unsigned flags);
int rwv_fchmodat(int dirfd, const char *path, unsigned mode);
int rwv_fchmod(int fd, unsigned mode);
int rwv_fchownat(int dirfd, const char *path, uint32_t uid, uint32_t gid);
int rwv_utimensat(int dirfd, const char *path, int64_t as, uint32_t ans, int64_t ms, uint32_t mns);
int rwv_futimens(int fd, int64_t as, uint32_t ans, int64_t ms, uint32_t mns);
int rwv_ftruncate(int fd, int64_t size);
int rwv_fallocate(int fd, int mode, int64_t off, int64_t len);
int64_t rwv_lseek(int fd, int64_t off, int whence);
int64_t rwv_copy_file_range(int in, int64_t inoff, int out, int64_t outoff, size_t n);
int rwv_ficlone(int out, int in);
int rwv_fsync(int fd, int dataonly);
int rwv_syncfs(int fd);

/// xattrs on (dirfd, path), never following a final link: through /proc/self/fd, so that any descriptor will do.
int64_t rwv_getxattrat(int dirfd, const char *path, const char *name, void *buf, size_t n);
int rwv_setxattrat(int dirfd, const char *path, const char *name, const void *buf, size_t n, int flags);
int rwv_removexattrat(int dirfd, const char *path, const char *name);
int64_t rwv_listxattrat(int dirfd, const char *path, char *buf, size_t n);
int64_t rwv_fgetxattr(int fd, const char *name, void *buf, size_t n);
int rwv_fsetxattr(int fd, const char *name, const void *buf, size_t n, int flags);

/// The same on a handle: a descriptor opened with O_PATH, of a file of any kind, which names that file wherever it moves.
int rwv_handle_open(int handle, int flags);
int rwv_handle_chmod(int handle, unsigned mode);
int rwv_handle_chown(int handle, uint32_t uid, uint32_t gid);
int rwv_handle_utimens(int handle, int64_t as, uint32_t ans, int64_t ms, uint32_t mns);
int64_t rwv_handle_getxattr(int handle, const char *name, void *buf, size_t n);
int rwv_handle_setxattr(int handle, const char *name, const void *buf, size_t n, int flags);
int rwv_handle_removexattr(int handle, const char *name);
int64_t rwv_handle_listxattr(int handle, char *buf, size_t n);

/// One directory record of getdents64; the name follows.
int64_t rwv_getdents(int fd, void *buf, size_t n);
#define RWV_DIRENT_RECLEN(p) (*(const uint16_t *)((const char *)(p) + 16))

int rwv_flock(int fd, int exclusive, int nonblocking);
int rwv_unlock(int fd);
/// A descriptor of our own for the open file that another process knows as `number` (pidfd_getfd(2)).
int rwv_copy_of(int pid, int number);
/// Whether `number` of a process is the very open file that `fd` of ours is (kcmp(2)): 0 or 1.
int rwv_is_same_open_file(int fd, int pid, int number);
/// A lock of the open file description (F_OFD_SETLK), not waited for: type 0 read, 1 write, 2 none; length 0: to the end.
int rwv_range_lock(int fd, int type, int64_t start, int64_t length);
/// The lock that would be in the way (F_OFD_GETLK); *type becomes 2 when none is. *pid: -1 for one of another description.
int rwv_range_test(int fd, int *type, int64_t *start, int64_t *length, int *pid);
int rwv_memfd(const char *name);
int rwv_pipe(int out[2]);
/// A pair whose messages keep their bounds (SOCK_SEQPACKET).
int rwv_packet_pair(int out[2]);
/// One message; with a descriptor when `passed` >= 0.
int rwv_send_packet(int fd, const void *buf, size_t n, int passed);
/// One message, 0 at the end. `*passed` is the descriptor that came with it, or -1. -EMSGSIZE when it was longer than `n`.
int64_t rwv_receive_packet(int fd, void *buf, size_t n, int *passed);
int rwv_listen_unix(const char *path, int backlog);
int rwv_connect_unix(const char *path);
/// One datagram to a unix(7) socket; `@` at the front of the address stands for the zero byte of an abstract one.
int rwv_send_datagram(const char *address, const void *buf, size_t n);
int rwv_accept(int fd);
int rwv_peer_uid(int fd, uint32_t *uid, int32_t *pid);
int rwv_set_nonblocking(int fd, int on);
int rwv_set_cloexec(int fd, int on);
int rwv_poll_in(int fd, int timeout_ms);
/// Whether a table of mounts has changed since it was opened, or since it was asked this (proc_pid_mountinfo(5)).
int rwv_poll_changed(int fd);
/// Bit 0: `a` can be read or has ended; bit 1: `b` (-1: none). 0 when time ran out.
int rwv_poll_in2(int a, int b, int timeout_ms);
int rwv_epoll_create(void);
int rwv_epoll_add_edge(int ep, int fd, uint64_t data);
int rwv_epoll_add_level(int ep, int fd, uint64_t data);
int rwv_epoll_del(int ep, int fd);
int rwv_epoll_wait(int ep, uint64_t *data, int timeout_ms);
/// An inotify(7) instance, not blocking.
int rwv_inotify(void);
/// Watches the directory of a handle (O_PATH). The watch's number; the same again for a directory that is watched already.
int rwv_inotify_add(int inotify, int handle, uint32_t kinds);
int rwv_inotify_remove(int inotify, int watch);
int rwv_eventfd(void);
int rwv_eventfd_signal(int fd);
int rwv_signalfd(const int *signals, int n);
int rwv_signalfd_read(int fd);
int rwv_block_signals(const int *signals, int n);
int rwv_default_signals(void);
int rwv_ignore_sigpipe(void);
int rwv_default_sigpipe(void);
int rwv_mount(const char *source, const char *target, const char *type, unsigned long flags, const char *data);
int rwv_chdir(const char *path);
/// execvpe(3): the program is looked for in our own PATH.
int rwv_exec(const char *file, char *const argv[], char *const envp[]);
int rwv_bind_mount(const char *path, const char *target);
int rwv_umount(const char *path, int lazy);
int rwv_daemonize(void);
int rwv_parent_death_signal(int sig);
int rwv_become(uint32_t uid, uint32_t gid, const char *name);
int rwv_owner_name(uint32_t uid, char *buf, size_t n, uint32_t *gid);
uint32_t rwv_umask(uint32_t mask);
/// A umask of this thread's own, and of the threads it starts from here on (unshare(2), CLONE_FS).
int rwv_own_umask(uint32_t mask);
uint32_t rwv_current_umask(void);
int rwv_raise_descriptor_limit(void);
int rwv_waitpid(int pid, int *status, int nohang);
int rwv_kill(int pid, int sig);
int rwv_isatty(int fd);
int rwv_map_readonly(int fd, size_t n, void **out);
int rwv_unmap(void *p, size_t n);
int64_t rwv_monotonic_ns(void);
int64_t rwv_realtime(uint32_t *ns);
int rwv_random(void *buf, size_t n);

/// posix_spawn with a working directory and up to n descriptors placed at 0…n-1 (-1: /dev/null).
/// Every other descriptor is closed on exec. Signals are reset to their defaults. setsid when `session`.
/// envp NULL: our own environment.
int rwv_spawn(const char *path, char *const argv[], char *const envp[], const char *cwd,
              const int *fds, int n, int session);

/// fork(2).
int rwv_fork(void);
/// A mount namespace of our own, and with `user` a user namespace above it (unshare(2)).
int rwv_own_mounts(int user);
/// Lets us write to our own files in /proc again after a change of user (PR_SET_DUMPABLE).
int rwv_dumpable(void);
/// Blocks the signals that a supervisor waits for: SIGCHLD (default action), and all that stand for something a program may be told.
int rwv_hold_signals(void);
/// Undoes it, in a child too.
int rwv_release_signals(void);
/// The next of them (sigwaitinfo(2)). *sender: the process that sent it, 0 when the kernel did.
int rwv_next_held_signal(int *sender);
/// What became of a child (waitpid(2)): 0 nothing new, 1 ended, 2 stopped; *status as wait(2) tells it.
int rwv_child_news(int pid, int *status);
/// Raises a signal with its default action; returns when that is over (after a stop), with the signal held again.
int rwv_suffer(int signal);
/// From here on this process leaves no core (RLIMIT_CORE).
int rwv_no_core(void);

/// One pointer per thread, for the worker that the thread is.
void rwv_set_thread_value(void *value);
void *rwv_thread_value(void);

/// The text for an error number, always terminated.
void rwv_strerror(int number, char *buf, size_t n);
const char *rwv_getenv(const char *name);
/// The i-th `NAME=value` of the environment, or NULL past the last.
const char *rwv_environment(size_t i);

/// Thread with a start routine of our own, detached. `stack` in bytes.
int rwv_thread_start(void *(*start)(void *), void *arg, size_t stack);
