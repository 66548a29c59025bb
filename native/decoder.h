#pragma once
// From the server's text to a plain value: one kind per column, chosen by its type's OID. Functions without
// state.

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

namespace kingbase {

/** Twin of `Decoder` in lib/addon/interface.ts, where the meanings are written. */
enum class Decoder : uint8_t {
  kText = 0,
  kInteger = 1,
  kBigInt = 2,
  kSafeInteger = 3,
  kFloat = 4,
  kBoolean = 5,
  kInstant = 6,
  kWallClock = 7,
  kBytes = 8,
};

/** Which decoder each type has; everything not listed is text. Immutable once made, so any thread may read
 * it. */
class TypeMap {
 public:
  explicit TypeMap(const std::vector<uint32_t>& pairs);
  Decoder Of(uint32_t oid) const;

 private:
  static constexpr uint32_t kDense = 4096;
  std::vector<Decoder> dense_;
  std::unordered_map<uint32_t, Decoder> rest_;
};

bool ParseInteger(const char* text, size_t length, int64_t* value);
bool ParseFloat(const char* text, size_t length, double* value);

/** Largest distance from 1970 that a JavaScript Date can hold, in milliseconds. */
constexpr double kDateLimit = 8.64e15;
/** The same for a time without a zone, which some zone may move by most of a day. */
constexpr double kWallClockLimit = kDateLimit - 86400000;

/**
 * ISO date or timestamp (`2024-02-29 12:34:56.789012+08`, ` BC`) to milliseconds since 1970. With `zoned` an
 * offset is required and applied; without it none may be there and the time is counted as if it were UTC.
 * False for everything else: infinity, another DateStyle, years beyond a JavaScript Date.
 */
bool ParseTimestamp(const char* text, size_t length, bool zoned, double* milliseconds);

/** bytea in hex (`\x…`) or escape form, appended to `out`. False if it is neither. */
bool ParseBytes(const char* text, size_t length, std::vector<uint8_t>* out);

}  // namespace kingbase
