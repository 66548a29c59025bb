// PackRows over a result made of the fuzzer's bytes: any types, formats and values. What comes out must lie
// within the chunk, as the JavaScript side takes for granted.

#include <memory>
#include <vector>

#include "input.h"
#include "row_chunk.h"

namespace kingbase {

struct ClientResult {
  struct Field {
    bool null = false;
    std::unique_ptr<fuzz::Exact> value;
  };
  std::vector<ClientOid> types;
  std::vector<int> formats;
  std::vector<Field> fields;
  int rows = 0;

  const Field& At(int row, int column) const {
    return fields[static_cast<size_t>(row) * types.size() + static_cast<size_t>(column)];
  }
};

namespace {

// One of each that the core has a form or a decoder for, then some others.
constexpr ClientOid kTypes[] = {16,  17,   18,   19,   20,   21,   23,   25,   26,   114,  142,  600, 700,
                                701, 1042, 1043, 1082, 1083, 1114, 1184, 1186, 1700, 2950, 3802, 705, 90000};

ClientApi FakeApi() {
  ClientApi api;
  api.row_count = [](const ClientResult* result) { return result->rows; };
  api.column_count = [](const ClientResult* result) { return static_cast<int>(result->types.size()); };
  api.column_name = [](const ClientResult*, int) { return "name"; };
  api.column_table = [](const ClientResult*, int) { return ClientOid{0}; };
  api.column_number = [](const ClientResult*, int) { return 0; };
  api.column_format = [](const ClientResult* result, int column) {
    return result->formats[static_cast<size_t>(column)];
  };
  api.column_type = [](const ClientResult* result, int column) {
    return result->types[static_cast<size_t>(column)];
  };
  api.column_size = [](const ClientResult*, int) { return -1; };
  api.column_modifier = [](const ClientResult*, int) { return -1; };
  api.value_length = [](const ClientResult* result, int row, int column) {
    const auto& field = result->At(row, column);
    return field.null ? 0 : static_cast<int>(field.value->size()) - 1;
  };
  api.value_is_null = [](const ClientResult* result, int row, int column) {
    return result->At(row, column).null ? 1 : 0;
  };
  api.value = [](const ClientResult* result, int row, int column) {
    return result->At(row, column).value->data();
  };
  return api;
}

void RequireWithin(const Range& range, size_t from, size_t size) {
  fuzz::Require(range.begin <= range.end && from + range.end <= size, "a range lies within its chunk");
}

void Check(const RowChunk& chunk, size_t columns) {
  uint32_t rows = 0;
  for (const RowGroup& group : chunk.groups) {
    rows += group.rows;
    const size_t end = group.first_cell + group.rows * columns;
    fuzz::Require(end <= chunk.cells.size() && end <= chunk.kinds.size(), "a group has its cells");
    for (size_t i = group.first_cell; i < end; ++i) {
      const Cell& cell = chunk.cells[i];
      if (chunk.kinds[i] == CellKind::kAscii) RequireWithin(cell.range, group.ascii, chunk.ascii.size());
      if (chunk.kinds[i] == CellKind::kUtf16) RequireWithin(cell.range, group.utf16, chunk.utf16.size());
      if (chunk.kinds[i] == CellKind::kBytes) RequireWithin(cell.range, group.bytes, chunk.bytes.size());
      fuzz::Require(chunk.kinds[i] <= CellKind::kInteger, "a kind is one of the kinds");
    }
  }
  fuzz::Require(rows == chunk.rows, "the groups have all rows");
  fuzz::Require(chunk.cells.size() == rows * columns && chunk.kinds.size() == chunk.cells.size(),
                "there are no cells but those of whole rows");
}

}  // namespace
}  // namespace kingbase

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t length) {
  using namespace kingbase;
  static const ClientApi api = FakeApi();
  fuzz::Input input(bytes, length);
  ClientResult result;
  const size_t columns = 1 + input.Below(8);
  std::vector<uint32_t> decoders;
  for (size_t i = 0; i < columns; ++i) {
    const ClientOid type = kTypes[input.Below(sizeof(kTypes) / sizeof(kTypes[0]))];
    const uint8_t how = input.Byte();
    result.types.push_back(type);
    result.formats.push_back(how & 1);
    decoders.push_back(type);
    decoders.push_back((how >> 1) % 9);
  }
  while (input.left() > 0 && result.rows < 2000) {
    for (size_t i = 0; i < columns; ++i) {
      const uint8_t size = input.Byte();
      ClientResult::Field field;
      field.null = size == 0xFF;
      // Long values by repetition, so that slices and chunks fill up. Ends by a zero byte, as in the library.
      std::string value = input.Bytes(size & 0x3F);
      if ((size & 0x40) != 0) {
        while (value.size() < 300 && !value.empty()) value += value;
      }
      value.push_back('\0');
      field.value = std::make_unique<fuzz::Exact>(value);
      result.fields.push_back(std::move(field));
    }
    ++result.rows;
  }
  const TypeMap types(decoders);
  const ResultShape shape(api, &result, 0, types, std::make_shared<ShapeGraveyard>());
  for (int from = 0; from < result.rows;) {
    RowChunk chunk;
    bool malformed = false;
    const int next = PackRows(api, &result, shape, from, &chunk, &malformed);
    fuzz::Require(malformed || next > from, "a chunk has at least one row");
    Check(chunk, columns);
    from = malformed ? next + 1 : next;
  }
  return 0;
}
