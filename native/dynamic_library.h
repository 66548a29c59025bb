#pragma once
// Opening a shared library and looking names up in it: what differs between operating systems, nothing else.
// A library is never closed again: client libraries and OpenSSL leave exit handlers and thread data behind.

#include <string>

namespace kingbase {

class DynamicLibrary {
 public:
  DynamicLibrary() = default;

  /**
   * Opens the file (or, for a name without a slash, what the system's search path gives). `isolate` binds the
   * library to its own dependencies instead of to what the process exports already: Node exports a whole
   * OpenSSL, and a client library that brings its own crashes at the first TLS connection when bound to
   * Node's. On failure returns false and sets `error` to the dynamic linker's words.
   */
  bool Open(const std::string& path, bool isolate, std::string* error);

  void* Find(const char* name) const;

  /** Where the file that defines `symbol` lies; the opened path where the system cannot tell. */
  std::string PathOf(void* symbol, const std::string& opened) const;

 private:
  void* handle_ = nullptr;
};

}  // namespace kingbase
