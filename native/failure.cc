#include "failure.h"

#include <array>

namespace kingbase {
namespace {

// The letters of protocol 3.0's error and notice fields; the same in every library.
constexpr std::array<char, 18> kLetters = {'S', 'V', 'C', 'M', 'D', 'H', 'P', 'p', 'q',
                                           'W', 's', 't', 'c', 'd', 'n', 'F', 'L', 'R'};

}  // namespace

std::string_view DiagnosticFields::Find(char letter) const {
  for (size_t at = 0; at < text_.size();) {
    const size_t end = text_.find('\0', at);
    if (text_[at] == letter) return std::string_view(text_).substr(at + 1, end - at - 1);
    at = end + 1;
  }
  return {};
}

Failure ReadFailure(const ClientApi& api, const ClientResult* result) {
  Failure failure;
  for (const char letter : kLetters) {
    const char* value = api.result_error_field(result, letter);
    if (value == nullptr) continue;
    failure.fields.Add(letter, value);
    // What the library itself has found comes as a result without an SQLSTATE.
    if (letter == 'C') failure.from_server = true;
  }
  failure.message = Trimmed(api.result_error_message(result));
  return failure;
}

bool IsFatal(const ClientApi& api, const ClientResult* notice) {
  const char* severity = api.result_error_field(notice, 'V');
  if (severity == nullptr) severity = api.result_error_field(notice, 'S');
  const std::string_view text = severity != nullptr ? severity : "";
  return text == "FATAL" || text == "PANIC";
}

bool TellsOfMemory(const std::string& message) {
  // In English, and as the Chinese catalogues have it.
  constexpr std::array<std::string_view, 4> kWords = {"out of memory", "内存用尽", "内存不足", "内存溢出"};
  for (const std::string_view words : kWords) {
    if (message.find(words) != std::string::npos) return true;
  }
  return false;
}

std::string Trimmed(const char* text) {
  std::string trimmed = text != nullptr ? text : "";
  while (!trimmed.empty() && (trimmed.back() == '\n' || trimmed.back() == ' ')) trimmed.pop_back();
  return trimmed;
}

}  // namespace kingbase
