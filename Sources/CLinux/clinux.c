#include "clinux.h"
#include <errno.h>
#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <poll.h>
#include <pthread.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#define RETRY(call) ({ __typeof__(call) r_; do r_ = (call); while (r_ == -1 && errno == EINTR); r_ == -1 ? -errno : r_; })
#define ONCE(call) ({ __typeof__(call) r_ = (call); r_ == -1 ? -errno : r_; })

int rwv_openat(int dirfd, const char *path, int flags, unsigned mode) {
    return RETRY(openat(dirfd, path, flags | O_CLOEXEC, mode));
}

int rwv_open_beneath(int dirfd, const char *path, int flags, unsigned mode, int same_mount) {
    struct open_how how = {.flags = (unsigned)(flags | O_CLOEXEC | O_NOFOLLOW),
                           .mode = (flags & (O_CREAT | O_TMPFILE)) ? mode : 0,
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | (same_mount ? RESOLVE_NO_XDEV : 0)};
    long r;
    do r = syscall(SYS_openat2, dirfd, path, &how, sizeof how);
    while (r == -1 && (errno == EINTR || errno == EAGAIN));
    if (r == -1 && errno == ENOSYS) return rwv_openat(dirfd, path, flags | O_NOFOLLOW, mode);
    return r == -1 ? -errno : (int)r;
}

int rwv_close(int fd) { return close(fd) == -1 && errno != EINTR ? -errno : 0; }

int rwv_duplicate(int fd) { return ONCE(fcntl(fd, F_DUPFD_CLOEXEC, 0)); }

static void convert(const struct statx *x, struct rwv_stat *o) {
    *o = (struct rwv_stat){
        .ino = x->stx_ino, .size = x->stx_size, .blocks = x->stx_blocks,
        .atime = x->stx_atime.tv_sec, .mtime = x->stx_mtime.tv_sec, .ctime = x->stx_ctime.tv_sec, .btime = x->stx_btime.tv_sec,
        .atime_ns = x->stx_atime.tv_nsec, .mtime_ns = x->stx_mtime.tv_nsec, .ctime_ns = x->stx_ctime.tv_nsec, .btime_ns = x->stx_btime.tv_nsec,
        .mode = x->stx_mode, .nlink = x->stx_nlink, .uid = x->stx_uid, .gid = x->stx_gid,
        .rdev_major = x->stx_rdev_major, .rdev_minor = x->stx_rdev_minor,
        .dev_major = x->stx_dev_major, .dev_minor = x->stx_dev_minor, .blksize = x->stx_blksize,
        .mount = x->stx_mask & STATX_MNT_ID ? (uint32_t)x->stx_mnt_id : 0};
}

int rwv_statx(int dirfd, const char *path, int follow, struct rwv_stat *out) {
    struct statx x;
    int r = ONCE(statx(dirfd, path, (follow ? 0 : AT_SYMLINK_NOFOLLOW) | AT_STATX_SYNC_AS_STAT, STATX_BASIC_STATS | STATX_BTIME | STATX_MNT_ID, &x));
    if (r == 0) convert(&x, out);
    return r;
}

int rwv_is_mount_point(const char *path) {
    struct statx x;
    int r = ONCE(statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC, STATX_TYPE, &x));
    if (r < 0) return r;
    return x.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT ? (x.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0 : -ENOTSUP;
}

int rwv_fstat(int fd, struct rwv_stat *out) {
    struct statx x;
    int r = ONCE(statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME | STATX_MNT_ID, &x));
    if (r == 0) convert(&x, out);
    return r;
}

int rwv_fstatfs(int fd, struct rwv_statfs *out) {
    struct statfs s;
    int r = RETRY(fstatfs(fd, &s));
    if (r < 0) return r;
    *out = (struct rwv_statfs){.blocks = s.f_blocks, .bfree = s.f_bfree, .bavail = s.f_bavail, .files = s.f_files,
                               .ffree = s.f_ffree, .type = (uint64_t)s.f_type, .bsize = s.f_bsize, .frsize = s.f_frsize,
                               .namelen = s.f_namelen};
    return 0;
}

int64_t rwv_pread(int fd, void *buf, size_t n, int64_t off) { return RETRY(pread(fd, buf, n, off)); }
int64_t rwv_pwrite(int fd, const void *buf, size_t n, int64_t off) { return RETRY(pwrite(fd, buf, n, off)); }
int64_t rwv_append(int fd, const void *buf, size_t n) {
    struct iovec part = {(void *)buf, n};
    return RETRY(pwritev2(fd, &part, 1, 0, RWF_APPEND));
}
int64_t rwv_read(int fd, void *buf, size_t n) { return RETRY(read(fd, buf, n)); }
int64_t rwv_write(int fd, const void *buf, size_t n) { return RETRY(write(fd, buf, n)); }
int rwv_mkdirat(int dirfd, const char *path, unsigned mode) { return ONCE(mkdirat(dirfd, path, mode)); }
int rwv_mknodat(int dirfd, const char *path, unsigned mode, unsigned major, unsigned minor) {
    return ONCE(mknodat(dirfd, path, mode, makedev(major, minor)));
}
int rwv_unlinkat(int dirfd, const char *path, int rmdir) { return ONCE(unlinkat(dirfd, path, rmdir ? AT_REMOVEDIR : 0)); }
int rwv_symlinkat(const char *target, int dirfd, const char *path) { return ONCE(symlinkat(target, dirfd, path)); }
int rwv_linkat(int olddir, const char *old, int newdir, const char *new_) { return ONCE(linkat(olddir, old, newdir, new_, 0)); }

static void proc_path(char out[32], int fd) { snprintf(out, 32, "/proc/self/fd/%d", fd); }

int rwv_link_descriptor(int fd, int newdir, const char *new_) {
    char p[32];
    proc_path(p, fd);
    return ONCE(linkat(AT_FDCWD, p, newdir, new_, AT_SYMLINK_FOLLOW));
}
int64_t rwv_readlinkat(int dirfd, const char *path, char *buf, size_t n) { return ONCE(readlinkat(dirfd, path, buf, n)); }
int rwv_renameat2(int olddir, const char *old, int newdir, const char *new_, unsigned flags) {
    return ONCE((int)syscall(SYS_renameat2, olddir, old, newdir, new_, flags));
}
int rwv_fchmodat(int dirfd, const char *path, unsigned mode) { return ONCE(fchmodat(dirfd, path, mode, 0)); }
int rwv_fchmod(int fd, unsigned mode) { return ONCE(fchmod(fd, mode)); }
int rwv_fchownat(int dirfd, const char *path, uint32_t uid, uint32_t gid) {
    return ONCE(fchownat(dirfd, path, uid, gid, AT_SYMLINK_NOFOLLOW));
}
int rwv_utimensat(int dirfd, const char *path, int64_t as, uint32_t ans, int64_t ms, uint32_t mns) {
    struct timespec t[2] = {{as, ans}, {ms, mns}};
    return ONCE(utimensat(dirfd, path, t, AT_SYMLINK_NOFOLLOW));
}
int rwv_futimens(int fd, int64_t as, uint32_t ans, int64_t ms, uint32_t mns) {
    struct timespec t[2] = {{as, ans}, {ms, mns}};
    return ONCE(futimens(fd, t));
}
int rwv_ftruncate(int fd, int64_t size) { return RETRY(ftruncate(fd, size)); }
int rwv_fallocate(int fd, int mode, int64_t off, int64_t len) { return RETRY(fallocate(fd, mode, off, len)); }
int64_t rwv_lseek(int fd, int64_t off, int whence) { return ONCE(lseek(fd, off, whence)); }
int64_t rwv_copy_file_range(int in, int64_t inoff, int out, int64_t outoff, size_t n) {
    return RETRY(copy_file_range(in, &inoff, out, &outoff, n, 0));
}
int rwv_ficlone(int out, int in) { return ONCE(ioctl(out, FICLONE, in)); }
int rwv_fsync(int fd, int dataonly) { return RETRY(dataonly ? fdatasync(fd) : fsync(fd)); }
int rwv_syncfs(int fd) { return RETRY(syncfs(fd)); }

static int path_fd(int dirfd, const char *path, char out[32]) {
    int fd = openat(dirfd, path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) return -errno;
    proc_path(out, fd);
    return fd;
}
#define WITH_PATH(dirfd, path, call) ({ char p[32]; int fd_ = path_fd(dirfd, path, p); int64_t r_ = fd_; \
    if (fd_ >= 0) { r_ = ONCE((int64_t)(call)); close(fd_); } r_; })

int64_t rwv_getxattrat(int dirfd, const char *path, const char *name, void *buf, size_t n) {
    // getxattrat(2), Linux 6.13: one call instead of three. Number 464 on every architecture but alpha.
    static _Atomic int missing;
    if (!missing) {
        struct { uint64_t value; uint32_t size, flags; } args = {(uint64_t)(uintptr_t)buf, (uint32_t)n, 0};
        int64_t r = ONCE((int64_t)syscall(464, dirfd, path, AT_SYMLINK_NOFOLLOW, name, &args, sizeof args));
        if (r != -ENOSYS) return r;
        missing = 1;
    }
    return WITH_PATH(dirfd, path, getxattr(p, name, buf, n));
}
int rwv_setxattrat(int dirfd, const char *path, const char *name, const void *buf, size_t n, int flags) {
    return (int)WITH_PATH(dirfd, path, setxattr(p, name, buf, n, flags));
}
int rwv_removexattrat(int dirfd, const char *path, const char *name) {
    return (int)WITH_PATH(dirfd, path, removexattr(p, name));
}
int64_t rwv_listxattrat(int dirfd, const char *path, char *buf, size_t n) {
    return WITH_PATH(dirfd, path, listxattr(p, buf, n));
}
#define WITH_HANDLE(handle, call) ({ char p[32]; proc_path(p, handle); ONCE(call); })

int rwv_handle_open(int handle, int flags) {
    char p[32];
    proc_path(p, handle);
    return RETRY(open(p, flags | O_CLOEXEC));
}
int rwv_handle_chmod(int handle, unsigned mode) { return WITH_HANDLE(handle, chmod(p, mode)); }
int rwv_handle_chown(int handle, uint32_t uid, uint32_t gid) { return ONCE(fchownat(handle, "", uid, gid, AT_EMPTY_PATH)); }
int rwv_handle_utimens(int handle, int64_t as, uint32_t ans, int64_t ms, uint32_t mns) {
    struct timespec t[2] = {{as, ans}, {ms, mns}};
    // utimensat(2) takes AT_EMPTY_PATH since Linux 5.8.
    return ONCE(utimensat(handle, "", t, AT_EMPTY_PATH));
}
int64_t rwv_handle_getxattr(int handle, const char *name, void *buf, size_t n) { return WITH_HANDLE(handle, (int64_t)getxattr(p, name, buf, n)); }
int rwv_handle_setxattr(int handle, const char *name, const void *buf, size_t n, int flags) {
    return WITH_HANDLE(handle, setxattr(p, name, buf, n, flags));
}
int rwv_handle_removexattr(int handle, const char *name) { return WITH_HANDLE(handle, removexattr(p, name)); }
int64_t rwv_handle_listxattr(int handle, char *buf, size_t n) { return WITH_HANDLE(handle, (int64_t)listxattr(p, buf, n)); }

int64_t rwv_fgetxattr(int fd, const char *name, void *buf, size_t n) { return ONCE(fgetxattr(fd, name, buf, n)); }
int rwv_fsetxattr(int fd, const char *name, const void *buf, size_t n, int flags) { return ONCE(fsetxattr(fd, name, buf, n, flags)); }
int64_t rwv_getdents(int fd, void *buf, size_t n) { return ONCE((int64_t)syscall(SYS_getdents64, fd, buf, n)); }

int rwv_flock(int fd, int exclusive, int nonblocking) {
    return RETRY(flock(fd, (exclusive ? LOCK_EX : LOCK_SH) | (nonblocking ? LOCK_NB : 0)));
}
int rwv_unlock(int fd) { return RETRY(flock(fd, LOCK_UN)); }
int rwv_copy_of(int pid, int number) {
    int process = ONCE((int)syscall(SYS_pidfd_open, pid, 0));
    if (process < 0) return process;
    int fd = ONCE((int)syscall(SYS_pidfd_getfd, process, number, 0));
    close(process);
    return fd;
}
int rwv_is_same_open_file(int fd, int pid, int number) {
    long r = ONCE(syscall(SYS_kcmp, getpid(), pid, 0 /* KCMP_FILE */, (unsigned long)fd, (unsigned long)number));
    return r < 0 ? (int)r : r == 0;
}

int rwv_range_lock(int fd, int type, int64_t start, int64_t length) {
    struct flock l = {.l_type = (short)type, .l_whence = SEEK_SET, .l_start = start, .l_len = length};
    return RETRY(fcntl(fd, F_OFD_SETLK, &l));
}
int rwv_range_test(int fd, int *type, int64_t *start, int64_t *length, int *pid) {
    struct flock l = {.l_type = (short)*type, .l_whence = SEEK_SET, .l_start = *start, .l_len = *length};
    int r = RETRY(fcntl(fd, F_OFD_GETLK, &l));
    *type = l.l_type;
    *start = l.l_start;
    *length = l.l_len;
    *pid = l.l_pid;
    return r;
}
int rwv_memfd(const char *name) { return ONCE(memfd_create(name, MFD_CLOEXEC)); }
int rwv_pipe(int out[2]) { return ONCE(pipe2(out, O_CLOEXEC)); }

int rwv_packet_pair(int out[2]) { return ONCE(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, out)); }

int rwv_send_packet(int fd, const void *buf, size_t n, int passed) {
    struct iovec part = {.iov_base = (void *)buf, .iov_len = n};
    union { struct cmsghdr header; char bytes[CMSG_SPACE(sizeof(int))]; } control = {0};
    struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};
    if (passed >= 0) {
        m.msg_control = control.bytes;
        m.msg_controllen = sizeof control.bytes;
        struct cmsghdr *c = CMSG_FIRSTHDR(&m);
        *c = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
        memcpy(CMSG_DATA(c), &passed, sizeof passed);
    }
    ssize_t r = RETRY(sendmsg(fd, &m, MSG_NOSIGNAL));
    return r < 0 ? (int)r : 0;
}

int64_t rwv_receive_packet(int fd, void *buf, size_t n, int *passed) {
    struct iovec part = {.iov_base = buf, .iov_len = n};
    union { struct cmsghdr header; char bytes[CMSG_SPACE(sizeof(int))]; } control;
    struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
    *passed = -1;
    ssize_t r = RETRY(recvmsg(fd, &m, MSG_CMSG_CLOEXEC));
    if (r < 0) return r;
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS) memcpy(passed, CMSG_DATA(c), sizeof *passed);
    return m.msg_flags & MSG_TRUNC ? -EMSGSIZE : r;
}

static int unix_address(const char *path, struct sockaddr_un *a) {
    memset(a, 0, sizeof *a);
    a->sun_family = AF_UNIX;
    if (strlen(path) >= sizeof a->sun_path) return -ENAMETOOLONG;
    strcpy(a->sun_path, path);
    return 0;
}

int rwv_listen_unix(const char *path, int backlog) {
    struct sockaddr_un a;
    int r = unix_address(path, &a);
    if (r < 0) return r;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    mode_t old = umask(0177);
    r = bind(fd, (struct sockaddr *)&a, sizeof a) == -1 || listen(fd, backlog) == -1 ? -errno : fd;
    umask(old);
    if (r < 0) close(fd);
    return r;
}

int rwv_connect_unix(const char *path) {
    struct sockaddr_un a;
    int r = unix_address(path, &a);
    if (r < 0) return r;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    r = RETRY(connect(fd, (struct sockaddr *)&a, sizeof a));
    if (r < 0) { close(fd); return r; }
    return fd;
}

int rwv_send_datagram(const char *address, const void *buf, size_t n) {
    struct sockaddr_un a;
    int r = unix_address(address, &a);
    if (r < 0) return r;
    if (a.sun_path[0] == '@') a.sun_path[0] = 0;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    r = RETRY(sendto(fd, buf, n, MSG_NOSIGNAL, (struct sockaddr *)&a, offsetof(struct sockaddr_un, sun_path) + strlen(address)));
    close(fd);
    return r;
}

int rwv_accept(int fd) { return RETRY(accept4(fd, NULL, NULL, SOCK_CLOEXEC)); }

int rwv_peer_uid(int fd, uint32_t *uid, int32_t *pid) {
    struct ucred c;
    socklen_t n = sizeof c;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &c, &n) == -1) return -errno;
    *uid = c.uid;
    *pid = c.pid;
    return 0;
}

int rwv_set_nonblocking(int fd, int on) {
    int f = fcntl(fd, F_GETFL);
    if (f == -1) return -errno;
    return ONCE(fcntl(fd, F_SETFL, on ? f | O_NONBLOCK : f & ~O_NONBLOCK));
}
int rwv_set_cloexec(int fd, int on) { return ONCE(fcntl(fd, F_SETFD, on ? FD_CLOEXEC : 0)); }
int rwv_poll_in(int fd, int timeout_ms) {
    struct pollfd p = {.fd = fd, .events = POLLIN};
    return RETRY(poll(&p, 1, timeout_ms));
}
int rwv_poll_changed(int fd) {
    struct pollfd p = {.fd = fd, .events = POLLPRI};
    int r = RETRY(poll(&p, 1, 0));
    return r < 0 ? r : (p.revents & (POLLPRI | POLLERR)) != 0;
}
int rwv_poll_in2(int a, int b, int timeout_ms) {
    struct pollfd p[2] = {{.fd = a, .events = POLLIN}, {.fd = b, .events = POLLIN}};
    int r = RETRY(poll(p, 2, timeout_ms));
    return r < 0 ? r : (p[0].revents ? 1 : 0) | (p[1].revents ? 2 : 0);
}
int rwv_epoll_create(void) { return ONCE(epoll_create1(EPOLL_CLOEXEC)); }
static int epoll_add(int ep, int fd, uint64_t data, uint32_t events) {
    struct epoll_event e = {.events = events, .data.u64 = data};
    return ONCE(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e));
}
int rwv_epoll_add_edge(int ep, int fd, uint64_t data) { return epoll_add(ep, fd, data, EPOLLIN | EPOLLET); }
int rwv_epoll_add_level(int ep, int fd, uint64_t data) { return epoll_add(ep, fd, data, EPOLLIN); }
int rwv_epoll_del(int ep, int fd) { return ONCE(epoll_ctl(ep, EPOLL_CTL_DEL, fd, NULL)); }
int rwv_epoll_wait(int ep, uint64_t *data, int timeout_ms) {
    struct epoll_event e;
    int r = RETRY(epoll_wait(ep, &e, 1, timeout_ms));
    if (r == 1) *data = e.data.u64;
    return r;
}
int rwv_inotify(void) { return ONCE(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)); }
int rwv_inotify_add(int inotify, int handle, uint32_t kinds) { return WITH_HANDLE(handle, inotify_add_watch(inotify, p, kinds)); }
int rwv_inotify_remove(int inotify, int watch) { return ONCE(inotify_rm_watch(inotify, watch)); }
int rwv_eventfd(void) { return ONCE(eventfd(0, EFD_CLOEXEC)); }
int rwv_eventfd_signal(int fd) { uint64_t one = 1; return write(fd, &one, sizeof one) == -1 ? -errno : 0; }

static void fill(sigset_t *s, const int *signals, int n) {
    sigemptyset(s);
    for (int i = 0; i < n; i++) sigaddset(s, signals[i]);
}
int rwv_signalfd(const int *signals, int n) {
    sigset_t s;
    fill(&s, signals, n);
    return ONCE(signalfd(-1, &s, SFD_CLOEXEC));
}
int rwv_signalfd_read(int fd) {
    struct signalfd_siginfo i;
    ssize_t r = RETRY(read(fd, &i, sizeof i));
    return r < 0 ? (int)r : (int)i.ssi_signo;
}
int rwv_block_signals(const int *signals, int n) {
    sigset_t s;
    fill(&s, signals, n);
    return -pthread_sigmask(SIG_BLOCK, &s, NULL);
}
int rwv_default_signals(void) {
    sigset_t s;
    sigemptyset(&s);
    return -pthread_sigmask(SIG_SETMASK, &s, NULL);
}
int rwv_ignore_sigpipe(void) { return signal(SIGPIPE, SIG_IGN) == SIG_ERR ? -errno : 0; }
int rwv_default_sigpipe(void) { return signal(SIGPIPE, SIG_DFL) == SIG_ERR ? -errno : 0; }
int rwv_mount(const char *source, const char *target, const char *type, unsigned long flags, const char *data) {
    return ONCE(mount(source, target, type, flags, data));
}
int rwv_chdir(const char *path) { return ONCE(chdir(path)); }
int rwv_exec(const char *file, char *const argv[], char *const envp[]) { return ONCE(execvpe(file, argv, envp)); }
int rwv_bind_mount(const char *path, const char *target) { return ONCE(mount(path, target, NULL, MS_BIND, NULL)); }

int rwv_umount(const char *path, int lazy) { return ONCE(umount2(path, UMOUNT_NOFOLLOW | (lazy ? MNT_DETACH : 0))); }

int rwv_daemonize(void) {
    if (setsid() == -1 && errno != EPERM) return -errno;
    return chdir("/") == -1 ? -errno : 0;
}
int rwv_parent_death_signal(int sig) { return ONCE(prctl(PR_SET_PDEATHSIG, sig)); }

/// Whether a variable names a directory of this user's own.
static int names_own_directory(const char *variable, uint32_t uid) {
    struct stat st;
    const char *path = getenv(variable);
    return path && stat(path, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == uid;
}

/// Takes root's directories out of the environment: what we and git read there is not this user's to read.
static void adopt_environment(uint32_t uid) {
    static const char *const own[] = {"XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR"};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (!names_own_directory(own[i], uid)) unsetenv(own[i]);
    struct passwd pw, *res = NULL;
    char tmp[4096];
    if (getpwuid_r(uid, &pw, tmp, sizeof tmp, &res) == 0 && res) {
        setenv("USER", pw.pw_name, 1);
        setenv("LOGNAME", pw.pw_name, 1);
    }
    if (!names_own_directory("HOME", uid)) setenv("HOME", res ? pw.pw_dir : "/nonexistent", 1);
}

int rwv_become(uint32_t uid, uint32_t gid, const char *name) {
    if ((name ? initgroups(name, gid) : setgroups(0, NULL)) == -1) return -errno;
    if (setresgid(gid, gid, gid) == -1) return -errno;
    int r = ONCE(setresuid(uid, uid, uid));
    if (r >= 0) adopt_environment(uid);
    return r;
}

int rwv_owner_name(uint32_t uid, char *buf, size_t n, uint32_t *gid) {
    struct passwd pw, *res = NULL;
    char tmp[4096];
    int r = getpwuid_r(uid, &pw, tmp, sizeof tmp, &res);
    if (r != 0) return -r;
    if (!res) return -ENOENT;
    if (strlen(pw.pw_name) >= n) return -ERANGE;
    strcpy(buf, pw.pw_name);
    *gid = pw.pw_gid;
    return 0;
}

uint32_t rwv_umask(uint32_t mask) { return umask(mask); }
int rwv_own_umask(uint32_t mask) {
    if (unshare(CLONE_FS) == -1) return -errno;
    umask(mask);
    return 0;
}
uint32_t rwv_current_umask(void) {
    // Reading /proc is the only way that does not change it for other threads.
    char line[128];
    unsigned mask = 0;
    FILE *f = fopen("/proc/self/status", "re");
    int found = 0;
    if (f) {
        while (fgets(line, sizeof line, f)) if (sscanf(line, "Umask: %o", &mask) == 1) { found = 1; break; }
        fclose(f);
    }
    if (found) return mask;
    mask = umask(022);
    umask(mask);
    return mask;
}
int rwv_raise_descriptor_limit(void) {
    struct rlimit l;
    if (getrlimit(RLIMIT_NOFILE, &l) == -1) return -errno;
    l.rlim_cur = l.rlim_max;
    setrlimit(RLIMIT_NOFILE, &l);
    return l.rlim_cur > 1 << 30 ? 1 << 30 : (int)l.rlim_cur;
}
int rwv_waitpid(int pid, int *status, int nohang) { return RETRY(waitpid(pid, status, nohang ? WNOHANG : 0)); }
int rwv_kill(int pid, int sig) { return ONCE(kill(pid, sig)); }
int rwv_isatty(int fd) { return isatty(fd); }
int rwv_map_readonly(int fd, size_t n, void **out) {
    void *p = mmap(NULL, n, PROT_READ, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED) return -errno;
    *out = p;
    return 0;
}
int rwv_unmap(void *p, size_t n) { return ONCE(munmap(p, n)); }
int64_t rwv_monotonic_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}
int64_t rwv_realtime(uint32_t *ns) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    if (ns) *ns = (uint32_t)t.tv_nsec;
    return t.tv_sec;
}
int rwv_random(void *buf, size_t n) { return RETRY(getrandom(buf, n, 0)) == (ssize_t)n ? 0 : -EIO; }

int rwv_spawn(const char *path, char *const argv[], char *const envp[], const char *cwd,
              const int *fds, int n, int session) {
    posix_spawn_file_actions_t a;
    posix_spawnattr_t t;
    sigset_t all, none;
    sigfillset(&all);
    sigemptyset(&none);
    posix_spawn_file_actions_init(&a);
    posix_spawnattr_init(&t);
    // First move the sources out of the way of 0…n-1, then place them.
    int moved[16], r = 0, pid = 0;
    if (n > 16) return -EINVAL;
    for (int i = 0; i < n; i++) {
        moved[i] = fds[i] < 0 ? open("/dev/null", O_RDWR | O_CLOEXEC) : fcntl(fds[i], F_DUPFD_CLOEXEC, 64);
        if (moved[i] >= 0 && moved[i] < 64) { int d = fcntl(moved[i], F_DUPFD_CLOEXEC, 64); close(moved[i]); moved[i] = d; }
        if (moved[i] < 0) r = -errno;
        else posix_spawn_file_actions_adddup2(&a, moved[i], i);
    }
    if (cwd) posix_spawn_file_actions_addchdir_np(&a, cwd);
    posix_spawn_file_actions_addclosefrom_np(&a, n);
    posix_spawnattr_setsigdefault(&t, &all);
    posix_spawnattr_setsigmask(&t, &none);
    posix_spawnattr_setflags(&t, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | (session ? POSIX_SPAWN_SETSID : 0));
    if (r == 0) r = -posix_spawnp(&pid, path, &a, &t, argv, envp ? envp : environ);
    for (int i = 0; i < n; i++) if (moved[i] >= 0) close(moved[i]);
    posix_spawn_file_actions_destroy(&a);
    posix_spawnattr_destroy(&t);
    return r < 0 ? r : pid;
}

int rwv_fork(void) { int r = fork(); return r == -1 ? -errno : r; }
int rwv_own_mounts(int user) { return ONCE(unshare(CLONE_NEWNS | (user ? CLONE_NEWUSER : 0))); }
int rwv_dumpable(void) { return ONCE(prctl(PR_SET_DUMPABLE, 1)); }

static const int held_signals[] = {SIGCHLD, SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGALRM, SIGCONT, SIGTSTP, SIGTTIN, SIGTTOU, SIGWINCH};
enum { held_count = sizeof held_signals / sizeof *held_signals };
static sigset_t mask_before;
static struct sigaction child_before;

int rwv_hold_signals(void) {
    sigset_t s;
    struct sigaction a = {.sa_handler = SIG_DFL};
    fill(&s, held_signals, held_count);
    if (sigaction(SIGCHLD, &a, &child_before) == -1) return -errno;
    return ONCE(sigprocmask(SIG_BLOCK, &s, &mask_before));
}
int rwv_release_signals(void) {
    if (sigaction(SIGCHLD, &child_before, NULL) == -1) return -errno;
    return ONCE(sigprocmask(SIG_SETMASK, &mask_before, NULL));
}
int rwv_next_held_signal(int *sender) {
    sigset_t s;
    siginfo_t i;
    fill(&s, held_signals, held_count);
    int r = RETRY(sigwaitinfo(&s, &i));
    // What the kernel itself sends has a positive code.
    if (r > 0) *sender = i.si_code > 0 ? 0 : i.si_pid;
    return r;
}
int rwv_child_news(int pid, int *status) {
    int r = RETRY(waitpid(pid, status, WNOHANG | WUNTRACED));
    return r <= 0 ? r : WIFSTOPPED(*status) ? 2 : 1;
}
int rwv_suffer(int signal) {
    sigset_t s;
    struct sigaction a = {.sa_handler = SIG_DFL}, before;
    fill(&s, &signal, 1);
    sigaction(signal, &a, &before);
    raise(signal);
    sigprocmask(SIG_UNBLOCK, &s, NULL);
    sigprocmask(SIG_BLOCK, &s, NULL);
    sigaction(signal, &before, NULL);
    return 0;
}
int rwv_no_core(void) { return ONCE(setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0})); }

int rwv_thread_start(void *(*start)(void *), void *arg, size_t stack) {
    pthread_t t;
    pthread_attr_t a;
    pthread_attr_init(&a);
    pthread_attr_setdetachstate(&a, PTHREAD_CREATE_DETACHED);
    if (stack) pthread_attr_setstacksize(&a, stack);
    int r = pthread_create(&t, &a, start, arg);
    pthread_attr_destroy(&a);
    return -r;
}

void rwv_strerror(int number, char *buf, size_t n) {
    const char *text = strerror_r(number, buf, n);
    if (text != buf) snprintf(buf, n, "%s", text);
}
const char *rwv_getenv(const char *name) { return getenv(name); }
const char *rwv_environment(size_t i) { return environ[i]; }

static __thread void *thread_value;
void rwv_set_thread_value(void *value) { thread_value = value; }
void *rwv_thread_value(void) { return thread_value; }
