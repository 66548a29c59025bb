#pragma once
// One opened client library: found out what it is, checked that it is whole, its entry points resolved.
// Immutable after Open, so any thread may use it.

#include <memory>
#include <string>
#include <vector>

#include "client_api.h"
#include "dynamic_library.h"

namespace kingbase {

enum class Flavour : uint8_t { kKci, kKingbasePq, kLibpq };
const char* FlavourName(Flavour flavour);

struct Capabilities {
  bool single_row_mode = false;
  bool chunked_rows_mode = false;
  bool multi_row_bind = false;
  bool encrypt_password = false;
  bool tls_information = false;
  bool encrypted_cancel = false;
  bool large_objects = false;
  bool pipeline = false;
};

struct LibraryFailure {
  enum class Kind : uint8_t { kOpen, kSymbols, kV7 };
  Kind kind = Kind::kOpen;
  std::string message;
  std::vector<std::string> missing;
};

/** A connection option that the library knows, and what it takes where a caller does not give it. */
struct LibraryOption {
  std::string keyword;
  /** The variable of the environment that fills it; empty for none. */
  std::string variable;
  /** The value that was compiled in; empty for none. */
  std::string compiled_default;
};

class ClientLibrary {
 public:
  /** Null on failure, with the reason in `failure`. `companions` are opened first, in the order given. */
  static std::shared_ptr<const ClientLibrary> Open(const std::string& path,
                                                   const std::vector<std::string>& companions, bool isolate,
                                                   LibraryFailure* failure);

  const ClientApi& api() const { return api_; }
  const std::string& path() const { return path_; }
  Flavour flavour() const { return flavour_; }
  int version() const { return version_; }
  const Capabilities& capabilities() const { return capabilities_; }
  const std::vector<LibraryOption>& options() const { return options_; }

 private:
  ClientLibrary() = default;
  bool Recognise(LibraryFailure* failure);
  bool Resolve(LibraryFailure* failure);
  void AskCapabilities();

  DynamicLibrary library_;
  ClientApi api_;
  std::string path_;
  Flavour flavour_ = Flavour::kLibpq;
  int version_ = 0;
  Capabilities capabilities_;
  std::vector<LibraryOption> options_;
};

}  // namespace kingbase
