// What newer compilers expect of the C and C++ libraries and older ones lack, for this addon only.

#include <features.h>

#if defined(__GLIBC__)

#include <new>

// glibc 2.32: lets shared pointers do without atomic operations while there is one thread. Here there never
// is.
extern "C" __attribute__((visibility("hidden"))) char __libc_single_threaded = 0;  // NOLINT: glibc's name

namespace std {
// GCC 11.3
// NOLINTNEXTLINE: libstdc++'s name
__attribute__((visibility("hidden"))) void __throw_bad_array_new_length() { throw bad_array_new_length(); }
}  // namespace std

#endif
