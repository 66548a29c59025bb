// What is possible: the benchmark's workloads in C, on the same client library, without Node.js.
//
//   ceiling LIBRARY HOST PORT USER PASSWORD DATABASE WORKLOAD …

#include <stdlib.h>
#include <string.h>

#include "workloads.h"

int main(int argc, char** argv) {
  if (argc < 9) Fail("ceiling", "LIBRARY HOST PORT USER PASSWORD DATABASE WORKLOAD … are needed");
  LoadClient(argv[1]);
  const Target target = {argv[2], argv[3], argv[4], argv[5][0] == '\0' ? NULL : argv[5], argv[6]};
  const char* workload = argv[7];
  const char* first = argv[8];
  const char* last = argv[argc - 1];
  if (strcmp(workload, "lookup") == 0)
    Lookup(&target, atoi(first), atof(last));
  else if (strcmp(workload, "fetch") == 0)
    Fetch(&target, first, atoi(last));
  else if (strcmp(workload, "stream") == 0)
    Stream(&target, first);
  else if (strcmp(workload, "copy-in") == 0)
    CopyIn(&target, first, atoi(last));
  else if (strcmp(workload, "copy-out") == 0)
    CopyOut(&target, first, atoi(last));
  else if (strcmp(workload, "connect") == 0)
    ConnectAndClose(&target, atof(last));
  else
    Fail("There is no such workload", workload);
  return 0;
}
