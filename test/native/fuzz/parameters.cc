// Records of parameters, as JavaScript writes them: what is taken must point into what was given.

#include <vector>

#include "command.h"
#include "input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t length) {
  using namespace kingbase;
  static ParameterBlock block;  // used again and again, as by a connection
  fuzz::Input input(bytes, length);
  const uint32_t count = input.Below(16) == 15 ? input.Number() % 70000 : input.Below(8);
  std::vector<std::string> lent_bytes;
  for (uint32_t i = input.Below(4); i > 0; --i) lent_bytes.push_back(input.Bytes(input.Byte()));
  std::vector<Piece> lent;
  for (const std::string& piece : lent_bytes)
    lent.push_back({reinterpret_cast<const uint8_t*>(piece.data()), piece.size()});
  block.Lend(std::move(lent));
  const fuzz::Exact records(input.Rest());
  if (!block.Assign(reinterpret_cast<const uint8_t*>(records.data()), records.size(), count)) {
    block.Clear();
    return 0;
  }
  fuzz::Require(block.count() == static_cast<int>(count), "as many as there should be");
  unsigned sum = 0;
  for (int i = 0; i < block.count(); ++i) {
    if (block.types() != nullptr) sum += block.types()[i];
    fuzz::Require(block.formats()[i] == 0 || block.formats()[i] == 1, "a format");
    const char* value = block.values()[i];
    for (int at = 0; value != nullptr && at < block.lengths()[i]; ++at)
      sum += static_cast<uint8_t>(value[at]);
  }
  static volatile unsigned sink = 0;
  sink = sum;
  block.Clear();
  return 0;
}
