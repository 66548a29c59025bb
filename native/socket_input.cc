#include "socket_input.h"

#if defined(_WIN32)
#include <winsock2.h>
#else
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#endif

namespace kingbase {

#if defined(_WIN32)

size_t AvailableInput(Socket socket) {
  unsigned long available = 0;
  return ioctlsocket(static_cast<SOCKET>(socket), FIONREAD, &available) == 0 ? available : 0;
}

bool IsSilent(Socket socket) {
  char byte = 0;
  return recv(static_cast<SOCKET>(socket), &byte, 1, MSG_PEEK) < 0 && WSAGetLastError() == WSAEWOULDBLOCK;
}

#else

size_t AvailableInput(Socket socket) {
  int available = 0;
  if (ioctl(socket, FIONREAD, &available) != 0 || available < 0) return 0;  // NOLINT: variadic by nature
  return static_cast<size_t>(available);
}

bool IsSilent(Socket socket) {
  char byte = 0;
  return recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

#endif

}  // namespace kingbase
