#pragma once
// What a connection can be asked to do. A connection has one command object, filled by the JavaScript thread
// while the connection is idle and read by the connection's owner while the command runs.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "client_api.h"
#include "decoder.h"

namespace kingbase {

enum class CommandKind : uint8_t {
  kNone,
  kConnect,
  kExecute,
  kPrepare,
  kDescribe,
  kExecutePrepared,
  /** The library's multi-row Bind. */
  kExecutePreparedRows,
  kScript,
  /** COPY … FROM STDIN: begin; some bytes; the end, or with a reason the end by a failure. */
  kCopyIn,
  kCopyData,
  kCopyEnd,
  /** COPY … TO STDOUT, from the beginning to the end. */
  kCopyOut
};

/** Twin of `RowMode` in lib/addon/interface.ts. */
enum class RowMode : uint8_t { kObject = 0, kArray = 1 };

/** JavaScript's own memory, which the JavaScript side keeps alive and unchanged until the end of the
 * command. */
struct Piece {
  const uint8_t* bytes;
  size_t length;
};

/** Parameters as the client library takes them: parallel arrays that point into one block of bytes, and into
 * what has been lent. */
class ParameterBlock {
 public:
  /** Values for the next `Assign`, in the order of the records that stand for them. */
  void Lend(std::vector<Piece> pieces) { lent_ = std::move(pieces); }
  /**
   * Copies `length` bytes of parameter records (see lib/types/parameter-writer.ts: length, type OID, format,
   * bytes, a zero byte) and reads `count` of them; without any bytes, `count` binary values from the one
   * piece that was lent, each behind its length as the protocol has it. False when the records do not fit the
   * bytes.
   */
  bool Assign(const uint8_t* bytes, size_t length, uint32_t count);
  void Clear();

  int count() const { return static_cast<int>(values_.size()); }
  size_t size() const { return bytes_.size() + lent_size_; }
  /** Null where no parameter has a type of its own: types declared as 0 for parameters that the statement
   * does not have would make the server complain of an unknown type (42P18) and not of their number (08P01).
   */
  const ClientOid* types() const { return typed_ ? types_.data() : nullptr; }
  const char* const* values() const { return values_.data(); }
  const int* lengths() const { return lengths_.data(); }
  const int* formats() const { return formats_.data(); }

 private:
  bool AssignFields(const Piece& piece, uint32_t count);

  // Beyond this the memory of one large command is given back when the command has ended.
  static constexpr size_t kKeptBytes = 64 * 1024;
  std::vector<uint8_t> bytes_;
  std::vector<Piece> lent_;
  size_t lent_size_ = 0;
  std::vector<ClientOid> types_;
  std::vector<const char*> values_;
  std::vector<int> lengths_;
  std::vector<int> formats_;
  bool typed_ = false;
};

struct Command {
  CommandKind kind = CommandKind::kNone;
  /** Tells the JavaScript side which command a completion belongs to. */
  uint32_t slot = 0;
  std::string sql;
  /** Number of the prepared statement on this connection. */
  uint32_t statement = 0;
  ParameterBlock parameters;
  RowMode row_mode = RowMode::kObject;
  /** Whether the type map is for this command, which it is for what gives rows; else it is that of an earlier
   * one. */
  bool typed = false;
  uint32_t type_map_id = 0;
  std::shared_ptr<const TypeMap> types;
  /** The rows go up chunk by chunk as they come, and the program says when it has used one. */
  bool stream = false;
  /** The core reads the binary form of every column, and may ask for it. */
  bool binary_allowed = false;
  /** For kExecutePreparedRows: how many rows the parameters make. */
  uint32_t rows = 1;
  /** For kCopyData. */
  std::vector<Piece> pieces;
  /** Of all pieces. */
  size_t length = 0;
  /** For kCopyEnd: why the COPY is to fail; `sql` holds the reason. */
  bool fail = false;
  /** For kConnect: keyword and value in turn, each ended by a zero byte, the password among them. */
  std::string keywords;
};

}  // namespace kingbase
