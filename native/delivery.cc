#include "delivery.h"

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

}  // namespace kingbase
