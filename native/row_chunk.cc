#include "row_chunk.h"

#include <cstring>

#include "utf8.h"

namespace kingbase {
namespace {

constexpr int64_t kMaxSafeInteger = 9007199254740991;

void PackText(const char* text, size_t length, Cell* cell, std::vector<uint8_t>* bytes) {
  if (IsAscii(text, length)) {
    cell->kind = CellKind::kLatin1;
    cell->length = static_cast<uint32_t>(length);
    cell->offset = bytes->size();
    bytes->insert(bytes->end(), text, text + length);
    return;
  }
  const size_t start = (bytes->size() + 1) & ~static_cast<size_t>(1);
  bytes->resize(start + length * sizeof(char16_t));
  const size_t units = Utf8ToUtf16(text, length, reinterpret_cast<char16_t*>(bytes->data() + start));
  bytes->resize(start + units * sizeof(char16_t));
  cell->kind = CellKind::kUtf16;
  cell->length = static_cast<uint32_t>(units);
  cell->offset = start;
}

void PackRaw(const uint8_t* data, size_t length, Cell* cell, std::vector<uint8_t>* bytes) {
  cell->kind = CellKind::kBytes;
  cell->length = static_cast<uint32_t>(length);
  cell->offset = bytes->size();
  bytes->insert(bytes->end(), data, data + length);
}

void PackValue(Decoder decoder, const char* text, size_t length, Cell* cell, std::vector<uint8_t>* bytes) {
  switch (decoder) {
    case Decoder::kText:
      break;
    case Decoder::kInteger:
    case Decoder::kBigInt:
    case Decoder::kSafeInteger: {
      int64_t integer = 0;
      if (!ParseInteger(text, length, &integer)) break;
      const bool exact = integer >= -kMaxSafeInteger && integer <= kMaxSafeInteger;
      if (decoder == Decoder::kBigInt || !exact) {
        cell->kind = CellKind::kBigInt;
        cell->integer = integer;
      } else {
        cell->kind = CellKind::kNumber;
        cell->number = static_cast<double>(integer);
      }
      return;
    }
    case Decoder::kFloat:
      if (!ParseFloat(text, length, &cell->number)) break;
      cell->kind = CellKind::kNumber;
      return;
    case Decoder::kBoolean:
      if (length != 1 || (text[0] != 't' && text[0] != 'f')) break;
      cell->kind = text[0] == 't' ? CellKind::kTrue : CellKind::kFalse;
      return;
    case Decoder::kInstant:
    case Decoder::kWallClock:
      if (!ParseTimestamp(text, length, decoder == Decoder::kInstant, &cell->number)) break;
      cell->kind = CellKind::kNumber;
      return;
    case Decoder::kBytes: {
      const size_t start = bytes->size();
      if (!ParseBytes(text, length, bytes)) {
        bytes->resize(start);
        break;
      }
      cell->kind = CellKind::kBytes;
      cell->length = static_cast<uint32_t>(bytes->size() - start);
      cell->offset = start;
      return;
    }
    case Decoder::kBinary:
      PackRaw(reinterpret_cast<const uint8_t*>(text), length, cell, bytes);
      return;
  }
  PackText(text, length, cell, bytes);
}

}  // namespace

int PackRows(const ClientApi& api, const ClientResult* result, const ResultShape& shape, int from,
             RowChunk* chunk) {
  const int rows = api.row_count(result);
  const std::vector<Column>& columns = shape.columns();
  int row = from;
  while (row < rows && !chunk->full()) {
    for (size_t i = 0; i < columns.size(); ++i) {
      const int column = static_cast<int>(i);
      Cell& cell = chunk->cells.emplace_back();
      const int length = api.value_length(result, row, column);
      // An empty value and NULL both have length 0; only then is it worth another call to tell them apart.
      if (length <= 0 && api.value_is_null(result, row, column) != 0) continue;
      PackValue(columns[i].decoder, api.value(result, row, column),
                static_cast<size_t>(length < 0 ? 0 : length), &cell, &chunk->bytes);
    }
    ++chunk->rows;
    ++row;
  }
  return row;
}

std::unique_ptr<RowChunk> ChunkPool::Take() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (free_.empty()) return std::make_unique<RowChunk>();
  std::unique_ptr<RowChunk> chunk = std::move(free_.back());
  free_.pop_back();
  return chunk;
}

void ChunkPool::Give(std::unique_ptr<RowChunk> chunk) {
  if (chunk->bytes.capacity() > kKeptBytes || chunk->cells.capacity() * sizeof(Cell) > kKeptBytes) return;
  chunk->Clear();
  const std::lock_guard<std::mutex> lock(mutex_);
  if (free_.size() < kKept) free_.push_back(std::move(chunk));
}

}  // namespace kingbase
