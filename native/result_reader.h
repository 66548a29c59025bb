#pragma once
// Reads the results of one command: finds their shape, packs their rows into chunks as fast as the JavaScript
// side takes them, and holds back the end of the last one so that the end of the command can travel with it.
// Belongs to a connection, hence to that's owner.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "connection_flow.h"
#include "delivery.h"
#include "result_shape.h"

namespace kingbase {

using OwnedResult = std::unique_ptr<ClientResult, void (*)(ClientResult*)>;

/** What the connections of one JavaScript driver use to read results. */
struct ResultMemory {
  std::shared_ptr<ShapeGraveyard> graveyard = std::make_shared<ShapeGraveyard>();
  ShapeCache shapes{graveyard};
  ChunkPool chunks;
};

class ResultReader {
 public:
  ResultReader(const ClientApi& api, std::shared_ptr<ResultMemory> memory, DeliverySource* source,
               ConnectionFlow* flow);
  ResultReader(const ResultReader&) = delete;
  ResultReader& operator=(const ResultReader&) = delete;

  /** Before the first result of `command`, which must stay as it is until its end. */
  void Begin(const Command& command);

  /** Takes a result with rows. With `last` the result set ends with it. Then Pack. */
  void TakeRows(OwnedResult result, bool last, Deliveries* out);
  bool packing() const { return packing_ != nullptr; }
  /** Packs what is left of the rows; false when the JavaScript thread has to catch up first. */
  bool Pack(Deliveries* out);
  /** A result set has ended, with a result of its own that says so. The caller frees it. */
  void EndResult(const ClientResult* result, Deliveries* out);

  /** Adds bytes of COPY … TO STDOUT. */
  void AddBytes(const char* bytes, size_t length);
  size_t gathered_bytes() const { return chunk_ == nullptr ? 0 : chunk_->bytes.size(); }
  /** Has what is gathered go up as bytes, or as rows. */
  void Emit(Delivery::Kind kind, Deliveries* out);
  /** Whoever reads a stream gets what there is, rather than wait until a chunk is full. */
  void EmitForIdleStream(Deliveries* out);
  /** The same of what came before a failure: the server's, or of a value that cannot be read. */
  void EmitBeforeFailure(Deliveries* out);

  /** Whether the answer so far is one that the command can have: every result has ended, as the protocol has
   * it, and there are as many as there must be. */
  bool complete() const;
  /** There are more results than the command can have, whatever may still come. */
  bool too_many() const { return has_one() && ended_ > 1; }
  /** About how many bytes of the answer have been read, in the protocol's form. */
  size_t answered() const { return answered_; }

  /** What is delivered last, with the end of the command. */
  void Hold(Delivery delivery) { held_ = std::make_unique<Delivery>(std::move(delivery)); }
  bool holds() const { return held_ != nullptr; }
  Delivery TakeHeld();

  /** The first failure of a command tells what went wrong; those after it only follow from it. */
  void Fail(Failure failure);
  bool failed() const { return failure_ != nullptr; }
  std::unique_ptr<Failure> TakeFailure() { return std::move(failure_); }

  /** Drops results that have not gone up. */
  void Discard();

  // Prepared statements, by number.
  /** Whether the last result of the statement was large when packed. */
  bool large(uint32_t statement) const {
    return statement < statements_.size() && statements_[statement].large;
  }
  /** How many rows of a large result the library may gather, by what the widest of the last one weighed. */
  int rows_at_a_time(uint32_t statement) const;
  void ForgetStatement(uint32_t statement) { StatementOf(statement) = Statement(); }
  void ForgetStatements();

 private:
  struct Statement {
    std::shared_ptr<ResultShape> shape;
    bool large = false;
    /** Bytes of the widest row of the last result, in the protocol's form. */
    size_t widest = 0;
  };

  std::shared_ptr<ResultShape> ShapeOf(const ClientResult* result);
  Statement& StatementOf(uint32_t number);
  /** Whether the command can have one result only. */
  bool has_one() const {
    return alone_ || command_->kind == CommandKind::kPrepare || command_->kind == CommandKind::kDescribe;
  }

  const ClientApi& api_;
  const std::shared_ptr<ResultMemory> memory_;
  DeliverySource* const source_;
  ConnectionFlow* const flow_;

  const Command* command_ = nullptr;
  /** The result being packed, its next row, and whether the result set ends with it. */
  OwnedResult packing_;
  int next_row_ = 0;
  bool packing_last_ = false;
  /** Bytes that the result set has taken so far. */
  size_t packed_ = 0;
  /** Bytes of its widest row so far. */
  size_t widest_ = 0;
  /** The command tag where it came with the last rows, as of a part that is not full. */
  std::string tag_of_rows_;
  size_t answered_ = 0;
  /** Results that have ended, and whether one had rows but no command tag. */
  size_t ended_ = 0;
  bool untagged_ = false;
  /** A result has neither rows nor a tag: an empty statement's or a description, beside which there is none.
   */
  bool alone_ = false;
  std::shared_ptr<ResultShape> shape_;
  std::unique_ptr<RowChunk> chunk_;
  std::unique_ptr<Delivery> held_;
  std::unique_ptr<Failure> failure_;

  std::shared_ptr<ResultShape> last_shape_;
  std::vector<Statement> statements_;
};

}  // namespace kingbase
