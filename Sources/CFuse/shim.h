// The low-level libfuse3 API, with stand-ins for the function-like macros Swift cannot import.
#pragma once
#define FUSE_USE_VERSION 314
#include <errno.h>
#include <sys/uio.h>
#include <fuse3/fuse_lowlevel.h>

static inline struct fuse_session *rwv_fuse_session_new(struct fuse_args *args, const struct fuse_lowlevel_ops *op,
                                                        size_t op_size, void *userdata) {
    return fuse_session_new(args, op, op_size, userdata);
}
