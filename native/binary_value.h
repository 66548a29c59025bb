#pragma once
// From the server's binary form of a value to a plain one. The forms are those of the send functions of
// PostgreSQL 12, KingbaseES's kernel (src/backend/utils/adt: int8send, float8send, numeric_send,
// timestamptz_send, date_send, jsonb_send, uuid_send); all of them are in network byte order. Functions
// without state.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "decoder.h"

namespace kingbase {

enum class BinaryForm : uint8_t {
  /** Not known, or not to be read as its column's decoder asks for: the bytes as they are. */
  kNone,
  kBoolean,
  /** Of two, four or eight bytes. */
  kInteger,
  /** Unsigned, of four bytes. */
  kOid,
  /** Of eight bytes: a float of four has more digits as a number than its text. */
  kFloat,
  kNumeric,
  /** The same as the text. */
  kText,
  kJsonb,
  kUuid,
  kBytes,
  /** Microseconds since 2000, UTC or wall-clock time. */
  kInstant,
  kWallClock,
  /** Days since 2000. */
  kDate,
};

/** Twin of `readsBinary` in lib/types/binary-results.ts: binary results are asked for only where that says
 * so. */
BinaryForm BinaryFormOf(uint32_t type, Decoder decoder);

// Each gives false where the value does not have the form.

bool ReadInteger(const char* data, size_t length, int64_t* value);
bool ReadFloat(const char* data, size_t length, double* value);
/** Also false for what a JavaScript Date cannot hold: infinity and far-off years. `form` is a time or kDate.
 */
bool ReadMilliseconds(BinaryForm form, const char* data, size_t length, double* milliseconds);
/** Appends the text that the server would have sent; an instant in UTC, since its session's zone is not
 * known. */
bool FormatBinary(BinaryForm form, const char* data, size_t length, std::vector<char>* out);

}  // namespace kingbase
