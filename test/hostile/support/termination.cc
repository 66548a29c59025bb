// Preloaded into a process, ends a worker thread at a chosen call of Node-API by the addon, as
// `worker.terminate()` may at any call. TERMINATE_SITES=file: each place in the addon that calls Node-API is
// written there once, as an offset and the function's name. TERMINATE_AT=offset: the first call of a thread
// from there ends its worker before it does anything. TERMINATE_PENDING=1: what ends the worker is left
// pending, as where JavaScript that the addon called ended it.

#include <dlfcn.h>
#include <link.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <set>
#include <utility>

extern "C" {
int napi_open_handle_scope(void* env, void** result);
int napi_close_handle_scope(void* env, void* scope);
int napi_get_global(void* env, void** result);
int napi_get_named_property(void* env, void* object, const char* name, void** result);
int napi_call_function(void* env, void* self, void* function, size_t count, void** arguments, void** result);
int napi_get_and_clear_last_exception(void* env, void** result);
}

namespace {

constexpr size_t kMost = 128;
const char* names[kMost];
uintptr_t genuine[kMost];
size_t name_count = 0;
uintptr_t base = 0;

thread_local bool ended = false;
thread_local bool inside = false;

void EndWorker(void* env) {
  inside = true;
  void* scope = nullptr;
  napi_open_handle_scope(env, &scope);
  void* global = nullptr;
  void* process = nullptr;
  void* exit = nullptr;
  const bool pending = getenv("TERMINATE_PENDING") != nullptr;
  // As from another thread, which runs no listeners in this one; or as the program itself does it.
  const char* name = pending ? "exit" : "reallyExit";
  if (napi_get_global(env, &global) == 0 && napi_get_named_property(env, global, "process", &process) == 0 &&
      napi_get_named_property(env, process, name, &exit) == 0) {
    napi_call_function(env, process, exit, 0, nullptr, nullptr);
    if (!pending) napi_get_and_clear_last_exception(env, &process);
  }
  napi_close_handle_scope(env, scope);
  inside = false;
}

void Called(size_t index, void* env, const void* from) {
  if (ended || inside) return;
  const auto offset = reinterpret_cast<uintptr_t>(from) - base;
  if (const char* file = getenv("TERMINATE_SITES")) {
    thread_local std::set<uintptr_t> seen;
    if (!seen.insert(offset).second) return;
    if (FILE* sites = fopen(file, "a")) {
      fprintf(sites, "%lu %s\n", static_cast<unsigned long>(offset), names[index]);
      fclose(sites);
    }
  }
  const char* at = getenv("TERMINATE_AT");
  if (at == nullptr || strtoul(at, nullptr, 10) != offset) return;
  ended = true;
  EndWorker(env);
}

/** Twelve arguments: one more than any function of Node-API has. None that is watched has a double. */
template <size_t index>
long Wrapped(void* env, long b, long c, long d, long e, long f, long g, long h, long i, long j, long k,
             long l) {
  Called(index, env, __builtin_return_address(0));
  using Function = long (*)(void*, long, long, long, long, long, long, long, long, long, long, long);
  return reinterpret_cast<Function>(genuine[index])(env, b, c, d, e, f, g, h, i, j, k, l);
}

template <size_t... index>
uintptr_t WrapperOf(size_t wanted, std::index_sequence<index...>) {
  uintptr_t wrapper = 0;
  ((wanted == index ? wrapper = reinterpret_cast<uintptr_t>(&Wrapped<index>) : 0), ...);
  return wrapper;
}

bool IsWatched(const char* name) {
  // A double is passed in a register that the wrapper does not keep; a threadsafe function is called by other
  // threads.
  return strncmp(name, "napi_", 5) == 0 && strcmp(name, "napi_create_double") != 0 &&
         strcmp(name, "napi_call_threadsafe_function") != 0 && strcmp(name, "napi_fatal_error") != 0;
}

void Replace(uintptr_t* slot, const char* name) {
  if (!IsWatched(name) || name_count == kMost) return;
  const long page = sysconf(_SC_PAGESIZE);
  auto* start =
      reinterpret_cast<void*>(reinterpret_cast<uintptr_t>(slot) & ~(static_cast<uintptr_t>(page) - 1));
  if (mprotect(start, static_cast<size_t>(page), PROT_READ | PROT_WRITE) != 0) abort();
  names[name_count] = name;
  // Not what the slot holds, which may be yet to be bound.
  genuine[name_count] = reinterpret_cast<uintptr_t>(dlsym(RTLD_DEFAULT, name));
  *slot = WrapperOf(name_count, std::make_index_sequence<kMost>());
  ++name_count;
}

void Watch(const link_map* addon) {
  base = addon->l_addr;
  const char* strings = nullptr;
  const ElfW(Sym)* symbols = nullptr;
  const ElfW(Rela) * tables[2] = {};
  size_t sizes[2] = {};
  for (const ElfW(Dyn)* entry = addon->l_ld; entry->d_tag != DT_NULL; ++entry) {
    switch (entry->d_tag) {
      case DT_STRTAB:
        strings = reinterpret_cast<const char*>(entry->d_un.d_ptr);
        break;
      case DT_SYMTAB:
        symbols = reinterpret_cast<const ElfW(Sym)*>(entry->d_un.d_ptr);
        break;
      case DT_RELA:
        tables[0] = reinterpret_cast<const ElfW(Rela)*>(entry->d_un.d_ptr);
        break;
      case DT_RELASZ:
        sizes[0] = entry->d_un.d_val;
        break;
      case DT_JMPREL:
        tables[1] = reinterpret_cast<const ElfW(Rela)*>(entry->d_un.d_ptr);
        break;
      case DT_PLTRELSZ:
        sizes[1] = entry->d_un.d_val;
        break;
    }
  }
  for (int table = 0; table < 2; ++table) {
    for (size_t i = 0; i < sizes[table] / sizeof(ElfW(Rela)); ++i) {
      const ElfW(Rela)& relocation = tables[table][i];
      const auto symbol = relocation.r_info >> 32U;
      // A function's address that other data holds is not a call of the addon's own.
      if (symbol == 0 || relocation.r_addend != 0) continue;
      Replace(reinterpret_cast<uintptr_t*>(base + relocation.r_offset), strings + symbols[symbol].st_name);
    }
  }
}

}  // namespace

extern "C" void* dlopen(const char* file, int flags) {
  static const auto next = reinterpret_cast<void* (*)(const char*, int)>(dlsym(RTLD_NEXT, "dlopen"));
  void* handle = next(file, flags);
  static bool watched = false;
  const char* const name = "kingbase.node";
  const size_t length = file == nullptr ? 0 : strlen(file);
  if (handle == nullptr || watched || length < strlen(name) ||
      strcmp(file + length - strlen(name), name) != 0)
    return handle;
  watched = true;
  Watch(static_cast<const link_map*>(handle));
  return handle;
}
