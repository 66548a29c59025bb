#include "row_chunk.h"

#include <algorithm>
#include <limits>

#include "binary_value.h"
#include "utf8.h"

namespace kingbase {
namespace {

/** Packs the values of one row, whose cells are there already. */
class RowPacker {
 public:
  RowPacker(RowChunk* chunk, const RowGroup& group, size_t first)
      : chunk_(chunk),
        group_(group),
        kind_(chunk->kinds.data() + first),
        cell_(chunk->cells.data() + first) {}

  /** Whether the row can be in a plain group. */
  bool plain() const { return plain_; }

  void Null() { Put(CellKind::kNull); }

  void Text(Decoder decoder, const char* text, size_t length) {
    switch (decoder) {
      case Decoder::kText:
        break;
      case Decoder::kInteger:
      case Decoder::kBigInt:
      case Decoder::kSafeInteger: {
        int64_t integer = 0;
        if (!ParseInteger(text, length, &integer)) break;
        Integer(decoder, integer);
        return;
      }
      case Decoder::kFloat: {
        double number = 0;
        if (!ParseFloat(text, length, &number)) break;
        Number(number);
        return;
      }
      case Decoder::kBoolean:
        if (length != 1 || (text[0] != 't' && text[0] != 'f')) break;
        Boolean(text[0] == 't');
        return;
      case Decoder::kInstant:
      case Decoder::kWallClock: {
        double milliseconds = 0;
        if (!ParseTimestamp(text, length, decoder == Decoder::kInstant, &milliseconds)) break;
        Number(milliseconds);
        return;
      }
      case Decoder::kBytes: {
        std::vector<uint8_t>& bytes = chunk_->bytes;
        const size_t start = bytes.size();
        if (!ParseBytes(text, length, &bytes)) {
          bytes.resize(start);
          break;
        }
        PutRange(CellKind::kBytes, start - group_.bytes, bytes.size() - group_.bytes);
        plain_ = false;
        return;
      }
    }
    String(text, length);
  }

  /** False, and NULL, where the value does not have that form. */
  bool Binary(BinaryForm form, Decoder decoder, const char* data, size_t length) {
    int64_t integer = 0;
    double number = 0;
    switch (form) {
      case BinaryForm::kNone:
      case BinaryForm::kBytes:
        Bytes(data, length);
        return true;
      case BinaryForm::kText:
        String(data, length);
        return true;
      case BinaryForm::kJsonb:
        if (length == 0 || data[0] != 1) break;
        String(data + 1, length - 1);
        return true;
      case BinaryForm::kBoolean:
        if (length != 1) break;
        Boolean(data[0] != 0);
        return true;
      case BinaryForm::kInteger:
        if (decoder == Decoder::kText) return Formatted(form, decoder, data, length);
        if (!ReadInteger(data, length, &integer)) break;
        Integer(decoder, integer);
        return true;
      case BinaryForm::kFloat:
        if (!ReadFloat(data, length, &number)) break;
        Number(number);
        return true;
      case BinaryForm::kInstant:
      case BinaryForm::kWallClock:
      case BinaryForm::kDate:
        if (decoder != Decoder::kText && ReadMilliseconds(form, data, length, &number)) {
          Number(number);
          return true;
        }
        return Formatted(form, Decoder::kText, data, length);
      case BinaryForm::kOid:
      case BinaryForm::kNumeric:
      case BinaryForm::kUuid:
        return Formatted(form, decoder, data, length);
    }
    Null();
    return false;
  }

 private:
  void Put(CellKind kind) {
    *kind_++ = kind;
    ++cell_;
  }

  void PutRange(CellKind kind, size_t begin, size_t end) {
    cell_->range = {static_cast<uint32_t>(begin), static_cast<uint32_t>(end)};
    Put(kind);
  }

  void Integer(Decoder decoder, int64_t integer) {
    constexpr int64_t kMaxSafeInteger = 9007199254740991;
    const bool exact = integer >= -kMaxSafeInteger && integer <= kMaxSafeInteger;
    if (decoder == Decoder::kBigInt || !exact) {
      cell_->bigint = integer;
      Put(CellKind::kBigInt);
    } else if (integer >= std::numeric_limits<int32_t>::min() &&
               integer <= std::numeric_limits<int32_t>::max()) {
      cell_->integer = static_cast<int32_t>(integer);
      Put(CellKind::kInteger);
    } else {
      Number(static_cast<double>(integer));
    }
  }

  void Number(double number) {
    cell_->number = number;
    Put(CellKind::kNumber);
  }

  void Boolean(bool boolean) { Put(boolean ? CellKind::kTrue : CellKind::kFalse); }

  void Bytes(const char* data, size_t length) {
    std::vector<uint8_t>& bytes = chunk_->bytes;
    const size_t start = bytes.size() - group_.bytes;
    bytes.insert(bytes.end(), data, data + length);
    PutRange(CellKind::kBytes, start, start + length);
    plain_ = false;
  }

  void String(const char* text, size_t length) {
    if (length > kLongestSlice) plain_ = false;
    if (IsAscii(text, length)) {
      std::vector<char>& ascii = chunk_->ascii;
      const size_t start = ascii.size() - group_.ascii;
      ascii.insert(ascii.end(), text, text + length);
      PutRange(CellKind::kAscii, start, start + length);
      return;
    }
    std::vector<char16_t>& utf16 = chunk_->utf16;
    const size_t start = utf16.size();
    utf16.resize(start + length);
    const size_t units = Utf8ToUtf16(text, length, utf16.data() + start);
    utf16.resize(start + units);
    PutRange(CellKind::kUtf16, start - group_.utf16, start - group_.utf16 + units);
  }

  bool Formatted(BinaryForm form, Decoder decoder, const char* data, size_t length) {
    std::vector<char>& ascii = chunk_->ascii;
    const size_t start = ascii.size();
    if (!FormatBinary(form, data, length, &ascii)) {
      ascii.resize(start);
      Null();
      return false;
    }
    const size_t end = ascii.size();
    if (decoder != Decoder::kText) {
      double number = 0;
      int64_t integer = 0;
      const char* text = ascii.data() + start;
      if (decoder == Decoder::kFloat && ParseFloat(text, end - start, &number)) {
        Number(number);
      } else if (ParseInteger(text, end - start, &integer)) {
        Integer(decoder, integer);
      } else {
        Null();
      }
      ascii.resize(start);
      return true;
    }
    if (end - start > kLongestSlice) plain_ = false;
    PutRange(CellKind::kAscii, start - group_.ascii, end - group_.ascii);
    return true;
  }

  RowChunk* chunk_;
  const RowGroup& group_;
  CellKind* kind_;
  Cell* cell_;
  bool plain_ = true;
};

RowGroup NewGroup(const RowChunk& chunk) {
  RowGroup group;
  group.first_cell = chunk.cells.size();
  group.ascii = chunk.ascii.size();
  group.utf16 = chunk.utf16.size();
  group.bytes = chunk.bytes.size();
  return group;
}

bool IsFull(const RowChunk& chunk, const RowGroup& group) {
  // Rows that are built one by one share neither the cells nor a text.
  if (!group.plain) return false;
  return group.rows >= kGroupRows || chunk.cells.size() - group.first_cell >= kGroupCells ||
         chunk.ascii.size() - group.ascii + chunk.utf16.size() - group.utf16 >= kGroupText;
}

/** Begins a group with the row that was packed last, as a part of the group `from`. */
void Split(RowChunk* chunk, const RowGroup& from, RowGroup start) {
  for (size_t i = start.first_cell; i < chunk->cells.size(); ++i) {
    size_t moved = 0;
    switch (chunk->kinds[i]) {
      case CellKind::kAscii:
        moved = start.ascii - from.ascii;
        break;
      case CellKind::kUtf16:
        moved = start.utf16 - from.utf16;
        break;
      case CellKind::kBytes:
        moved = start.bytes - from.bytes;
        break;
      default:
        continue;
    }
    Range& range = chunk->cells[i].range;
    range.begin -= static_cast<uint32_t>(moved);
    range.end -= static_cast<uint32_t>(moved);
  }
  chunk->groups.push_back(start);
}

}  // namespace

void RowChunk::Clear() {
  kinds.clear();
  cells.clear();
  ascii.clear();
  utf16.clear();
  bytes.clear();
  groups.clear();
  rows = 0;
  wire = 0;
  widest = 0;
}

void RowChunk::CutBack(const RowGroup& end, size_t wire_before) {
  kinds.resize(end.first_cell);
  cells.resize(end.first_cell);
  ascii.resize(end.ascii);
  utf16.resize(end.utf16);
  bytes.resize(end.bytes);
  if (groups.back().rows == 0) groups.pop_back();
  wire = wire_before;
}

int PackRows(const ClientApi& api, const ClientResult* result, const ResultShape& shape, int from,
             RowChunk* chunk, bool* malformed) {
  const int rows = api.row_count(result);
  const std::vector<Column>& columns = shape.columns();
  int row = from;
  while (row < rows && !chunk->full()) {
    if (chunk->groups.empty() || IsFull(*chunk, chunk->groups.back()))
      chunk->groups.push_back(NewGroup(*chunk));
    const RowGroup start = NewGroup(*chunk);
    const size_t before = chunk->wire;
    chunk->kinds.resize(start.first_cell + columns.size());
    chunk->cells.resize(start.first_cell + columns.size());
    RowPacker packer(chunk, chunk->groups.back(), start.first_cell);
    bool whole = true;
    for (size_t i = 0; i < columns.size(); ++i) {
      const int column = static_cast<int>(i);
      const int length = api.value_length(result, row, column);
      // An empty value and NULL both have length 0; only then is it worth another call to tell them apart.
      if (length <= 0 && api.value_is_null(result, row, column) != 0) {
        packer.Null();
        continue;
      }
      const char* value = api.value(result, row, column);
      const size_t size = length < 0 ? 0 : static_cast<size_t>(length);
      chunk->wire += size;
      if (columns[i].format == 0) {
        packer.Text(columns[i].decoder, value, size);
      } else if (!packer.Binary(columns[i].form, columns[i].decoder, value, size)) {
        whole = false;
      }
    }
    if (!whole) {
      *malformed = true;
      chunk->CutBack(start, before);
      return row;
    }
    RowGroup& group = chunk->groups.back();
    if (group.rows == 0) group.plain = packer.plain();
    if (group.plain != packer.plain()) Split(chunk, group, start);
    chunk->groups.back().plain = packer.plain();
    ++chunk->groups.back().rows;
    ++chunk->rows;
    // A header for the row, a length for each value.
    chunk->wire += 7 + 4 * columns.size();
    chunk->widest = std::max(chunk->widest, chunk->wire - before);
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
  if (chunk->capacity() > kKeptBytes) return;
  chunk->Clear();
  const std::lock_guard<std::mutex> lock(mutex_);
  if (free_.size() < kKept) free_.push_back(std::move(chunk));
}

void ChunkPool::GiveAll(std::vector<std::unique_ptr<RowChunk>>* chunks) {
  if (chunks->empty()) return;
  for (const auto& chunk : *chunks) chunk->Clear();
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (auto& chunk : *chunks) {
      if (free_.size() < kKept && chunk->capacity() <= kKeptBytes) free_.push_back(std::move(chunk));
    }
  }
  chunks->clear();
}

}  // namespace kingbase
