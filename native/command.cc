#include "command.h"

#include <cstring>
#include <utility>

namespace kingbase {

bool ParameterBlock::Assign(const uint8_t* bytes, size_t length, uint32_t count) {
  constexpr size_t kHeader = 9;
  constexpr uint8_t kBinary = 1;
  constexpr uint8_t kLent = 2;
  const std::vector<Piece> lent = std::exchange(lent_, {});
  size_t next_lent = 0;
  Clear();
  if (length == 0 && count > 0) return lent.size() == 1 && AssignFields(lent[0], count);
  bytes_.assign(bytes, bytes + length);
  size_t at = 0;
  for (uint32_t i = 0; i < count; ++i) {
    if (length - at < kHeader) return false;
    int32_t size = 0;
    uint32_t type = 0;
    std::memcpy(&size, bytes_.data() + at, 4);
    std::memcpy(&type, bytes_.data() + at + 4, 4);
    const uint8_t flags = bytes_[at + 8];
    const int format = (flags & kBinary) != 0 ? 1 : 0;
    at += kHeader;
    const char* value = nullptr;
    if ((flags & kLent) != 0) {
      if (next_lent == lent.size() || format == 0) return false;
      const Piece& piece = lent[next_lent++];
      if (piece.bytes == nullptr || size < 0 || piece.length != static_cast<size_t>(size)) return false;
      value = reinterpret_cast<const char*>(piece.bytes);
      lent_size_ += piece.length;
    } else if (size >= 0) {
      // The value and the zero byte after it: the library reads text values up to that byte, whatever their
      // length.
      if (length - at < static_cast<size_t>(size) + 1 || bytes_[at + static_cast<size_t>(size)] != 0)
        return false;
      value = reinterpret_cast<const char*>(bytes_.data() + at);
      at += static_cast<size_t>(size) + 1;
    }
    types_.push_back(type);
    typed_ = typed_ || type != 0;
    values_.push_back(value);
    lengths_.push_back(size < 0 ? 0 : size);
    formats_.push_back(format);
  }
  return at == length && next_lent == lent.size();
}

bool ParameterBlock::AssignFields(const Piece& piece, uint32_t count) {
  const auto [bytes, length] = piece;
  size_t at = 0;
  formats_.assign(count, 1);
  values_.reserve(count);
  lengths_.reserve(count);
  for (uint32_t i = 0; i < count; ++i) {
    if (length - at < 4) return false;
    const uint8_t* head = bytes + at;
    const auto size =
        static_cast<int32_t>(static_cast<uint32_t>(head[0]) << 24 | head[1] << 16 | head[2] << 8 | head[3]);
    at += 4;
    if (size >= 0 && length - at < static_cast<size_t>(size)) return false;
    values_.push_back(size >= 0 ? reinterpret_cast<const char*>(bytes + at) : nullptr);
    lengths_.push_back(size >= 0 ? size : 0);
    if (size >= 0) at += static_cast<size_t>(size);
  }
  lent_size_ = length;
  return at == length;
}

void ParameterBlock::Clear() {
  if (bytes_.capacity() > kKeptBytes) {
    *this = ParameterBlock();
    return;
  }
  bytes_.clear();
  lent_size_ = 0;
  types_.clear();
  typed_ = false;
  values_.clear();
  lengths_.clear();
  formats_.clear();
}

}  // namespace kingbase
