// The binary forms of values. Second opinion: their lengths, and for integers and floats the plain way to
// read them.

#include <cmath>
#include <vector>

#include "binary_value.h"
#include "input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t length) {
  using namespace kingbase;
  fuzz::Input input(bytes, length);
  const auto form = static_cast<BinaryForm>(input.Below(13));
  const fuzz::Exact value(input.Rest());

  int64_t integer = 0;
  if (ReadInteger(value.data(), value.size(), &integer)) {
    fuzz::Require(value.size() == 2 || value.size() == 4 || value.size() == 8, "an integer's length");
    uint64_t plain = (static_cast<uint8_t>(value.data()[0]) & 0x80) != 0 ? ~uint64_t{0} : 0;
    for (size_t i = 0; i < value.size(); ++i) plain = plain << 8 | static_cast<uint8_t>(value.data()[i]);
    fuzz::Require(static_cast<int64_t>(plain) == integer, "an integer's value");
  }
  double number = 0;
  if (ReadFloat(value.data(), value.size(), &number)) fuzz::Require(value.size() == 8, "a float's length");
  for (const BinaryForm time : {BinaryForm::kInstant, BinaryForm::kWallClock, BinaryForm::kDate}) {
    if (!ReadMilliseconds(time, value.data(), value.size(), &number)) continue;
    fuzz::Require(value.size() == (time == BinaryForm::kDate ? 4U : 8U), "a time's length");
    fuzz::Require(std::abs(number) <= kDateLimit, "a time that a Date can hold");
  }
  std::vector<char> text = {'x'};
  if (FormatBinary(form, value.data(), value.size(), &text)) {
    fuzz::Require(!text.empty() && text[0] == 'x', "text is added behind what is there");
    // A numeric of one or two base-10000 digits may stand for 131,072 decimal ones, but for no more.
    fuzz::Require(text.size() < 64 + 160000 + 8 * value.size(), "a text's length");
  }
  return 0;
}
