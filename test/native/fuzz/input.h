#pragma once
// Cuts a fuzzer's bytes into what a target needs. Past their end everything is 0.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace fuzz {

class Input {
 public:
  Input(const uint8_t* bytes, size_t length) : at_(bytes), left_(length) {}

  size_t left() const { return left_; }

  uint8_t Byte() {
    if (left_ == 0) return 0;
    --left_;
    return *at_++;
  }

  uint32_t Number() {
    uint32_t number = 0;
    for (int i = 0; i < 4; ++i) number = number << 8 | Byte();
    return number;
  }

  /** A number below `limit`. */
  uint32_t Below(uint32_t limit) { return Byte() % limit; }

  /** At most so many bytes, in memory of their own: what reads beyond them is found out. */
  std::string Bytes(size_t most) {
    const size_t length = most < left_ ? most : left_;
    std::string bytes(reinterpret_cast<const char*>(at_), length);
    bytes.shrink_to_fit();
    at_ += length;
    left_ -= length;
    return bytes;
  }

  std::string Rest() { return Bytes(left_); }

 private:
  const uint8_t* at_;
  size_t left_;
};

/** Holds in release builds, too. */
inline void Require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "not true: %s\n", what);
  std::abort();
}

/** A copy that ends where its memory ends, for the address sanitizer. */
class Exact {
 public:
  explicit Exact(const std::string& bytes) : length_(bytes.size()), memory_(new char[bytes.size()]) {
    if (length_ > 0) std::memcpy(memory_, bytes.data(), length_);
  }
  Exact(const Exact&) = delete;
  Exact& operator=(const Exact&) = delete;
  ~Exact() { delete[] memory_; }
  const char* data() const { return memory_; }
  size_t size() const { return length_; }

 private:
  size_t length_;
  char* memory_;
};

}  // namespace fuzz
