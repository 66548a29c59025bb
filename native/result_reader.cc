#include "result_reader.h"

#include <algorithm>
#include <string>
#include <utility>

namespace kingbase {
namespace {

/** A statement whose last result took more than this when packed is read in parts, so that packing and
 * building overlap with the transfer and the whole result is never held twice. For a smaller one that costs
 * more than it saves: the library makes a result of its own for each part. */
constexpr size_t kLargeResult = 128 * 1024;

/** About what a part may weigh: the library holds it before the first of its rows can be packed. */
constexpr size_t kPartBytes = 32 * 1024;
/** The library makes room for as many at first, and more no longer save anything. It is also what a part may
 * have of rows that have become wider since. */
constexpr size_t kMostRowsOfPart = 128;

/** `INSERT 0 5` to `INSERT` and 5, `CREATE TABLE` to itself and -1. */
void SplitCommandTag(const char* tag, std::string* command, int64_t* count) {
  std::string words = tag != nullptr ? tag : "";
  *count = -1;
  const size_t last = words.find_last_not_of("0123456789");
  if (last != std::string::npos && last + 1 < words.size() && words[last] == ' ') {
    ParseInteger(words.data() + last + 1, words.size() - last - 1, count);
    words.resize(last);
    // INSERT has the OID of the inserted row before the count.
    const size_t before = words.find_last_not_of("0123456789");
    if (before != std::string::npos && before + 1 < words.size() && words[before] == ' ')
      words.resize(before);
  }
  *command = std::move(words);
}

Failure Malformed() {
  Failure failure;
  failure.message = "a value came in a binary form that its type is not known to have";
  failure.stage = Stage::kResult;
  return failure;
}

}  // namespace

ResultReader::ResultReader(const ClientApi& api, std::shared_ptr<ResultMemory> memory, DeliverySource* source,
                           ConnectionFlow* flow)
    : api_(api), memory_(std::move(memory)), source_(source), flow_(flow), packing_(nullptr, api_.clear) {}

void ResultReader::Begin(const Command& command) {
  command_ = &command;
  failure_.reset();
  held_.reset();
  packed_ = 0;
  widest_ = 0;
  tag_of_rows_.clear();
  answered_ = 0;
  ended_ = 0;
  untagged_ = false;
  alone_ = false;
}

std::shared_ptr<ResultShape> ResultReader::ShapeOf(const ClientResult* result) {
  const uint32_t types = command_->type_map_id;
  std::shared_ptr<ResultShape>& known =
      command_->kind == CommandKind::kExecutePrepared ? StatementOf(command_->statement).shape : last_shape_;
  if (known == nullptr || !known->Matches(api_, result, types)) {
    known = memory_->shapes.Find(api_, result, types, *command_->types);
  }
  return known;
}

ResultReader::Statement& ResultReader::StatementOf(uint32_t number) {
  if (number >= statements_.size()) statements_.resize(number + 1);
  return statements_[number];
}

void ResultReader::ForgetStatements() {
  last_shape_.reset();
  statements_.clear();
}

int ResultReader::rows_at_a_time(uint32_t statement) const {
  const size_t widest = statement < statements_.size() ? statements_[statement].widest : 0;
  return widest == 0 ? 1 : static_cast<int>(std::clamp<size_t>(kPartBytes / widest, 1, kMostRowsOfPart));
}

void ResultReader::TakeRows(OwnedResult result, bool last, Deliveries* out) {
  if (!last) {
    const char* tag = api_.command_status(result.get());
    if (tag != nullptr && *tag != '\0') tag_of_rows_ = tag;
  }
  if (!command_->typed) {
    // Of a script whose rows are not asked for: only how many there were.
    if (last) EndResult(result.get(), out);
    return;
  }
  if (shape_ == nullptr) shape_ = ShapeOf(result.get());
  packing_ = std::move(result);
  next_row_ = 0;
  packing_last_ = last;
}

bool ResultReader::Pack(Deliveries* out) {
  const int rows = api_.row_count(packing_.get());
  while (next_row_ < rows) {
    if (!flow_->MayGoOn(command_->stream)) return false;
    if (chunk_ == nullptr) chunk_ = memory_->chunks.Take();
    const int first = next_row_;
    bool malformed = false;
    const size_t before = chunk_->wire;
    next_row_ = PackRows(api_, packing_.get(), *shape_, first, chunk_.get(), &malformed);
    answered_ += chunk_->wire - before;
    widest_ = std::max(widest_, chunk_->widest);
    if (malformed) {
      // Of the rest nothing can be had, and the rows before it are the reader's.
      next_row_ = rows;
      EmitBeforeFailure(out);
      Fail(Malformed());
      continue;
    }
    if (failed()) {
      memory_->chunks.Give(std::move(chunk_));
      continue;
    }
    if (next_row_ == first || next_row_ < rows || chunk_->full()) Emit(Delivery::Kind::kResult, out);
  }
  if (packing_last_) EndResult(packing_.get(), out);
  packing_.reset();
  return true;
}

void ResultReader::Emit(Delivery::Kind kind, Deliveries* out) {
  auto delivery = source_->NewDelivery(kind);
  delivery.shape = shape_;
  packed_ += chunk_->size();
  delivery.chunk = std::move(chunk_);
  delivery.weight = ConnectionFlow::kChunk;
  flow_->Add(delivery.weight);
  out->push_back(std::move(delivery));
}

void ResultReader::EmitForIdleStream(Deliveries* out) {
  const auto kind =
      command_->kind == CommandKind::kCopyOut ? Delivery::Kind::kCopyData : Delivery::Kind::kResult;
  if (command_->stream && chunk_ != nullptr && flow_->AwaitEmpty()) Emit(kind, out);
}

void ResultReader::EmitBeforeFailure(Deliveries* out) {
  if (!failed() && command_->stream && shape_ != nullptr && chunk_ != nullptr && chunk_->rows > 0)
    Emit(Delivery::Kind::kResult, out);
}

void ResultReader::AddBytes(const char* bytes, size_t length) {
  if (chunk_ == nullptr) chunk_ = memory_->chunks.Take();
  answered_ += length;
  chunk_->bytes.insert(chunk_->bytes.end(), bytes, bytes + length);
}

void ResultReader::EndResult(const ClientResult* result, Deliveries* out) {
  ++ended_;
  // The first of too many would be taken for the answer, and its command for over.
  if (too_many()) return;
  if (held_ != nullptr) out->push_back(TakeHeld());
  const char* tag = api_.command_status(result);
  if (tag != nullptr && *tag == '\0' && !tag_of_rows_.empty()) tag = tag_of_rows_.c_str();
  if (tag == nullptr || *tag == '\0') {
    const bool rows = api_.result_status(result) == result_status::kTuplesOk;
    (rows ? untagged_ : alone_) = true;
  }
  const bool describing = command_->kind == CommandKind::kDescribe;
  Hold(source_->NewDelivery(describing ? Delivery::Kind::kDescribed : Delivery::Kind::kResult));
  held_->end_of_result = true;
  if (describing) {
    held_->description = std::make_unique<Description>();
    const int count = api_.parameter_count(result);
    for (int i = 0; i < count; ++i)
      held_->description->parameter_types.push_back(api_.parameter_type(result, i));
    const int columns = api_.column_count(result);
    for (int i = 0; i < columns; ++i) held_->description->column_types.push_back(api_.column_type(result, i));
    return;
  }
  SplitCommandTag(tag, &held_->words, &held_->count);
  if (shape_ == nullptr) return;
  if (chunk_ != nullptr) packed_ += chunk_->size();
  if (command_->kind == CommandKind::kExecutePrepared) {
    Statement& statement = StatementOf(command_->statement);
    statement.large = packed_ > kLargeResult;
    statement.widest = widest_;
  }
  held_->shape = std::move(shape_);
  if (chunk_ != nullptr) {
    held_->chunk = std::move(chunk_);
    held_->weight = ConnectionFlow::kChunk;
    flow_->Add(held_->weight);
  }
  shape_.reset();
  packed_ = 0;
  widest_ = 0;
  tag_of_rows_.clear();
}

bool ResultReader::complete() const {
  return !untagged_ && shape_ == nullptr && (has_one() ? ended_ == 1 : ended_ > 0);
}

Delivery ResultReader::TakeHeld() {
  Delivery delivery = std::move(*held_);
  held_.reset();
  return delivery;
}

void ResultReader::Fail(Failure failure) {
  if (failure_ == nullptr) failure_ = std::make_unique<Failure>(std::move(failure));
}

void ResultReader::Discard() {
  if (held_ != nullptr) flow_->TakeBack(held_->weight);
  held_.reset();
  chunk_.reset();
  shape_.reset();
  packing_.reset();
}

}  // namespace kingbase
