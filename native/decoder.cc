#include "decoder.h"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <string>
#include <system_error>

#include <locale.h>

namespace kingbase {

TypeMap::TypeMap(const std::vector<uint32_t>& pairs) : dense_(kDense, Decoder::kText) {
  for (size_t i = 0; i + 1 < pairs.size(); i += 2) {
    const uint32_t oid = pairs[i];
    const auto decoder = static_cast<Decoder>(pairs[i + 1]);
    if (oid < kDense) {
      dense_[oid] = decoder;
    } else {
      rest_[oid] = decoder;
    }
  }
}

Decoder TypeMap::Of(uint32_t oid) const {
  if (oid < kDense) return dense_[oid];
  const auto found = rest_.find(oid);
  return found == rest_.end() ? Decoder::kText : found->second;
}

namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

/** Reads digits into `value`; false if there is none or there are more than `most`. */
bool ReadDigits(const char** at, const char* end, int most, int64_t* value) {
  const char* start = *at;
  int64_t total = 0;
  while (*at < end && IsDigit(**at)) {
    if (*at - start >= most) return false;
    total = total * 10 + (**at - '0');
    ++*at;
  }
  *value = total;
  return *at > start;
}

bool Skip(const char** at, const char* end, char expected) {
  if (*at >= end || **at != expected) return false;
  ++*at;
  return true;
}

/** Days since 1970-01-01 of a proleptic Gregorian date (Howard Hinnant's days_from_civil). */
int64_t DaysFromCivil(int64_t year, int64_t month, int64_t day) {
  year -= month <= 2 ? 1 : 0;
  const int64_t era = (year >= 0 ? year : year - 399) / 400;
  const int64_t year_of_era = year - era * 400;
  const int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468;
}

double ParseFloatSlowly(const char* text, size_t length) {
  // strtod needs a terminated string and reads the decimal point of the process's locale, which is not ours
  // to set.
  const std::string copy(text, length);
#if defined(_WIN32)
  // Windows' own strtod may be off by a bit: "Incorrectly Rounded Conversions in Visual C++", Exploring
  // Binary. It is asked for what is too large or too small, of which from_chars gives nothing.
  double value = 0;
  if (std::from_chars(text, text + length, value).ec == std::errc()) return value;
  static const _locale_t c_locale = _create_locale(LC_ALL, "C");
  return _strtod_l(copy.c_str(), nullptr, c_locale);
#else
  static const locale_t c_locale = newlocale(LC_ALL_MASK, "C", nullptr);
  return strtod_l(copy.c_str(), nullptr, c_locale);
#endif
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

bool ParseInteger(const char* text, size_t length, int64_t* value) {
  if (length == 0 || length > 20) return false;
  const bool negative = text[0] == '-';
  const size_t start = negative ? 1 : 0;
  if (start == length) return false;
  uint64_t total = 0;
  for (size_t i = start; i < length; ++i) {
    if (!IsDigit(text[i])) return false;
    const auto digit = static_cast<uint64_t>(text[i] - '0');
    if (total > (std::numeric_limits<uint64_t>::max() - digit) / 10) return false;
    total = total * 10 + digit;
  }
  const uint64_t limit = static_cast<uint64_t>(std::numeric_limits<int64_t>::max()) + (negative ? 1 : 0);
  if (total > limit) return false;
  *value = negative ? static_cast<int64_t>(0 - total) : static_cast<int64_t>(total);
  return true;
}

// Up to 15 digits and a power of ten up to 10^22 are exact in double arithmetic (Clinger's fast path), which
// covers nearly every float that a database holds; the rest goes to strtod.
bool ParseFloat(const char* text, size_t length, double* value) {
  static const double kPowers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                   1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  const char* at = text;
  const char* end = text + length;
  const bool negative = at < end && *at == '-';
  if (negative) ++at;
  if (at == end) return false;
  if (!IsDigit(*at) && *at != '.') {
    const std::string word(at, end);
    if (word == "NaN" && !negative) {
      *value = std::numeric_limits<double>::quiet_NaN();
      return true;
    }
    if (word != "Infinity") return false;
    *value = negative ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::infinity();
    return true;
  }
  uint64_t digits = 0;
  int count = 0;
  int scale = 0;
  bool point = false;
  bool any = false;
  for (; at < end; ++at) {
    if (IsDigit(*at)) {
      any = true;
      if (digits != 0 || *at != '0') ++count;
      // Too many to be exact; the rest only has to be well-formed.
      if (count > 18) continue;
      digits = digits * 10 + static_cast<uint64_t>(*at - '0');
      if (point) --scale;
    } else if (*at == '.' && !point) {
      point = true;
    } else {
      break;
    }
  }
  if (!any) return false;
  if (at < end && (*at == 'e' || *at == 'E')) {
    ++at;
    const bool down = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+')) ++at;
    int64_t exponent = 0;
    if (!ReadDigits(&at, end, 4, &exponent) || at != end) return false;
    scale += static_cast<int>(down ? -exponent : exponent);
  } else if (at < end) {
    return false;
  }
  if (count <= 15 && scale >= -22 && scale <= 22) {
    const auto exact = static_cast<double>(digits);
    const double size = scale < 0 ? exact / kPowers[-scale] : exact * kPowers[scale];
    *value = negative ? -size : size;
    return true;
  }
  *value = ParseFloatSlowly(text, length);
  return true;
}

bool ParseTimestamp(const char* text, size_t length, bool zoned, double* milliseconds) {
  const char* at = text;
  const char* end = text + length;
  if (length >= 3 && end[-3] == ' ' && end[-2] == 'B' && end[-1] == 'C') end -= 3;
  const bool before_christ = end != text + length;
  int64_t year = 0;
  int64_t month = 0;
  int64_t day = 0;
  const char* year_start = at;
  if (!ReadDigits(&at, end, 7, &year) || at - year_start < 4 || !Skip(&at, end, '-')) return false;
  if (!ReadDigits(&at, end, 2, &month) || !Skip(&at, end, '-') || !ReadDigits(&at, end, 2, &day))
    return false;
  if (month < 1 || month > 12 || day < 1 || day > 31) return false;
  if (before_christ) year = 1 - year;
  int64_t hours = 0;
  int64_t minutes = 0;
  int64_t seconds = 0;
  int64_t thousandths = 0;
  int64_t offset = 0;
  if (at < end) {
    if (*at != ' ' && *at != 'T') return false;
    ++at;
    if (!ReadDigits(&at, end, 2, &hours) || !Skip(&at, end, ':') || !ReadDigits(&at, end, 2, &minutes) ||
        !Skip(&at, end, ':') || !ReadDigits(&at, end, 2, &seconds)) {
      return false;
    }
    if (at < end && *at == '.') {
      ++at;
      int64_t place = 100;
      if (at == end || !IsDigit(*at)) return false;
      for (; at < end && IsDigit(*at); ++at, place /= 10) thousandths += (*at - '0') * place;
    }
    if (zoned) {
      if (at == end || (*at != '+' && *at != '-')) return false;
      const int64_t sign = *at++ == '-' ? -1 : 1;
      int64_t part = 0;
      if (!ReadDigits(&at, end, 2, &part)) return false;
      offset = part * 3600;
      for (int64_t unit = 60; unit >= 1 && at < end && *at == ':'; unit /= 60) {
        ++at;
        if (!ReadDigits(&at, end, 2, &part)) return false;
        offset += part * unit;
      }
      offset *= sign;
    }
  } else if (zoned) {
    return false;
  }
  if (at != end) return false;
  const int64_t whole =
      DaysFromCivil(year, month, day) * 86400 + hours * 3600 + minutes * 60 + seconds - offset;
  *milliseconds = static_cast<double>(whole) * 1000 + static_cast<double>(thousandths);
  return std::fabs(*milliseconds) <= (zoned ? kDateLimit : kWallClockLimit);
}

bool ParseBytes(const char* text, size_t length, std::vector<uint8_t>* out) {
  if (length >= 2 && text[0] == '\\' && text[1] == 'x') {
    if (length % 2 != 0) return false;
    const size_t start = out->size();
    out->resize(start + length / 2 - 1);
    uint8_t* to = out->data() + start;
    for (size_t i = 2; i < length; i += 2) {
      const int high = HexDigit(text[i]);
      const int low = HexDigit(text[i + 1]);
      if (high < 0 || low < 0) return false;
      *to++ = static_cast<uint8_t>(high * 16 + low);
    }
    return true;
  }
  for (size_t i = 0; i < length; ++i) {
    if (text[i] != '\\') {
      out->push_back(static_cast<uint8_t>(text[i]));
    } else if (i + 1 < length && text[i + 1] == '\\') {
      out->push_back('\\');
      ++i;
    } else if (i + 3 < length && text[i + 1] >= '0' && text[i + 1] <= '3' && text[i + 2] >= '0' &&
               text[i + 2] <= '7' && text[i + 3] >= '0' && text[i + 3] <= '7') {
      out->push_back(
          static_cast<uint8_t>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0')));
      i += 3;
    } else {
      return false;
    }
  }
  return true;
}

}  // namespace kingbase
