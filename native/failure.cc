#include "failure.h"

namespace kingbase {

const std::string* DiagnosticFields::Find(char letter) const {
  for (const auto& [key, value] : values) {
    if (key == letter) return &value;
  }
  return nullptr;
}

DiagnosticFields ReadDiagnosticFields(const ClientApi& api, const ClientResult* result) {
  // The letters of protocol 3.0's error and notice fields; the same in every library.
  static constexpr char kLetters[] = {'S', 'V', 'C', 'M', 'D', 'H', 'P', 'p', 'q',
                                      'W', 's', 't', 'c', 'd', 'n', 'F', 'L', 'R'};
  DiagnosticFields fields;
  for (const char letter : kLetters) {
    const char* value = api.result_error_field(result, letter);
    if (value != nullptr) fields.values.emplace_back(letter, value);
  }
  return fields;
}

Failure ReadFailure(const ClientApi& api, const ClientResult* result) {
  Failure failure;
  failure.fields = ReadDiagnosticFields(api, result);
  // Losses that the library itself notices come as results without an SQLSTATE.
  failure.from_server = failure.fields.Find('C') != nullptr;
  failure.message = Trimmed(api.result_error_message(result));
  return failure;
}

bool IsFatal(const Failure& notice) {
  const std::string* severity = notice.fields.Find('V');
  if (severity == nullptr) severity = notice.fields.Find('S');
  return severity != nullptr && (*severity == "FATAL" || *severity == "PANIC");
}

std::string Trimmed(const char* text) {
  std::string trimmed = text != nullptr ? text : "";
  while (!trimmed.empty() && (trimmed.back() == '\n' || trimmed.back() == ' ')) trimmed.pop_back();
  return trimmed;
}

}  // namespace kingbase
