#pragma once
// What the kernel holds for a socket.

#include "wait_set.h"

namespace kingbase {

/** How many bytes can be read; 0 also for a socket that is closed. */
size_t AvailableInput(Socket socket);

/** Whether nothing at all has come, no bytes and no end. By one system call, which takes nothing out. */
bool IsSilent(Socket socket);

}  // namespace kingbase
