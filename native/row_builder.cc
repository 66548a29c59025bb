#include "row_builder.h"

#include <algorithm>
#include <array>

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
    for (napi_ref reference : {shape, appenders[0], appenders[1], appenders[2], appenders[3]}) {
      if (reference != nullptr) napi_delete_reference(env, reference);
    }
  }

  napi_env env;
  std::shared_ptr<bool> alive;
  napi_ref shape = nullptr;
  /** By row mode, then one row a call or several. */
  std::array<napi_ref, 4> appenders{};
};

RowBuilder::RowBuilder(Napi::Env env, Napi::FunctionReference* describe, Napi::FunctionReference* appender)
    : env_(env), describe_(describe), appender_(appender) {}

RowBuilder::~RowBuilder() { *alive_ = false; }

void RowBuilder::Bury(ShapeGraveyard* graveyard) { graveyard->Exhume(); }

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
  const Napi::Value described =
      describe_->Call({Napi::Number::New(env, shape->type_map_id()), names, numbers});
  if (described.IsEmpty() || env.IsExceptionPending()) return nullptr;
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

napi_value RowBuilder::AppenderOf(Handles* handles, RowMode mode, uint32_t rows_per_call) {
  const size_t index = static_cast<size_t>(mode) * 2 + (rows_per_call > 1 ? 1 : 0);
  napi_value function = nullptr;
  if (handles->appenders[index] == nullptr) {
    const Napi::Env env(env_);
    napi_value shape = nullptr;
    napi_get_reference_value(env_, handles->shape, &shape);
    const Napi::Value made = appender_->Call(
        {shape, Napi::Number::New(env, static_cast<double>(mode)), Napi::Number::New(env, rows_per_call)});
    if (made.IsEmpty() || env.IsExceptionPending()) return nullptr;
    if (napi_create_reference(env_, made, 1, &handles->appenders[index]) != napi_ok) return nullptr;
    return made;
  }
  napi_get_reference_value(env_, handles->appenders[index], &function);
  return function;
}

napi_value RowBuilder::Value(const Cell& cell, const RowChunk& chunk) {
  napi_value value = nullptr;
  napi_status status = napi_ok;
  switch (cell.kind) {
    case CellKind::kNull:
      status = napi_get_null(env_, &value);
      break;
    case CellKind::kFalse:
    case CellKind::kTrue:
      status = napi_get_boolean(env_, cell.kind == CellKind::kTrue, &value);
      break;
    case CellKind::kNumber:
      status = napi_create_double(env_, cell.number, &value);
      break;
    case CellKind::kBigInt:
      status = napi_create_bigint_int64(env_, cell.integer, &value);
      break;
    case CellKind::kLatin1:
      status = napi_create_string_latin1(
          env_, reinterpret_cast<const char*>(chunk.bytes.data() + cell.offset), cell.length, &value);
      break;
    case CellKind::kUtf16:
      status = napi_create_string_utf16(
          env_, reinterpret_cast<const char16_t*>(chunk.bytes.data() + cell.offset), cell.length, &value);
      break;
    case CellKind::kBytes:
      status = napi_create_buffer_copy(env_, cell.length, chunk.bytes.data() + cell.offset, nullptr, &value);
      break;
  }
  if (status == napi_ok) return value;
  bool pending = false;
  napi_is_exception_pending(env_, &pending);
  if (!pending) {
    napi_throw_range_error(env_, "KB_VALUE_TOO_LARGE",
                           "A value is larger than a JavaScript string or Buffer can be");
  }
  return nullptr;
}

bool RowBuilder::Append(napi_value rows, ResultShape* shape, RowMode mode, const RowChunk& chunk) {
  Handles* handles = HandlesOf(shape);
  if (handles == nullptr) return false;
  const size_t columns = shape->columns().size();
  const uint32_t per_call = RowsPerCall(columns);
  napi_value undefined = nullptr;
  napi_get_undefined(env_, &undefined);
  napi_value many = nullptr;
  napi_value one = nullptr;
  size_t cell = 0;
  for (uint32_t row = 0; row < chunk.rows;) {
    const uint32_t take = chunk.rows - row >= per_call ? per_call : 1;
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
      napi_value value = Value(chunk.cells[cell], chunk);
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

}  // namespace kingbase
