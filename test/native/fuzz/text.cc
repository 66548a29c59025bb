// The text forms of values. Second opinion: the C library's.

#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <vector>

#include "decoder.h"
#include "input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t length) {
  using namespace kingbase;
  const std::string whole(reinterpret_cast<const char*>(bytes), length);
  const fuzz::Exact text(whole);

  int64_t integer = 0;
  if (ParseInteger(text.data(), text.size(), &integer)) {
    errno = 0;
    char* end = nullptr;
    const long long plain = std::strtoll(whole.c_str(), &end, 10);
    fuzz::Require(errno == 0 && *end == '\0' && plain == integer, "an integer as strtoll reads it");
  }
  double number = 0;
  if (ParseFloat(text.data(), text.size(), &number)) {
    char* end = nullptr;
    const double plain = std::strtod(whole.c_str(), &end);
    const bool same = plain == number || (std::isnan(plain) && std::isnan(number));
    fuzz::Require(*end == '\0' && same, "a float as strtod reads it");
  }
  for (const bool zoned : {false, true}) {
    if (ParseTimestamp(text.data(), text.size(), zoned, &number))
      fuzz::Require(std::abs(number) <= kDateLimit, "a time that a Date can hold");
  }
  std::vector<uint8_t> out = {7};
  if (ParseBytes(text.data(), text.size(), &out))
    fuzz::Require(out[0] == 7 && out.size() <= 1 + text.size(), "bytes behind what is there");
  return 0;
}
