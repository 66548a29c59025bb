#include "clocks.h"
#include "workloads.h"

void ConnectAndClose(const Target* target, double seconds) {
  for (int i = 0; i < 20; i++) client.finish(Connect(target));
  long connections = 0;
  const Times start = Now();
  for (; Now().wall - start.wall < seconds; connections++) client.finish(Connect(target));
  PrintPerOperation(Since(start), connections);
}
