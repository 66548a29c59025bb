#include "row_builder.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace kingbase {
namespace {

/** 32 to 64 arguments a call are the cheapest; more cost again, and a single row per call is right for wide
 * ones. */
constexpr size_t kArgumentsPerCall = 48;
constexpr size_t kMostRowsPerCall = 8;

uint32_t RowsPerCall(size_t columns) {
  if (columns == 0) return kMostRowsPerCall;
  return static_cast<uint32_t>(std::clamp<size_t>(kArgumentsPerCall / columns, 1, kMostRowsPerCall));
}

}  // namespace

struct RowBuilder::Handles : ShapeHandles {
  explicit Handles(napi_env environment, std::shared_ptr<bool> alive_flag)
      : env(environment), alive(std::move(alive_flag)) {}
  Handles(const Handles&) = delete;
  Handles& operator=(const Handles&) = delete;
  ~Handles() override {
    // After the environment's end its references are gone with it.
    if (!*alive) return;
    if (shape != nullptr) napi_delete_reference(env, shape);
    for (napi_ref reference : appenders) {
      if (reference != nullptr) napi_delete_reference(env, reference);
    }
  }

  napi_env env;
  std::shared_ptr<bool> alive;
  napi_ref shape = nullptr;
  /** By row mode, then packed, one row a call, several. */
  std::array<napi_ref, 6> appenders{};
};

RowBuilder::RowBuilder(Napi::Env env, Napi::FunctionReference* describe, Napi::FunctionReference* appender,
                       Napi::FunctionReference* packed_appender)
    : env_(env), describe_(describe), appender_(appender), packed_appender_(packed_appender) {}

void RowBuilder::SetCells(Napi::Float64Array cells, Napi::Uint8Array kinds) {
  cells_reference_ = Napi::Persistent(cells);
  kinds_reference_ = Napi::Persistent(kinds);
  cells_ = cells.Data();
  kinds_ = kinds.Data();
  capacity_ = std::min(cells.ElementLength(), kinds.ElementLength());
}

RowBuilder::~RowBuilder() { *alive_ = false; }

void RowBuilder::FreeDead(ShapeGraveyard* graveyard) { graveyard->Exhume(); }

RowBuilder::Handles* RowBuilder::HandlesOf(ResultShape* shape) {
  if (shape->handles != nullptr) return static_cast<Handles*>(shape->handles.get());
  const Napi::Env env(env_);
  const std::vector<Column>& columns = shape->columns();
  Napi::Array names = Napi::Array::New(env, columns.size());
  Napi::Float64Array numbers = Napi::Float64Array::New(env, columns.size() * 6);
  if (numbers.IsEmpty()) return nullptr;  // the environment is being terminated
  for (size_t i = 0; i < columns.size(); ++i) {
    const Column& column = columns[i];
    names.Set(static_cast<uint32_t>(i), Napi::String::New(env, column.name));
    double* at = numbers.Data() + i * 6;
    at[0] = column.type;
    at[1] = column.modifier;
    at[2] = column.size;
    at[3] = column.table;
    at[4] = column.number;
    at[5] = column.format;
  }
  Napi::Value described;
  if (!describe_->Call({Napi::Number::New(env, shape->type_map_id()), names, numbers}).UnwrapTo(&described))
    return nullptr;
  auto handles = std::make_unique<Handles>(env_, alive_);
  if (napi_create_reference(env_, described, 1, &handles->shape) != napi_ok) return nullptr;
  Handles* kept = handles.get();
  shape->handles = std::move(handles);
  return kept;
}

napi_value RowBuilder::ShapeObject(ResultShape* shape) {
  Handles* handles = HandlesOf(shape);
  napi_value object = nullptr;
  if (handles != nullptr) napi_get_reference_value(env_, handles->shape, &object);
  return object;
}

/** `rows_per_call` is 0 for a packed appender. */
napi_value RowBuilder::AppenderOf(Handles* handles, RowMode mode, uint32_t rows_per_call) {
  const size_t index = static_cast<size_t>(mode) * 3 + std::min<uint32_t>(rows_per_call, 2);
  napi_value function = nullptr;
  napi_ref& kept = handles->appenders.at(index);
  if (kept != nullptr) {
    napi_get_reference_value(env_, kept, &function);
    return function;
  }
  const Napi::Env env(env_);
  napi_value shape = nullptr;
  napi_get_reference_value(env_, handles->shape, &shape);
  const napi_value row_mode = Napi::Number::New(env, static_cast<double>(mode));
  Napi::Value made;
  if (!(rows_per_call == 0 ? packed_appender_->Call({shape, row_mode})
                           : appender_->Call({shape, row_mode, Napi::Number::New(env, rows_per_call)}))
           .UnwrapTo(&made))
    return nullptr;
  if (napi_create_reference(env_, made, 1, &kept) != napi_ok) return nullptr;
  return made;
}

/** `value`, or null with a pending exception. */
napi_value RowBuilder::Checked(napi_status status, napi_value value) {
  if (status == napi_ok) return value;
  bool pending = false;
  napi_is_exception_pending(env_, &pending);
  if (!pending) {
    napi_throw_range_error(env_, "KB_VALUE_TOO_LARGE",
                           "A value is larger than a JavaScript string or Buffer can be");
  }
  return nullptr;
}

napi_value RowBuilder::Value(size_t index, const RowChunk& chunk, const RowGroup& group) {
  const Cell& cell = chunk.cells[index];
  napi_value value = nullptr;
  napi_status status = napi_ok;
  switch (chunk.kinds[index]) {
    case CellKind::kNull:
      status = napi_get_null(env_, &value);
      break;
    case CellKind::kFalse:
      status = napi_get_boolean(env_, false, &value);
      break;
    case CellKind::kTrue:
      status = napi_get_boolean(env_, true, &value);
      break;
    case CellKind::kNumber:
      status = napi_create_double(env_, cell.number, &value);
      break;
    case CellKind::kInteger:
      status = napi_create_int32(env_, cell.integer, &value);
      break;
    case CellKind::kBigInt:
      status = napi_create_bigint_int64(env_, cell.bigint, &value);
      break;
    case CellKind::kAscii:
      status = napi_create_string_latin1(env_, chunk.ascii.data() + group.ascii + cell.range.begin,
                                         cell.range.end - cell.range.begin, &value);
      break;
    case CellKind::kUtf16:
      status = napi_create_string_utf16(env_, chunk.utf16.data() + group.utf16 + cell.range.begin,
                                        cell.range.end - cell.range.begin, &value);
      break;
    case CellKind::kBytes:
      status = napi_create_buffer_copy(env_, cell.range.end - cell.range.begin,
                                       chunk.bytes.data() + group.bytes + cell.range.begin, nullptr, &value);
      break;
  }
  return Checked(status, value);
}

bool RowBuilder::LayWhole(const ResultShape& shape, const RowChunk& chunk, napi_value* ascii,
                          napi_value* utf16) {
  if (chunk.groups.size() != 1 || !chunk.groups.front().plain) return false;
  const RowGroup& group = chunk.groups.front();
  const size_t cells = shape.columns().size() * group.rows;
  return cells <= capacity_ && Lay(chunk, group, cells, ascii, utf16);
}

/** False with a pending exception. */
bool RowBuilder::Lay(const RowChunk& chunk, const RowGroup& group, size_t cells, napi_value* ascii_text,
                     napi_value* utf16_text) {
  const RowGroup* next = &group + 1 < chunk.groups.data() + chunk.groups.size() ? &group + 1 : nullptr;
  const size_t ascii = (next != nullptr ? next->ascii : chunk.ascii.size()) - group.ascii;
  const size_t utf16 = (next != nullptr ? next->utf16 : chunk.utf16.size()) - group.utf16;
  if (cells > 0) {
    std::memcpy(cells_, chunk.cells.data() + group.first_cell, cells * sizeof(Cell));
    std::memcpy(kinds_, chunk.kinds.data() + group.first_cell, cells);
  }
  const napi_status made_ascii =
      napi_create_string_latin1(env_, chunk.ascii.data() + group.ascii, ascii, ascii_text);
  if (Checked(made_ascii, *ascii_text) == nullptr) return false;
  *utf16_text = *ascii_text;
  if (utf16 == 0) return true;
  const napi_status made =
      napi_create_string_utf16(env_, chunk.utf16.data() + group.utf16, utf16, utf16_text);
  return Checked(made, *utf16_text) != nullptr;
}

bool RowBuilder::AppendPacked(napi_value rows, Handles* handles, RowMode mode, const RowChunk& chunk,
                              const RowGroup& group, size_t cells) {
  const napi_value appender = AppenderOf(handles, mode, 0);
  if (appender == nullptr) return false;
  std::array<napi_value, 4> arguments{rows};
  napi_create_uint32(env_, group.rows, &arguments[1]);
  if (!Lay(chunk, group, cells, &arguments[2], &arguments[3])) return false;
  napi_value undefined = nullptr;
  napi_get_undefined(env_, &undefined);
  return napi_call_function(env_, undefined, appender, arguments.size(), arguments.data(), nullptr) ==
         napi_ok;
}

bool RowBuilder::AppendOneByOne(napi_value rows, Handles* handles, RowMode mode, const RowChunk& chunk,
                                const RowGroup& group, size_t columns) {
  const uint32_t per_call = RowsPerCall(columns);
  napi_value undefined = nullptr;
  napi_get_undefined(env_, &undefined);
  napi_value many = nullptr;
  napi_value one = nullptr;
  size_t cell = group.first_cell;
  for (uint32_t row = 0; row < group.rows;) {
    const uint32_t take = group.rows - row >= per_call ? per_call : 1;
    napi_value& appender = take > 1 ? many : one;
    if (appender == nullptr) appender = AppenderOf(handles, mode, take);
    if (appender == nullptr) return false;
    // One scope for each call, so that handles do not pile up over a large chunk.
    napi_handle_scope scope = nullptr;
    napi_open_handle_scope(env_, &scope);
    arguments_.clear();
    arguments_.push_back(rows);
    bool made = true;
    for (size_t end = cell + columns * take; cell < end && made; ++cell) {
      napi_value value = Value(cell, chunk, group);
      made = value != nullptr;
      arguments_.push_back(value);
    }
    const bool appended = made && napi_call_function(env_, undefined, appender, arguments_.size(),
                                                     arguments_.data(), nullptr) == napi_ok;
    napi_close_handle_scope(env_, scope);
    if (!appended) return false;
    row += take;
  }
  return true;
}

bool RowBuilder::Append(napi_value rows, ResultShape* shape, RowMode mode, const RowChunk& chunk) {
  Handles* handles = HandlesOf(shape);
  if (handles == nullptr) return false;
  const size_t columns = shape->columns().size();
  for (const RowGroup& group : chunk.groups) {
    const size_t cells = columns * group.rows;
    const Napi::HandleScope scope(env_);
    const bool appended = group.plain && cells <= capacity_
                              ? AppendPacked(rows, handles, mode, chunk, group, cells)
                              : AppendOneByOne(rows, handles, mode, chunk, group, columns);
    if (!appended) return false;
  }
  return true;
}

}  // namespace kingbase
