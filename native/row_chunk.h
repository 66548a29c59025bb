#pragma once
// Rows packed on the thread that read them, on their way to the JavaScript thread: for each value its kind
// and one cell of eight bytes, in the layout that the JavaScript side reads (lib/types/packed-rows.ts), and
// runs of text and bytes for what does not fit in a cell. A packed value needs no more parsing.

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "client_api.h"
#include "result_shape.h"

namespace kingbase {

/** Twin of `CellKind` in lib/types/packed-rows.ts. */
enum class CellKind : uint8_t {
  kNull = 0,
  kFalse = 1,
  kTrue = 2,
  kNumber = 3,
  kBigInt = 4,
  /** A part of the group's ASCII text: from `begin` to `end`. */
  kAscii = 5,
  /** The same of its UTF-16 text. */
  kUtf16 = 6,
  /** The same of its bytes. */
  kBytes = 7,
  kInteger = 8,
};

struct Range {
  uint32_t begin;
  uint32_t end;
};

union Cell {
  double number;
  int64_t bigint;
  int32_t integer;
  Range range;
};
static_assert(sizeof(Cell) == 8, "the JavaScript side reads cells as 64-bit numbers");

/** About how many packed bytes go to the JavaScript thread at once: large enough to make crossings rare,
 * small enough that building the rows does not hold up the event loop. */
constexpr size_t kChunkBytes = 96 * 1024;
constexpr uint32_t kChunkRows = 500;
constexpr size_t kChunkCells = 16 * 1024;

/**
 * Rows that follow one another and are built alike. The strings of a plain group are cut from one string for
 * the whole group, which V8 keeps alive for as long as one of them (SlicedString), so that must stay small,
 * and a value that is large or no string has no place in it.
 */
struct RowGroup {
  bool plain = true;
  uint32_t rows = 0;
  size_t first_cell = 0;
  /** Where the group's text begins in the chunk's. */
  size_t ascii = 0;
  size_t utf16 = 0;
  size_t bytes = 0;
};

/** A longer value gets a string of its own. */
constexpr size_t kLongestSlice = 256;
/** Characters that a plain group may have before it gets another row. */
constexpr size_t kGroupText = 4096;
constexpr uint32_t kGroupRows = 128;
/** Beyond this a group ends after its row. */
constexpr size_t kGroupCells = 2048;

struct RowChunk {
  std::vector<CellKind> kinds;
  std::vector<Cell> cells;
  std::vector<char> ascii;
  std::vector<char16_t> utf16;
  std::vector<uint8_t> bytes;
  std::vector<RowGroup> groups;
  uint32_t rows = 0;
  /** How many bytes the rows had in the protocol's form, about. */
  size_t wire = 0;
  /** The same of the widest row. */
  size_t widest = 0;

  size_t size() const {
    return cells.size() * (sizeof(Cell) + 1) + ascii.size() + utf16.size() * sizeof(char16_t) + bytes.size();
  }
  bool full() const { return rows >= kChunkRows || cells.size() >= kChunkCells || size() >= kChunkBytes; }
  size_t capacity() const {
    return cells.capacity() * (sizeof(Cell) + 1) + ascii.capacity() + utf16.capacity() * sizeof(char16_t) +
           bytes.capacity();
  }
  void Clear();
  /** Takes out what has been added since it ended at `end`: part of a row. */
  void CutBack(const RowGroup& end, size_t wire_before);
};

/**
 * Appends rows [from, row count) of the result until the chunk is full; returns the first row that did not go
 * in. `malformed` becomes true where that is because it has a value in binary form that is not what its
 * type's form is known to be.
 */
int PackRows(const ClientApi& api, const ClientResult* result, const ResultShape& shape, int from,
             RowChunk* chunk, bool* malformed);

/** Used chunks, kept to be used again. Any thread; locks itself. */
class ChunkPool {
 public:
  std::unique_ptr<RowChunk> Take();
  void Give(std::unique_ptr<RowChunk> chunk);
  /** Empties `chunks`, too. */
  void GiveAll(std::vector<std::unique_ptr<RowChunk>>* chunks);

 private:
  static constexpr size_t kKept = 32;
  static constexpr size_t kKeptBytes = 4 * kChunkBytes;
  std::mutex mutex_;
  std::vector<std::unique_ptr<RowChunk>> free_;
};

}  // namespace kingbase
