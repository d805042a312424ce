#include "crevision.h"

#ifndef RWV_REVISION
#define RWV_REVISION "unknown"
#endif

unsigned char rwv_revision_character(unsigned i) {
    static const char revision[] = RWV_REVISION;
    return i < sizeof revision ? (unsigned char)revision[i] : 0;
}
