#pragma once
// The hand-over protocol: who may touch a connection.
//
// Ownership instead of a lock: a connection belongs to one thread at a time, and only its owner calls the
// library with it or touches its state.
//   - JavaScript thread: while idle, or while it runs a command that is alone in flight by itself.
//   - I/O thread: from the moment a command is submitted until its completion is published.
//   - a connector thread: while connecting, and for taking leave of an idle connection. From one that the
//   library
//     keeps, the JavaScript thread takes the connections that it is not inside of to another (connectors.h).
//
//   who gives      to whom      when
//   JavaScript     connector    connect() is called; an idle connection is closed
//   JavaScript     I/O thread   a command is not alone in flight, is large, or is not over after one read;
//                               a connection is closed that is not idle
//   connector      JavaScript   the attempt has ended, and before its end is posted
//   I/O thread     JavaScript   the command has ended, and before its end is posted
//   JavaScript     I/O thread   a connection that it has closed before and that was given back meanwhile:
//   nobody
//                               gives it, the I/O thread takes it with the order to close
//
// The giver does not touch the connection after GiveTo (release); whoever reads `owner()` as itself (acquire)
// may go on. Then follows an order to the new owner or a delivery to the JavaScript thread, which is how the
// new owner hears of it.
//
// The command object is filled by the JavaScript thread while the connection is idle. A second one may be
// filled and offered while a command runs: the owner begins it as soon as that has ended well, unless the
// JavaScript thread takes it back before. Sending a cancel request is the exception from all this: it uses
// only the cancel object, which never changes after connecting, or has a lock of its own.
//
// Built with KINGBASE_CHECK_OWNERSHIP (the sanitizer builds are), every entry checks that the calling thread
// is the owner and writes a plain member, so that the thread sanitizer sees a hand-over that orders nothing.

#include <atomic>
#include <cstddef>
#include <cstdint>

#if defined(KINGBASE_CHECK_OWNERSHIP)
#include <cstdio>
#include <cstdlib>
#endif

namespace kingbase {

enum class Owner : uint8_t { kJavaScript, kIoThread, kConnector };

/** Which owner the calling thread is: the JavaScript thread, unless it has said otherwise by a RoleScope. */
class RoleScope {
 public:
#if defined(KINGBASE_CHECK_OWNERSHIP)
  explicit RoleScope(Owner role) : before_(Current()) { Current() = role; }
  ~RoleScope() { Current() = before_; }
  static Owner& Current() {
    static thread_local Owner role = Owner::kJavaScript;
    return role;
  }

 private:
  const Owner before_;

 public:
#else
  explicit RoleScope(Owner) {}
  ~RoleScope() {}  // NOLINT: keeps the object from counting as unused
#endif
  RoleScope(const RoleScope&) = delete;
  RoleScope& operator=(const RoleScope&) = delete;
};

class HandOver {
 public:
  Owner owner() const { return owner_.load(std::memory_order_acquire); }

  /** Called by the present owner, which does not touch the connection afterwards. */
  void GiveTo(Owner owner) {
    Touch();
    owner_.store(owner, std::memory_order_release);
  }

  /**
   * I/O thread, for an order to close: the JavaScript thread leaves a connection alone from when it has
   * closed it, also where a command that ended meanwhile has given the connection back to it.
   */
  void TakeClosed(Owner owner) { owner_.store(owner, std::memory_order_release); }

  /** At the entry of whatever only the owner may do. */
  void Touch() {
#if defined(KINGBASE_CHECK_OWNERSHIP)
    if (owner() != RoleScope::Current()) {
      std::fprintf(stderr, "kingbase-native: a connection of owner %d is touched by owner %d\n",
                   static_cast<int>(owner()), static_cast<int>(RoleScope::Current()));
      std::abort();
    }
    ++touched_;
#endif
  }

  // ---- The command that is offered to follow the present one.

  /** JavaScript thread: whether a next command may be filled and offered. Not before it has heard that the
   * connection has gone on with the last one, whose command object the owner may be exchanging. */
  bool takes_offer() const { return offer_.load(std::memory_order_acquire) == Offer::kNone; }
  /** JavaScript thread: has the owner go on with the next command after the one under way. */
  void OfferNext() { offer_.store(Offer::kOffered, std::memory_order_release); }
  /** JavaScript thread: false when the owner has gone on with it, or nothing was offered. */
  bool TakeNextBack() { return Exchange(Offer::kOffered, Offer::kNone); }
  /** The owner: false when the JavaScript thread has taken it back, or nothing was offered. */
  bool GoOnWithNext() { return Exchange(Offer::kOffered, Offer::kTaken); }
  /** JavaScript thread: has heard of it. */
  void NoteWentOn() { Exchange(Offer::kTaken, Offer::kNone); }

  // ---- Readiness that came while the JavaScript thread owned the connection, perhaps dead without its
  // knowing.

  /** I/O thread: true when the JavaScript thread is to be told; false when that is on its way already. */
  bool NoteAttention(bool hangup) {
    const unsigned what = hangup ? kReady | kHangup : kReady;
    return attention_.fetch_or(what, std::memory_order_acq_rel) == 0;
  }
  /** JavaScript thread: has been told; true where the peer has hung up. */
  bool TakeAttention() { return (attention_.exchange(0, std::memory_order_acq_rel) & kHangup) != 0; }
  bool needs_attention() const { return attention_.load(std::memory_order_acquire) != 0; }

  // ---- The JavaScript thread's own notes, whoever owns the connection.

  /** A command has been given whose end has not been delivered yet. */
  bool under_way() const { return under_way_; }
  void note_under_way(bool under_way) { under_way_ = under_way; }
  /** The program has closed the connection: the JavaScript thread leaves it alone from then on. */
  bool closing() const { return closing_; }
  void note_closing() { closing_ = true; }
  /** The event loop watches its socket, and the I/O thread does not: only while the JavaScript thread owns
   * it. */
  bool watched() const { return watched_; }
  void note_watched(bool watched) { watched_ = watched; }
  /** Nobody waits any more for the end of the attempt to connect: it does not keep the process alive. */
  bool forsaken() const { return forsaken_; }
  void note_forsaken() { forsaken_ = true; }
  /** Which of the connector threads it was given to. */
  size_t connector() const { return connector_; }
  void note_connector(size_t connector) { connector_ = connector; }

 private:
  enum class Offer : uint8_t { kNone, kOffered, kTaken };
  static constexpr unsigned kReady = 1;
  static constexpr unsigned kHangup = 2;

  bool Exchange(Offer from, Offer to) {
    return offer_.compare_exchange_strong(from, to, std::memory_order_acq_rel);
  }

  std::atomic<Owner> owner_{Owner::kJavaScript};
  std::atomic<Offer> offer_{Offer::kNone};
  std::atomic<unsigned> attention_{0};
  bool under_way_ = false;
  bool closing_ = false;
  bool watched_ = false;
  bool forsaken_ = false;
  size_t connector_ = 0;
#if defined(KINGBASE_CHECK_OWNERSHIP)
  uint64_t touched_ = 0;
#endif
};

}  // namespace kingbase
