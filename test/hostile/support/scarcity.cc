// Preloaded into a process, has threads and memory run out when the process says so by its environment:
// SCARCE_THREADS=1: no thread can be begun. SCARCE_MEMORY=n: the n-th allocation that the addon or the client
// library makes from then on fails, and those after it do not; SCARCE_MEMORY=0 ends it. Others are never
// refused: Node ends the process when it has no memory.

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <atomic>
#include <new>

namespace {

std::atomic<bool> no_threads{false};
std::atomic<long> left{0};
std::atomic<long> refused{0};

struct Range {
  uintptr_t from;
  uintptr_t to;
};
Range ranges[16];
int range_count = 0;

void FindRanges() {
  range_count = 0;
  FILE* maps = fopen("/proc/self/maps", "r");
  if (maps == nullptr) return;
  char line[1024];
  while (fgets(line, sizeof line, maps) != nullptr && range_count < 16) {
    if (strstr(line, "r-xp") == nullptr) continue;
    if (strstr(line, "libkci") == nullptr && strstr(line, "libpq") == nullptr &&
        strstr(line, "kingbase.node") == nullptr)
      continue;
    unsigned long from = 0;
    unsigned long to = 0;
    if (sscanf(line, "%lx-%lx", &from, &to) == 2) ranges[range_count++] = {from, to};
  }
  fclose(maps);
}

bool IsRefused(const void* caller) {
  if (left.load(std::memory_order_relaxed) <= 0) return false;
  const auto at = reinterpret_cast<uintptr_t>(caller);
  for (int i = 0; i < range_count; ++i) {
    if (at < ranges[i].from || at >= ranges[i].to) continue;
    if (left.fetch_sub(1) != 1) return false;
    refused.fetch_add(1);
    return true;
  }
  return false;
}

template <typename Function>
Function Next(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {

void* __libc_malloc(size_t);
void* __libc_calloc(size_t, size_t);
void* __libc_realloc(void*, size_t);

void* malloc(size_t size) {
  if (!IsRefused(__builtin_return_address(0))) return __libc_malloc(size);
  errno = ENOMEM;
  return nullptr;
}

void* calloc(size_t count, size_t size) {
  if (!IsRefused(__builtin_return_address(0))) return __libc_calloc(count, size);
  errno = ENOMEM;
  return nullptr;
}

void* realloc(void* old, size_t size) {
  if (!IsRefused(__builtin_return_address(0))) return __libc_realloc(old, size);
  errno = ENOMEM;
  return nullptr;
}

int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*start)(void*),
                   void* argument) {
  if (no_threads.load()) return EAGAIN;
  static const auto next = Next<decltype(&pthread_create)>("pthread_create");
  return next(thread, attributes, start, argument);
}

int setenv(const char* name, const char* value, int overwrite) {
  if (strcmp(name, "SCARCE_THREADS") == 0) no_threads.store(value[0] == '1');
  if (strcmp(name, "SCARCE_MEMORY") == 0) {
    FindRanges();
    const long was_refused = refused.exchange(0);
    left.store(atol(value));
    // How it went since the last time.
    static const auto next = Next<decltype(&setenv)>("setenv");
    next("SCARCE_REFUSED", was_refused > 0 ? "1" : "0", 1);
  }
  static const auto next = Next<decltype(&setenv)>("setenv");
  return next(name, value, overwrite);
}

}  // extern "C"

void* operator new(size_t size) {
  if (IsRefused(__builtin_return_address(0))) throw std::bad_alloc();
  void* memory = __libc_malloc(size > 0 ? size : 1);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void* operator new(size_t size, const std::nothrow_t&) noexcept {
  return IsRefused(__builtin_return_address(0)) ? nullptr : __libc_malloc(size > 0 ? size : 1);
}
void* operator new[](size_t size) { return operator new(size); }
void operator delete(void* memory) noexcept { free(memory); }
void operator delete[](void* memory) noexcept { free(memory); }
void operator delete(void* memory, size_t) noexcept { free(memory); }
void operator delete[](void* memory, size_t) noexcept { free(memory); }
