#pragma once
// What a test of the core says of itself: which part is at work, and what of it does not hold.

#include <cstdio>
#include <string>

namespace kingbase {

inline int failures = 0;
inline std::string test_name;

}  // namespace kingbase

#define CHECK(condition)                                                                           \
  do {                                                                                             \
    if (!(condition)) {                                                                            \
      std::printf("%s:%d: %s: %s\n", __FILE__, __LINE__, kingbase::test_name.c_str(), #condition); \
      ++kingbase::failures;                                                                        \
    }                                                                                              \
  } while (false)
