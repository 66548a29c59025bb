#pragma once
// Commands that are sent together, each with a Sync of its own, so that one's failure is its own. The
// JavaScript thread fills the group while it owns the idle connection; from then on it is the owner's, which
// only turns from one command to the next: nothing is added to a group that has been sent.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "command.h"

namespace kingbase {

class Group {
 public:
  /** The command to fill next; null where there is no room. */
  Command* Spare() {
    if (size_ == kMostCommands) return nullptr;
    if (size_ == commands_.size()) commands_.push_back(std::make_unique<Command>());
    return commands_[size_].get();
  }
  /** Takes in what was filled; false where it is too large to wait in a buffer. */
  bool TakeSpare() {
    const size_t bytes = commands_[size_]->parameters.size();
    if (bytes > kMostBytesOfCommand || bytes_ + bytes > kMostBytes) {
      commands_[size_]->parameters.Clear();
      return false;
    }
    bytes_ += bytes;
    ++size_;
    return true;
  }

  /** How many commands it has; 0 when none are under way. */
  size_t size() const { return size_; }
  Command* at(size_t index) { return commands_[index].get(); }
  Command* present() { return commands_[present_].get(); }
  bool at_first() const { return present_ == 0; }
  /** Whether another comes after the present one. */
  bool more() const { return present_ + 1 < size_; }
  void Turn() { ++present_; }

  /** Whether any byte of the present one can have left this machine. */
  bool sent() const { return present_ < sent_; }
  void NoteSent() { ++sent_; }

  /**
   * The library tells of no transaction until the last answer is there. What is sent together neither begins
   * nor ends one, so that its status is the one before, but for a failure in it.
   */
  uint8_t transaction_status = 0;
  /** A command has altered a setting that those behind it have been written by, or will be read by. */
  bool altered = false;

  void Clear() {
    size_ = 0;
    present_ = 0;
    sent_ = 0;
    bytes_ = 0;
    altered = false;
  }

 private:
  static constexpr size_t kMostCommands = 64;
  static constexpr size_t kMostBytesOfCommand = 16 * 1024;
  static constexpr size_t kMostBytes = 256 * 1024;

  std::vector<std::unique_ptr<Command>> commands_;
  size_t size_ = 0;
  size_t present_ = 0;
  size_t sent_ = 0;
  size_t bytes_ = 0;
};

}  // namespace kingbase
