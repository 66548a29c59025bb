#include "binary_value.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

namespace kingbase {
namespace {

// src/include/catalog/pg_type.dat
constexpr uint32_t kBoolOid = 16;
constexpr uint32_t kByteaOid = 17;
constexpr uint32_t kNameOid = 19;
constexpr uint32_t kInt8Oid = 20;
constexpr uint32_t kInt2Oid = 21;
constexpr uint32_t kInt4Oid = 23;
constexpr uint32_t kTextOid = 25;
constexpr uint32_t kOidOid = 26;
constexpr uint32_t kJsonOid = 114;
constexpr uint32_t kFloat8Oid = 701;
constexpr uint32_t kBpcharOid = 1042;
constexpr uint32_t kVarcharOid = 1043;
constexpr uint32_t kDateOid = 1082;
constexpr uint32_t kTimestampOid = 1114;
constexpr uint32_t kTimestamptzOid = 1184;
constexpr uint32_t kNumericOid = 1700;
constexpr uint32_t kUuidOid = 2950;
constexpr uint32_t kJsonbOid = 3802;

constexpr int64_t kMicrosecondsPerSecond = 1000000;
constexpr int64_t kSecondsPerDay = 86400;
/** Days from 1970 to 2000. */
constexpr int64_t kEpochDays = 10957;

template <typename T>
T Read(const char* data) {
  uint64_t bits = 0;
  for (size_t i = 0; i < sizeof(T); ++i) bits = bits << 8 | static_cast<uint8_t>(data[i]);
  return static_cast<T>(bits);
}

void Append(std::vector<char>* out, const char* text) {
  out->insert(out->end(), text, text + std::strlen(text));
}

/** `least`: digits, filled up with zeros. */
void AppendNumber(std::vector<char>* out, int64_t number, int least) {
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number);
  const auto count = end.ptr - digits.data();
  for (auto i = count; i < least; ++i) out->push_back('0');
  out->insert(out->end(), digits.data(), end.ptr);
}

int64_t DivideDown(int64_t number, int64_t by) { return number / by - (number % by < 0 ? 1 : 0); }

/** A proleptic Gregorian date from days since 1970 (Howard Hinnant's civil_from_days); false after Christ. */
bool AppendDate(std::vector<char>* out, int64_t days) {
  days += 719468;
  const int64_t era = DivideDown(days, 146097);
  const int64_t day_of_era = days - era * 146097;
  const int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t shifted = (5 * day_of_year + 2) / 153;
  const int64_t day = day_of_year - (153 * shifted + 2) / 5 + 1;
  const int64_t month = shifted < 10 ? shifted + 3 : shifted - 9;
  const int64_t year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);
  AppendNumber(out, year > 0 ? year : 1 - year, 4);
  out->push_back('-');
  AppendNumber(out, month, 2);
  out->push_back('-');
  AppendNumber(out, day, 2);
  return year <= 0;
}

bool FormatTime(bool zoned, const char* data, size_t length, std::vector<char>* out) {
  if (length != 8) return false;
  const auto value = Read<int64_t>(data);
  if (value == std::numeric_limits<int64_t>::max() || value == std::numeric_limits<int64_t>::min()) {
    Append(out, value > 0 ? "infinity" : "-infinity");
    return true;
  }
  const int64_t whole = DivideDown(value, kMicrosecondsPerSecond);
  // Not by multiplying, which has no room near the ends.
  int64_t fraction = value % kMicrosecondsPerSecond;
  if (fraction < 0) fraction += kMicrosecondsPerSecond;
  const int64_t days = DivideDown(whole, kSecondsPerDay);
  const int64_t seconds = whole - days * kSecondsPerDay;
  const bool before_christ = AppendDate(out, days + kEpochDays);
  out->push_back(' ');
  AppendNumber(out, seconds / 3600, 2);
  out->push_back(':');
  AppendNumber(out, seconds / 60 % 60, 2);
  out->push_back(':');
  AppendNumber(out, seconds % 60, 2);
  if (fraction != 0) {
    int digits = 6;
    for (; fraction % 10 == 0; fraction /= 10) --digits;
    out->push_back('.');
    AppendNumber(out, fraction, digits);
  }
  if (zoned) Append(out, "+00");
  if (before_christ) Append(out, " BC");
  return true;
}

bool FormatDate(const char* data, size_t length, std::vector<char>* out) {
  if (length != 4) return false;
  const auto value = Read<int32_t>(data);
  if (value == std::numeric_limits<int32_t>::max() || value == std::numeric_limits<int32_t>::min()) {
    Append(out, value > 0 ? "infinity" : "-infinity");
    return true;
  }
  if (AppendDate(out, value + kEpochDays)) Append(out, " BC");
  return true;
}

char* WriteGroup(char* to, int digits) {
  to[0] = static_cast<char>('0' + digits / 1000);
  to[1] = static_cast<char>('0' + digits / 100 % 10);
  to[2] = static_cast<char>('0' + digits / 10 % 10);
  to[3] = static_cast<char>('0' + digits % 10);
  return to + 4;
}

/** Without leading zeros. */
char* WriteFirstGroup(char* to, int digits) {
  std::array<char, 4> group{};
  WriteGroup(group.data(), digits);
  const size_t zeros = digits >= 1000 ? 0 : digits >= 100 ? 1 : digits >= 10 ? 2 : 3;
  return std::copy(group.begin() + zeros, group.end(), to);
}

/** numeric_out: as many decimals as the value says (dscale), from digits in base 10,000. */
bool FormatNumeric(const char* data, size_t length, std::vector<char>* out) {
  constexpr size_t kHeader = 8;
  constexpr uint16_t kNegative = 0x4000;
  if (length < kHeader) return false;
  const auto count = Read<uint16_t>(data);
  const int weight = Read<int16_t>(data + 2);
  const auto sign = Read<uint16_t>(data + 4);
  const int decimals = Read<uint16_t>(data + 6);
  if (length != kHeader + size_t{2} * count || decimals > 0x3FFF) return false;
  switch (sign) {
    case 0:
    case kNegative:
      break;
    case 0xC000:
      Append(out, "NaN");
      return true;
    case 0xD000:
      Append(out, "Infinity");
      return true;
    case 0xF000:
      Append(out, "-Infinity");
      return true;
    default:
      return false;
  }
  const auto digit = [&](int at) -> int {
    return at >= 0 && at < count ? Read<uint16_t>(data + kHeader + size_t{2} * static_cast<size_t>(at)) : 0;
  };
  for (int i = 0; i < count; ++i) {
    if (digit(i) >= 10000) return false;
  }
  const size_t start = out->size();
  const auto whole = static_cast<size_t>(std::max(weight, 0)) + 1;
  // The last group of decimals may have three more than are asked for.
  out->resize(start + 1 + 4 * whole + 1 + static_cast<size_t>(decimals) + 3);
  char* to = out->data() + start;
  if (sign == kNegative) *to++ = '-';
  to = WriteFirstGroup(to, weight >= 0 ? digit(0) : 0);
  for (int at = 1; at <= weight; ++at) to = WriteGroup(to, digit(at));
  if (decimals > 0) {
    *to++ = '.';
    char* end = to + decimals;
    for (int at = weight + 1; to < end; ++at) to = WriteGroup(to, digit(at));
    to = end;
  }
  out->resize(static_cast<size_t>(to - out->data()));
  return true;
}

void FormatUuid(const char* data, std::vector<char>* out) {
  static constexpr char kDigits[] = "0123456789abcdef";
  for (size_t i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out->push_back('-');
    const auto byte = static_cast<uint8_t>(data[i]);
    out->push_back(kDigits[byte >> 4]);
    out->push_back(kDigits[byte & 15]);
  }
}

}  // namespace

BinaryForm BinaryFormOf(uint32_t type, Decoder decoder) {
  const bool text = decoder == Decoder::kText;
  const auto only = [](bool right, BinaryForm form) { return right ? form : BinaryForm::kNone; };
  switch (type) {
    case kBoolOid:
      return only(decoder == Decoder::kBoolean, BinaryForm::kBoolean);
    case kInt2Oid:
    case kInt4Oid:
    case kInt8Oid:
      return only(text || decoder == Decoder::kInteger || decoder == Decoder::kBigInt ||
                      decoder == Decoder::kSafeInteger,
                  BinaryForm::kInteger);
    case kOidOid:
      return only(text || decoder == Decoder::kInteger, BinaryForm::kOid);
    case kFloat8Oid:
      return only(decoder == Decoder::kFloat, BinaryForm::kFloat);
    case kNumericOid:
      return only(text || decoder == Decoder::kFloat, BinaryForm::kNumeric);
    case kTextOid:
    case kVarcharOid:
    case kBpcharOid:
    case kNameOid:
    case kJsonOid:
      return only(text, BinaryForm::kText);
    case kJsonbOid:
      return only(text, BinaryForm::kJsonb);
    case kUuidOid:
      return only(text, BinaryForm::kUuid);
    case kByteaOid:
      return only(decoder == Decoder::kBytes, BinaryForm::kBytes);
    case kTimestamptzOid:
      return only(decoder == Decoder::kInstant, BinaryForm::kInstant);
    case kTimestampOid:
      return only(decoder == Decoder::kWallClock, BinaryForm::kWallClock);
    case kDateOid:
      return only(text || decoder == Decoder::kWallClock, BinaryForm::kDate);
    default:
      return BinaryForm::kNone;
  }
}

bool ReadInteger(const char* data, size_t length, int64_t* value) {
  switch (length) {
    case 2:
      *value = Read<int16_t>(data);
      return true;
    case 4:
      *value = Read<int32_t>(data);
      return true;
    case 8:
      *value = Read<int64_t>(data);
      return true;
    default:
      return false;
  }
}

bool ReadFloat(const char* data, size_t length, double* value) {
  if (length != 8) return false;
  const auto bits = Read<uint64_t>(data);
  std::memcpy(value, &bits, sizeof(bits));
  return true;
}

bool ReadMilliseconds(BinaryForm form, const char* data, size_t length, double* milliseconds) {
  if (form == BinaryForm::kDate) {
    if (length != 4) return false;
    *milliseconds = static_cast<double>(Read<int32_t>(data) + kEpochDays) * kSecondsPerDay * 1000;
  } else {
    if (length != 8) return false;
    const int64_t whole = DivideDown(Read<int64_t>(data), 1000);
    *milliseconds = static_cast<double>(whole + kEpochDays * kSecondsPerDay * 1000);
  }
  return std::fabs(*milliseconds) <= (form == BinaryForm::kInstant ? kDateLimit : kWallClockLimit);
}

bool FormatBinary(BinaryForm form, const char* data, size_t length, std::vector<char>* out) {
  switch (form) {
    case BinaryForm::kInteger: {
      int64_t integer = 0;
      if (!ReadInteger(data, length, &integer)) return false;
      AppendNumber(out, integer, 1);
      return true;
    }
    case BinaryForm::kOid:
      if (length != 4) return false;
      AppendNumber(out, Read<uint32_t>(data), 1);
      return true;
    case BinaryForm::kNumeric:
      return FormatNumeric(data, length, out);
    case BinaryForm::kUuid:
      if (length != 16) return false;
      FormatUuid(data, out);
      return true;
    case BinaryForm::kInstant:
    case BinaryForm::kWallClock:
      return FormatTime(form == BinaryForm::kInstant, data, length, out);
    case BinaryForm::kDate:
      return FormatDate(data, length, out);
    default:
      return false;
  }
}

}  // namespace kingbase
