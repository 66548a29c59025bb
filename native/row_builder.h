#pragma once
// Packed rows to JavaScript rows. The values of a row are passed as arguments to a function that the
// JavaScript side compiled for the list of columns: setting properties through Node-API would cost four to
// five times as much. JavaScript thread only.

#include <memory>
#include <unordered_map>

#include "napi_setup.h"

#include "command.h"
#include "row_chunk.h"

namespace kingbase {

class RowBuilder {
 public:
  RowBuilder(Napi::Env env, Napi::FunctionReference* describe, Napi::FunctionReference* appender);
  RowBuilder(const RowBuilder&) = delete;
  RowBuilder& operator=(const RowBuilder&) = delete;
  ~RowBuilder();

  /** The JavaScript object that stands for the shape; null with a pending exception when `describe` threw. */
  napi_value ShapeObject(ResultShape* shape);

  /** Appends the chunk's rows to the array `rows`. False with a pending exception when a converter threw. */
  bool Append(napi_value rows, ResultShape* shape, RowMode mode, const RowChunk& chunk);

  /** Frees what belongs to shapes that died on other threads. */
  void Bury(ShapeGraveyard* graveyard);

 private:
  struct Handles;

  Handles* HandlesOf(ResultShape* shape);
  napi_value AppenderOf(Handles* handles, RowMode mode, uint32_t rows_per_call);
  napi_value Value(const Cell& cell, const RowChunk& chunk);

  napi_env env_;
  Napi::FunctionReference* describe_;
  Napi::FunctionReference* appender_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::vector<napi_value> arguments_;
};

}  // namespace kingbase
