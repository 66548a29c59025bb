#pragma once
// What went wrong with a command or a connection, as the server or the client library tells it, or as we
// found.

#include <cstddef>
#include <string>
#include <string_view>

#include "client_api.h"

namespace kingbase {

/** The fields of an error or a notice: of each its protocol letter, its text and a zero byte. */
class DiagnosticFields {
 public:
  void Add(char letter, const char* value) { text_.append(1, letter).append(value).append(1, '\0'); }
  /** '' where there is no such field. */
  std::string_view Find(char letter) const;
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

/** How far a connection attempt had come. Twin of `STAGES` in lib/driver/core.ts. */
enum class Stage : uint8_t {
  kNone,
  kTcp,
  kTls,
  kStartup,
  kAuth,
  /** No attempt: the server has carried out the command, and its result could not be read. */
  kResult,
};

struct Failure {
  /** Twin of `REASONS` in lib/driver/core.ts. */
  enum class Reason : uint8_t {
    kOther,
    /** The system has no thread, descriptor or the like to give. */
    kResources,
    kMemory,
    /** What came is not what the protocol has. */
    kProtocol,
  };

  bool from_server = false;
  DiagnosticFields fields;
  std::string message;
  /** The connection is gone. */
  bool lost = false;
  /** Whether any byte of the command can have left this machine. */
  bool sent = true;
  Stage stage = Stage::kNone;
  Reason reason = Reason::kOther;
};

/** Reads a result that is an error or a notice. */
Failure ReadFailure(const ClientApi& api, const ClientResult* result);

/** Whether the server ends the session after this notice. */
bool IsFatal(const ClientApi& api, const ClientResult* notice);

/** Whether the library says by this message that it could not have memory. */
bool TellsOfMemory(const std::string& message);

/** A message of the library without the line's end that it has. */
std::string Trimmed(const char* text);

}  // namespace kingbase
