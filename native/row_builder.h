#pragma once
// Packed rows to JavaScript rows, by functions that the JavaScript side compiled for the list of columns.
// Rows of short values are read from memory that both sides share: one call for a whole group. Of others each
// value is made here and passed as an argument; setting properties through Node-API would cost four to five
// times as much. JavaScript thread only.

#include <memory>
#include <unordered_map>

#include "napi_setup.h"

#include "command.h"
#include "row_chunk.h"

namespace kingbase {

class RowBuilder {
 public:
  RowBuilder(Napi::Env env, Napi::FunctionReference* describe, Napi::FunctionReference* appender,
             Napi::FunctionReference* packed_appender);
  RowBuilder(const RowBuilder&) = delete;
  RowBuilder& operator=(const RowBuilder&) = delete;
  ~RowBuilder();

  /** The memory that packed appenders read. Before any rows are built. */
  void SetCells(Napi::Float64Array cells, Napi::Uint8Array kinds);

  /** The JavaScript object that stands for the shape; null with a pending exception when `describe` threw. */
  napi_value ShapeObject(ResultShape* shape);

  /** Appends the chunk's rows to the array `rows`. False with a pending exception when a converter threw. */
  bool Append(napi_value rows, ResultShape* shape, RowMode mode, const RowChunk& chunk);

  /**
   * Lays all the chunk's values where JavaScript reads them, and makes the strings that it cuts. False where
   * they are not all short, or too many.
   */
  bool LayWhole(const ResultShape& shape, const RowChunk& chunk, napi_value* ascii, napi_value* utf16);

  /** Frees what belongs to shapes that died on other threads. */
  void FreeDead(ShapeGraveyard* graveyard);

 private:
  struct Handles;

  Handles* HandlesOf(ResultShape* shape);
  napi_value AppenderOf(Handles* handles, RowMode mode, uint32_t rows_per_call);
  bool AppendPacked(napi_value rows, Handles* handles, RowMode mode, const RowChunk& chunk,
                    const RowGroup& group, size_t cells);
  bool Lay(const RowChunk& chunk, const RowGroup& group, size_t cells, napi_value* ascii, napi_value* utf16);
  bool AppendOneByOne(napi_value rows, Handles* handles, RowMode mode, const RowChunk& chunk,
                      const RowGroup& group, size_t columns);
  napi_value Value(size_t cell, const RowChunk& chunk, const RowGroup& group);
  napi_value Checked(napi_status status, napi_value value);

  napi_env env_;
  Napi::FunctionReference* describe_;
  Napi::FunctionReference* appender_;
  Napi::FunctionReference* packed_appender_;
  Napi::Reference<Napi::Float64Array> cells_reference_;
  Napi::Reference<Napi::Uint8Array> kinds_reference_;
  double* cells_ = nullptr;
  uint8_t* kinds_ = nullptr;
  size_t capacity_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::vector<napi_value> arguments_;
};

}  // namespace kingbase
