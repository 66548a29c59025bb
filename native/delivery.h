#pragma once
// What comes back to the JavaScript thread.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "command.h"
#include "failure.h"
#include "row_chunk.h"

namespace kingbase {

class Connection;

struct ConnectionFacts {
  /** Name and value in turn, each ended by a zero byte. */
  std::string parameters;
  int backend_pid = 0;
  int server_version = 0;
  bool tls = false;
  std::string tls_protocol;
  std::string tls_cipher;
};

struct Notification {
  std::string channel;
  std::string payload;
  int backend_pid = 0;
};

struct Description {
  std::vector<uint32_t> parameter_types;
  std::vector<uint32_t> column_types;
};

struct Delivery {
  enum class Kind : uint8_t {
    kResult,
    kFailure,
    kConnected,
    kDescribed,
    /** COPY has begun: bytes can be sent, or will come. */
    kCopying,
    /** Bytes of COPY … TO STDOUT. */
    kCopyData,
    kNotice,
    kNotification,
    kLost,
    kCancelled,
    /** Nothing ended: the socket of a connection that the JavaScript thread owns has become ready. */
    kReady,
  };

  Kind kind = Kind::kResult;
  RowMode row_mode = RowMode::kObject;
  bool end_of_result = false;
  bool end_of_command = false;
  /** The connection has gone on with the command that was offered to it. */
  bool goes_on = false;
  /** The chunk is one of a stream: the program itself says when it has used it. */
  bool stream = false;
  /** For kCopying: whether every column is in binary form. */
  bool binary = false;
  uint8_t transaction_status = 0;
  /** Which of the settings that values are read and written by are not as they must be: `AlteredSetting`. */
  uint8_t altered_settings = 0;
  uint32_t slot = 0;
  /** What it counts in the connection's flow. */
  uint32_t weight = 0;
  int64_t count = -1;
  std::shared_ptr<Connection> connection;
  std::shared_ptr<ResultShape> shape;
  std::unique_ptr<RowChunk> chunk;
  /** The command tag of a result without its numbers; of a cancel request what went wrong. */
  std::string words;
  // At most one of these, as the kind says.
  std::unique_ptr<Failure> failure;
  std::unique_ptr<ConnectionFacts> facts;
  std::unique_ptr<Notification> notification;
  std::unique_ptr<Description> description;
};

using Deliveries = std::vector<Delivery>;

/** Makes deliveries for the command that a connection is at work on. */
class DeliverySource {
 public:
  DeliverySource() = default;
  DeliverySource(const DeliverySource&) = delete;
  DeliverySource& operator=(const DeliverySource&) = delete;
  virtual ~DeliverySource() = default;
  virtual Delivery NewDelivery(Delivery::Kind kind) = 0;
};

}  // namespace kingbase
