#pragma once
// Rows packed on the thread that read them, on their way to the JavaScript thread: a table of small
// fixed-size cells and one run of bytes for what does not fit in a cell. A packed value needs no more
// parsing; making a JavaScript value of it is one Node-API call.

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "client_api.h"
#include "result_shape.h"

namespace kingbase {

enum class CellKind : uint8_t { kNull, kFalse, kTrue, kNumber, kBigInt, kLatin1, kUtf16, kBytes };

struct Cell {
  CellKind kind = CellKind::kNull;
  /** Of a string: code units; of bytes: bytes. */
  uint32_t length = 0;
  union {
    double number;
    int64_t integer;
    /** Where the bytes begin in `RowChunk::bytes`. */
    uint64_t offset;
  };
  Cell() : offset(0) {}
};

/** About how many packed bytes go to the JavaScript thread at once: large enough to make crossings rare,
 * small enough that building the rows does not hold up the event loop. */
constexpr size_t kChunkBytes = 96 * 1024;
constexpr uint32_t kChunkRows = 500;
constexpr size_t kChunkCells = 16 * 1024;

struct RowChunk {
  std::vector<Cell> cells;
  std::vector<uint8_t> bytes;
  uint32_t rows = 0;

  bool full() const {
    return rows >= kChunkRows || cells.size() >= kChunkCells || bytes.size() >= kChunkBytes;
  }
  size_t size() const { return cells.size() * sizeof(Cell) + bytes.size(); }
  void Clear() {
    cells.clear();
    bytes.clear();
    rows = 0;
  }
};

/**
 * Appends rows [from, row count) of the result until the chunk is full; returns the first row that did not go
 * in.
 */
int PackRows(const ClientApi& api, const ClientResult* result, const ResultShape& shape, int from,
             RowChunk* chunk);

/** Used chunks, kept to be used again. Any thread; locks itself. */
class ChunkPool {
 public:
  std::unique_ptr<RowChunk> Take();
  void Give(std::unique_ptr<RowChunk> chunk);

 private:
  static constexpr size_t kKept = 32;
  static constexpr size_t kKeptBytes = 4 * kChunkBytes;
  std::mutex mutex_;
  std::vector<std::unique_ptr<RowChunk>> free_;
};

}  // namespace kingbase
