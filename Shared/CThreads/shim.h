#pragma once
#include <sys/prctl.h>

/// Names the calling thread, as `ps` and debuggers show it: the first 15 bytes of `name`. `prctl` is variadic.
static inline void rivet_name_thread(const char *name) {
    (void)prctl(PR_SET_NAME, name);
}
