// clang-format off
#include <windows.h>
// clang-format on

#include <vector>

#include "dynamic_library.h"

namespace kingbase {
namespace {

std::wstring Wide(const std::string& text) {
  const int size = static_cast<int>(text.size());
  std::wstring wide(static_cast<size_t>(MultiByteToWideChar(CP_UTF8, 0, text.data(), size, nullptr, 0)), 0);
  MultiByteToWideChar(CP_UTF8, 0, text.data(), size, wide.data(), static_cast<int>(wide.size()));
  return wide;
}

std::string Utf8(const wchar_t* wide, size_t length) {
  const int size = static_cast<int>(length);
  const int needed = WideCharToMultiByte(CP_UTF8, 0, wide, size, nullptr, 0, nullptr, nullptr);
  std::string text(static_cast<size_t>(needed), 0);
  WideCharToMultiByte(CP_UTF8, 0, wide, size, text.data(), needed, nullptr, nullptr);
  return text;
}

/** The system's words, in the user's language, behind the number that is the same in all of them. Some are
 * about
 * "%1", which stands for the file. */
std::string ErrorText(DWORD code, const std::string& file) {
  wchar_t* words = nullptr;
  DWORD length = FormatMessageW(
      FORMAT_MESSAGE_ALLOCATE_BUFFER | FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, nullptr,
      code, 0, reinterpret_cast<wchar_t*>(&words), 0, nullptr);
  while (length > 0 && words[length - 1] <= L' ') --length;
  std::string text = "Windows error " + std::to_string(code);
  if (length > 0) text += ": " + Utf8(words, length);
  LocalFree(words);
  const size_t place = text.find("%1");
  return place == std::string::npos ? text : text.replace(place, 2, file);
}

/**
 * Keeps the addon in the process: Node unloads it with the last environment that uses it, and a thread that
 * sends a cancel request may outlive that. (On Linux the linker's flag `nodelete` does it.)
 */
void StayLoaded() {
  HMODULE self = nullptr;
  GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_PIN | GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS,
                     reinterpret_cast<LPCWSTR>(&StayLoaded), &self);
}

}  // namespace

bool DynamicLibrary::Open(const std::string& path, bool /* a DLL binds to the DLLs it names */,
                          std::string* error) {
  StayLoaded();
  // With a path, what the library needs is taken from its own directory or the system's, and what lies
  // elsewhere has been opened as a companion: Windows' other search orders all go through the current
  // directory as well, where anybody may have put a DLL. A bare name is looked for where only administrators
  // put files.
  const bool has_directory = path.find_first_of("/\\") != std::string::npos;
  const DWORD flags = has_directory ? LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR | LOAD_LIBRARY_SEARCH_SYSTEM32
                                    : LOAD_LIBRARY_SEARCH_DEFAULT_DIRS;
  handle_ = LoadLibraryExW(Wide(path).c_str(), nullptr, flags);
  if (handle_ == nullptr) {
    *error = ErrorText(GetLastError(), path);
    return false;
  }
  return true;
}

void* DynamicLibrary::Find(const char* name) const {
  return reinterpret_cast<void*>(GetProcAddress(static_cast<HMODULE>(handle_), name));
}

// Not by the symbol: a DLL may hand a symbol on to another one, whose path it would be.
std::string DynamicLibrary::PathOf(void* /* symbol */, const std::string& opened) const {
  std::vector<wchar_t> path(32768);  // the longest path there is
  const DWORD length =
      GetModuleFileNameW(static_cast<HMODULE>(handle_), path.data(), static_cast<DWORD>(path.size()));
  return length > 0 && length < path.size() ? Utf8(path.data(), length) : opened;
}

}  // namespace kingbase
