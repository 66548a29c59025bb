#pragma once
// The client library as the core sees it: opaque types, the enum numbers that are the same in every supported
// library (libpq 9.6 to 18, V8R3, V8R6, V9; not V7), and a table of entry points filled by name at run time.

#include <cstdint>

namespace kingbase {

struct ClientConnection;
struct ClientResult;
struct ClientCancel;
struct ClientCancelConnection;
using ClientOid = unsigned int;

/** A pending NOTIFY message; layout as in libpq and, by its debug information, in V8R3's library. */
struct ClientNotify {
  char* channel;
  int backend_pid;
  char* payload;
  ClientNotify* next;
};

/** One connection keyword the library knows; layout as in libpq and in V8R3's library (56 bytes). */
struct ClientOption {
  char* keyword;
  char* environment_variable;
  char* compiled_default;
  char* value;
  char* label;
  char* display_character;
  int display_size;
};

using ClientNoticeReceiver = void (*)(void* argument, const ClientResult* result);

namespace connection_status {
constexpr int kOk = 0;
constexpr int kBad = 1;
constexpr int kStarted = 2;
constexpr int kMade = 3;
constexpr int kAwaitingResponse = 4;
constexpr int kAuthOk = 5;
constexpr int kSetEnvironment = 6;
constexpr int kTlsStartup = 7;
constexpr int kNeeded = 8;
}  // namespace connection_status

namespace polling_status {
constexpr int kFailed = 0;
constexpr int kReading = 1;
constexpr int kWriting = 2;
constexpr int kOk = 3;
}  // namespace polling_status

namespace result_status {
constexpr int kEmptyQuery = 0;
constexpr int kCommandOk = 1;
constexpr int kTuplesOk = 2;
constexpr int kCopyOut = 3;
constexpr int kCopyIn = 4;
constexpr int kBadResponse = 5;
constexpr int kNonfatalError = 6;
constexpr int kFatalError = 7;
constexpr int kCopyBoth = 8;
constexpr int kSingleTuple = 9;
/** libpq 14 and later: the answer to a Sync. */
constexpr int kPipelineSync = 10;
/** libpq 17 and later. */
constexpr int kTuplesChunk = 12;
}  // namespace result_status

namespace transaction_status {
constexpr int kIdle = 0;
constexpr int kInTransaction = 2;
constexpr int kInError = 3;
constexpr int kUnknown = 4;
}  // namespace transaction_status

namespace error_verbosity {
constexpr int kDefault = 1;
constexpr int kVerbose = 2;
}  // namespace error_verbosity

enum class SymbolNeed : uint8_t { kRequired, kOptional };

/** The entry points; an optional one that the library lacks is null. */
struct ClientApi {
#define KB_SYMBOL(need, result, member, parameters, kci, pq) result(*member) parameters = nullptr;
#include "client_symbols.inc"
#undef KB_SYMBOL
  /** All that a cancel request over TLS takes is there. */
  bool encrypts_cancel = false;
  /** All that sending several commands together takes is there. */
  bool pipelines = false;
};

}  // namespace kingbase
