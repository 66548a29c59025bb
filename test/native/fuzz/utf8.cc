// UTF-8 to UTF-16. Second opinion: the decoder of the WHATWG Encoding Standard, step by step as it is written
// there (section 8.1.1).

#include "utf8.h"

#include <string>
#include <vector>

#include "input.h"

namespace {

std::u16string Plain(const std::string& text) {
  std::u16string out;
  uint32_t code_point = 0;
  int seen = 0;
  int needed = 0;
  uint8_t lower = 0x80;
  uint8_t upper = 0xBF;
  for (size_t i = 0; i <= text.size(); ++i) {
    if (i == text.size()) {
      if (needed != 0) out.push_back(0xFFFD);
      return out;
    }
    const auto byte = static_cast<uint8_t>(text[i]);
    if (needed == 0) {
      if (byte <= 0x7F) {
        out.push_back(byte);
      } else if (byte >= 0xC2 && byte <= 0xDF) {
        needed = 1;
        code_point = byte & 0x1F;
      } else if (byte >= 0xE0 && byte <= 0xEF) {
        if (byte == 0xE0) lower = 0xA0;
        if (byte == 0xED) upper = 0x9F;
        needed = 2;
        code_point = byte & 0xF;
      } else if (byte >= 0xF0 && byte <= 0xF4) {
        if (byte == 0xF0) lower = 0x90;
        if (byte == 0xF4) upper = 0x8F;
        needed = 3;
        code_point = byte & 0x7;
      } else {
        out.push_back(0xFFFD);
      }
      continue;
    }
    if (byte < lower || byte > upper) {
      code_point = 0;
      needed = seen = 0;
      lower = 0x80;
      upper = 0xBF;
      out.push_back(0xFFFD);
      --i;
      continue;
    }
    lower = 0x80;
    upper = 0xBF;
    code_point = code_point << 6 | (byte & 0x3F);
    if (++seen < needed) continue;
    if (code_point > 0xFFFF) {
      out.push_back(static_cast<char16_t>(0xD800 + ((code_point - 0x10000) >> 10)));
      out.push_back(static_cast<char16_t>(0xDC00 + ((code_point - 0x10000) & 0x3FF)));
    } else {
      out.push_back(static_cast<char16_t>(code_point));
    }
    code_point = 0;
    needed = seen = 0;
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t length) {
  const std::string whole(reinterpret_cast<const char*>(bytes), length);
  const fuzz::Exact text(whole);
  std::vector<char16_t> out(length);
  const size_t units = kingbase::Utf8ToUtf16(text.data(), text.size(), out.data());
  fuzz::Require(units <= length, "there is room for what is written");
  fuzz::Require(Plain(whole) == std::u16string(out.data(), units), "the same as by the standard");
  bool ascii = true;
  for (const char c : whole) ascii = ascii && (static_cast<uint8_t>(c) & 0x80) == 0;
  fuzz::Require(kingbase::IsAscii(text.data(), text.size()) == ascii, "ASCII is known");
  return 0;
}
