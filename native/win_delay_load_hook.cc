// The addon's imports from node.exe go to the program that has loaded it, whatever its name is: Electron and
// renamed copies of Node export the same functions. For MinGW; node-gyp brings a hook of its own for MSVC.

#include <windows.h>

#include <delayimp.h>

namespace {

FARPROC WINAPI UseHost(unsigned event, DelayLoadInfo* information) {
  if (event != dliNotePreLoadLibrary || lstrcmpiA(information->szDll, "node.exe") != 0) return nullptr;
  HMODULE host = GetModuleHandleW(L"libnode.dll");
  if (host == nullptr) host = GetModuleHandleW(nullptr);
  return reinterpret_cast<FARPROC>(host);
}

}  // namespace

PfnDliHook __pfnDliNotifyHook2 = UseHost;  // NOLINT: the linker's name for it
