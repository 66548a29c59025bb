#include "client_library.h"

namespace kingbase {

const char* FlavourName(Flavour flavour) {
  switch (flavour) {
    case Flavour::kKci:
      return "kci";
    case Flavour::kKingbasePq:
      return "kingbase-pq";
    case Flavour::kLibpq:
      break;
  }
  return "libpq";
}

std::shared_ptr<const ClientLibrary> ClientLibrary::Open(const std::string& path,
                                                         const std::vector<std::string>& companions,
                                                         bool isolate, LibraryFailure* failure) {
  for (const std::string& companion : companions) {
    // A companion that cannot be opened is not yet a failure: the library's own look-up may still succeed,
    // and if it does not, the linker's words about the library say more. The handle stays open on purpose.
    DynamicLibrary opened;
    std::string ignored;
    opened.Open(companion, isolate, &ignored);
  }
  std::shared_ptr<ClientLibrary> library(new ClientLibrary());
  if (!library->library_.Open(path, isolate, &failure->message)) {
    failure->kind = LibraryFailure::Kind::kOpen;
    return nullptr;
  }
  library->path_ = path;
  if (!library->Recognise(failure) || !library->Resolve(failure)) return nullptr;
  library->AskCapabilities();
  return library;
}

// The probe by symbol: no library says which product it belongs to, but each family has names of its own.
// V7's API overlaps in some names while signatures and enum numbers differ, so it must never be called
// through this table.
bool ClientLibrary::Recognise(LibraryFailure* failure) {
  const bool kci =
      library_.Find("KCIConnectionCreate") != nullptr || library_.Find("KCIConnectionStartParams") != nullptr;
  if (kci) {
    if (library_.Find("KCIConnectionCreateParams") == nullptr &&
        library_.Find("KCIsetSingleRowMode") == nullptr) {
      failure->kind = LibraryFailure::Kind::kV7;
      failure->message = "this is a KingbaseES V7 client library; V8R3 or later is needed";
      return false;
    }
    flavour_ = Flavour::kKci;
    return true;
  }
  flavour_ = library_.Find("PQexecPrepared_ext") != nullptr ? Flavour::kKingbasePq : Flavour::kLibpq;
  return true;
}

bool ClientLibrary::Resolve(LibraryFailure* failure) {
  const bool kci = flavour_ == Flavour::kKci;
#define KB_SYMBOL(need, result, member, parameters, kci_name, pq_name)                                   \
  {                                                                                                      \
    const char* name = kci ? (kci_name) : (pq_name);                                                     \
    api_.member = *name == '\0' ? nullptr : reinterpret_cast<result(*) parameters>(library_.Find(name)); \
    if (api_.member == nullptr && (need) == SymbolNeed::kRequired) failure->missing.emplace_back(name);  \
  }
#include "client_symbols.inc"
#undef KB_SYMBOL
  if (!failure->missing.empty()) {
    failure->kind = LibraryFailure::Kind::kSymbols;
    failure->message = "the library lacks entry points that the driver needs";
    return false;
  }
  return true;
}

void ClientLibrary::AskCapabilities() {
  const bool kci = flavour_ == Flavour::kKci;
  path_ = library_.PathOf(reinterpret_cast<void*>(api_.connect_poll), path_);
  version_ = api_.library_version != nullptr ? api_.library_version() : 0;
  capabilities_.single_row_mode = api_.set_single_row_mode != nullptr;
  capabilities_.chunked_rows_mode = api_.set_chunked_rows_mode != nullptr;
  capabilities_.multi_row_bind =
      library_.Find(kci ? "KCIStatementSendPrepared_ext" : "PQsendQueryPrepared_ext") != nullptr;
  capabilities_.encrypt_password =
      library_.Find(kci ? "KCIEncryptPwdConn" : "PQencryptPasswordConn") != nullptr;
  capabilities_.tls_information = api_.ssl_in_use != nullptr && api_.ssl_attribute != nullptr;
  capabilities_.encrypted_cancel =
      api_.ssl_in_use != nullptr && api_.cancel_connection_create != nullptr &&
      api_.cancel_connection_send != nullptr && api_.cancel_connection_reset != nullptr &&
      api_.cancel_connection_error != nullptr && api_.cancel_connection_finish != nullptr;
  api_.encrypts_cancel = capabilities_.encrypted_cancel;
  capabilities_.large_objects = library_.Find("lo_open") != nullptr;
  capabilities_.pipeline = api_.enter_pipeline_mode != nullptr && api_.exit_pipeline_mode != nullptr &&
                           api_.pipeline_sync != nullptr;
  api_.pipelines = capabilities_.pipeline;

  ClientOption* options = api_.connection_defaults();
  for (const ClientOption* option = options; option != nullptr && option->keyword != nullptr; ++option) {
    const auto text = [](const char* given) { return std::string(given == nullptr ? "" : given); };
    options_.push_back({option->keyword, text(option->environment_variable), text(option->compiled_default)});
  }
  if (options != nullptr) api_.free_options(options);
}

}  // namespace kingbase
