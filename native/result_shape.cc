#include "result_shape.h"

#include <cstring>
#include <utility>

namespace kingbase {

void ShapeGraveyard::Bury(std::unique_ptr<ShapeHandles> handles) {
  const std::lock_guard<std::mutex> lock(mutex_);
  dead_.push_back(std::move(handles));
  any_.store(true, std::memory_order_relaxed);
}

std::vector<std::unique_ptr<ShapeHandles>> ShapeGraveyard::Exhume() {
  if (!any_.load(std::memory_order_relaxed)) return {};
  const std::lock_guard<std::mutex> lock(mutex_);
  any_.store(false, std::memory_order_relaxed);
  return std::exchange(dead_, {});
}

ResultShape::ResultShape(const ClientApi& api, const ClientResult* result, uint32_t type_map_id,
                         const TypeMap& types, std::shared_ptr<ShapeGraveyard> graveyard)
    : type_map_id_(type_map_id), graveyard_(std::move(graveyard)) {
  const int count = api.column_count(result);
  columns_.resize(static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) {
    Column& column = columns_[static_cast<size_t>(i)];
    const char* name = api.column_name(result, i);
    column.name = name != nullptr ? name : "";
    column.type = api.column_type(result, i);
    column.modifier = api.column_modifier(result, i);
    column.size = api.column_size(result, i);
    column.table = api.column_table(result, i);
    column.number = api.column_number(result, i);
    column.format = api.column_format(result, i);
    column.decoder = types.Of(column.type);
    if (column.format != 0) column.form = BinaryFormOf(column.type, column.decoder);
  }
}

ResultShape::~ResultShape() {
  if (handles) graveyard_->Bury(std::move(handles));
}

bool ResultShape::Matches(const ClientApi& api, const ClientResult* result, uint32_t type_map_id) const {
  if (type_map_id != type_map_id_ || api.column_count(result) != static_cast<int>(columns_.size()))
    return false;
  for (size_t i = 0; i < columns_.size(); ++i) {
    const Column& column = columns_[i];
    const int index = static_cast<int>(i);
    if (api.column_type(result, index) != column.type ||
        api.column_modifier(result, index) != column.modifier ||
        api.column_table(result, index) != column.table ||
        api.column_number(result, index) != column.number ||
        api.column_format(result, index) != column.format) {
      return false;
    }
    const char* name = api.column_name(result, index);
    if (std::strcmp(name != nullptr ? name : "", column.name.c_str()) != 0) return false;
  }
  return true;
}

std::shared_ptr<ResultShape> ShapeCache::Find(const ClientApi& api, const ClientResult* result,
                                              uint32_t type_map_id, const TypeMap& types) {
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const auto& shape : recent_) {
    if (shape->Matches(api, result, type_map_id)) return shape;
  }
  auto shape = std::make_shared<ResultShape>(api, result, type_map_id, types, graveyard_);
  if (recent_.size() < kKept) {
    recent_.push_back(shape);
  } else {
    recent_[next_] = shape;
    next_ = (next_ + 1) % kKept;
  }
  return shape;
}

void ShapeCache::Clear() {
  const std::lock_guard<std::mutex> lock(mutex_);
  recent_.clear();
  next_ = 0;
}

}  // namespace kingbase
