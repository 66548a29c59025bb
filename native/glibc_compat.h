#pragma once
// Has the compiler refer to the oldest versions of what newer C libraries have moved or renewed, so that an
// addon built on Debian 12 starts where Node itself does (glibc 2.28). Included before everything else;
// without effect off glibc. scripts/checks/prebuilds.mts says when a symbol is missing here.

#include <features.h>

#if defined(__GLIBC__)

#if defined(__x86_64__)
#define KB_GLIBC_BASE "GLIBC_2.2.5"
#elif defined(__aarch64__)
#define KB_GLIBC_BASE "GLIBC_2.17"
#endif

#if defined(KB_GLIBC_BASE)
#define KB_OLDEST(symbol) __asm__(".symver " #symbol "," #symbol "@" KB_GLIBC_BASE)
// In libdl and libpthread before glibc 2.34.
KB_OLDEST(dladdr);
KB_OLDEST(dlerror);
KB_OLDEST(dlopen);
KB_OLDEST(dlsym);
KB_OLDEST(pthread_create);
KB_OLDEST(pthread_detach);
KB_OLDEST(pthread_join);
KB_OLDEST(pthread_once);
// Where file offsets have 64 bits anyway it is the same function under another name, of glibc 2.28.
__asm__(".symver fcntl64,fcntl@" KB_GLIBC_BASE);
#undef KB_OLDEST
#undef KB_GLIBC_BASE
#endif

#if defined(__cplusplus)
#include <bits/c++config.h>
// pthread_cond_clockwait is of glibc 2.30.
#undef _GLIBCXX_USE_PTHREAD_COND_CLOCKWAIT
#endif

#endif
