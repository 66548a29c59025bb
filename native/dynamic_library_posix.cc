#include <dlfcn.h>

#include "dynamic_library.h"

namespace kingbase {

bool DynamicLibrary::Open(const std::string& path, bool isolate, std::string* error) {
  int flags = RTLD_NOW | RTLD_LOCAL;
#ifdef RTLD_DEEPBIND
  if (isolate) flags |= RTLD_DEEPBIND;
#else
  (void)isolate;
#endif
  handle_ = dlopen(path.c_str(), flags);
  if (handle_ == nullptr) {
    const char* words = dlerror();
    *error = words != nullptr ? words : "the dynamic linker gave no reason";
    return false;
  }
  return true;
}

void* DynamicLibrary::Find(const char* name) const { return dlsym(handle_, name); }

std::string DynamicLibrary::PathOf(void* symbol, const std::string& opened) const {
  Dl_info information;
  if (symbol != nullptr && dladdr(symbol, &information) != 0 && information.dli_fname != nullptr) {
    return information.dli_fname;
  }
  return opened;
}

}  // namespace kingbase
