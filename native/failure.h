#pragma once
// What went wrong with a command or a connection, as the server or the client library tells it.

#include <string>
#include <utility>
#include <vector>

#include "client_api.h"

namespace kingbase {

/** The fields of an error or a notice, by protocol letter. */
struct DiagnosticFields {
  std::vector<std::pair<char, std::string>> values;
  const std::string* Find(char letter) const;
};
DiagnosticFields ReadDiagnosticFields(const ClientApi& api, const ClientResult* result);

struct Failure {
  bool from_server = false;
  DiagnosticFields fields;
  std::string message;
  /** The connection is gone. */
  bool lost = false;
  /** Whether any byte of the command can have left this machine. */
  bool sent = true;
  /** How far a connection attempt had come; "result" where a result could not be read. */
  const char* stage = "";
};

/** Reads a result that is an error or a notice. */
Failure ReadFailure(const ClientApi& api, const ClientResult* result);

/** Whether the server ends the session after this. */
bool IsFatal(const Failure& notice);

/** A message of the library without the line's end that it has. */
std::string Trimmed(const char* text);

}  // namespace kingbase
