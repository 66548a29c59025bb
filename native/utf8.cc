#include "utf8.h"

#include <cstring>

namespace kingbase {

bool IsAscii(const char* text, size_t length) {
  constexpr uint64_t kHighBits = 0x8080808080808080ULL;
  size_t i = 0;
  for (; i + 8 <= length; i += 8) {
    uint64_t word = 0;
    std::memcpy(&word, text + i, 8);
    if ((word & kHighBits) != 0) return false;
  }
  for (; i < length; ++i) {
    if ((static_cast<uint8_t>(text[i]) & 0x80) != 0) return false;
  }
  return true;
}

size_t Utf8ToUtf16(const char* text, size_t length, char16_t* out) {
  const auto* at = reinterpret_cast<const uint8_t*>(text);
  const uint8_t* end = at + length;
  char16_t* to = out;
  while (at < end) {
    const uint8_t lead = *at;
    if (lead < 0x80) {
      *to++ = lead;
      ++at;
      continue;
    }
    // Chinese: three bytes, nothing special about the lead. Checked first because it is nearly everything.
    if (lead >= 0xE1 && lead <= 0xEC && end - at >= 3 && (at[1] & 0xC0) == 0x80 && (at[2] & 0xC0) == 0x80) {
      *to++ = static_cast<char16_t>(((lead & 0x0F) << 12) | ((at[1] & 0x3F) << 6) | (at[2] & 0x3F));
      at += 3;
      continue;
    }
    // The rest by the table of well-formed sequences (Unicode 15, table 3-7): the second byte's range depends
    // on the lead, and the first byte that does not fit ends the wrong part and is looked at again.
    int more = 0;
    uint8_t low = 0x80;
    uint8_t high = 0xBF;
    uint32_t point = 0;
    if (lead >= 0xC2 && lead <= 0xDF) {
      more = 1;
      point = lead & 0x1F;
    } else if (lead >= 0xE0 && lead <= 0xEF) {
      more = 2;
      point = lead & 0x0F;
      if (lead == 0xE0) low = 0xA0;
      if (lead == 0xED) high = 0x9F;
    } else if (lead >= 0xF0 && lead <= 0xF4) {
      more = 3;
      point = lead & 0x07;
      if (lead == 0xF0) low = 0x90;
      if (lead == 0xF4) high = 0x8F;
    }
    ++at;
    bool well_formed = more > 0;
    for (int i = 0; i < more; ++i) {
      if (at == end || *at < low || *at > high) {
        well_formed = false;
        break;
      }
      point = (point << 6) | (*at & 0x3F);
      ++at;
      low = 0x80;
      high = 0xBF;
    }
    if (!well_formed) {
      *to++ = 0xFFFD;
    } else if (point < 0x10000) {
      *to++ = static_cast<char16_t>(point);
    } else {
      point -= 0x10000;
      *to++ = static_cast<char16_t>(0xD800 + (point >> 10));
      *to++ = static_cast<char16_t>(0xDC00 + (point & 0x3FF));
    }
  }
  return static_cast<size_t>(to - out);
}

}  // namespace kingbase
