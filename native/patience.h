#pragma once
// For the little that must not fail: telling that something else has failed.

#include <chrono>
#include <new>
#include <thread>

namespace kingbase {

/** Does what needs a little memory, again and again until it can be had. `work` must be free to be repeated.
 */
template <typename Work>
void Insist(Work work) {
  for (;;) {
    try {
      work();
      return;
    } catch (const std::bad_alloc&) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
}

}  // namespace kingbase
