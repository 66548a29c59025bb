#pragma once
// The columns of a result set. One object per distinct list of columns, shared by all results and connections
// that have it, because the JavaScript side compiles a row builder for each.
//
// Locking: a shape is immutable but for `handles`, which only the JavaScript thread touches. ShapeCache is
// used by any thread that reads results and locks itself.

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "binary_value.h"
#include "client_api.h"
#include "decoder.h"

namespace kingbase {

struct Column {
  std::string name;
  ClientOid type = 0;
  int modifier = 0;
  int size = 0;
  ClientOid table = 0;
  int number = 0;
  int format = 0;
  Decoder decoder = Decoder::kText;
  /** Of a column in binary format. */
  BinaryForm form = BinaryForm::kNone;
};

/** What the JavaScript thread keeps for a shape: references that only it may make and free. */
struct ShapeHandles {
  virtual ~ShapeHandles() = default;
};

/** Takes the handles of shapes that died on another thread, for the JavaScript thread to free. */
class ShapeGraveyard {
 public:
  void Bury(std::unique_ptr<ShapeHandles> handles);
  std::vector<std::unique_ptr<ShapeHandles>> Exhume();

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<ShapeHandles>> dead_;
  /** Whether it is worth locking to look. */
  std::atomic<bool> any_{false};
};

class ResultShape {
 public:
  ResultShape(const ClientApi& api, const ClientResult* result, uint32_t type_map_id, const TypeMap& types,
              std::shared_ptr<ShapeGraveyard> graveyard);
  ResultShape(const ResultShape&) = delete;
  ResultShape& operator=(const ResultShape&) = delete;
  ~ResultShape();

  bool Matches(const ClientApi& api, const ClientResult* result, uint32_t type_map_id) const;

  const std::vector<Column>& columns() const { return columns_; }
  uint32_t type_map_id() const { return type_map_id_; }

  /** JavaScript thread only. */
  std::unique_ptr<ShapeHandles> handles;

 private:
  std::vector<Column> columns_;
  uint32_t type_map_id_;
  std::shared_ptr<ShapeGraveyard> graveyard_;
};

class ShapeCache {
 public:
  explicit ShapeCache(std::shared_ptr<ShapeGraveyard> graveyard) : graveyard_(std::move(graveyard)) {}
  std::shared_ptr<ResultShape> Find(const ClientApi& api, const ClientResult* result, uint32_t type_map_id,
                                    const TypeMap& types);
  void Clear();

 private:
  // Enough for the statements a program runs over and over; a prepared statement also keeps its own shape
  // alive.
  static constexpr size_t kKept = 64;
  std::mutex mutex_;
  std::vector<std::shared_ptr<ResultShape>> recent_;
  size_t next_ = 0;
  std::shared_ptr<ShapeGraveyard> graveyard_;
};

}  // namespace kingbase
