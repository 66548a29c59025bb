#include "clocks.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

static double Seconds(struct timeval time) { return (double)time.tv_sec + (double)time.tv_usec / 1e6; }

Times Now(void) {
  struct timespec wall;
  struct rusage usage;
  clock_gettime(CLOCK_MONOTONIC, &wall);
  getrusage(RUSAGE_SELF, &usage);
  return (Times){(double)wall.tv_sec + (double)wall.tv_nsec / 1e9,
                 Seconds(usage.ru_utime) + Seconds(usage.ru_stime)};
}

Times Since(Times start) {
  const Times now = Now();
  return (Times){now.wall - start.wall, now.cpu - start.cpu};
}

static int Compare(const void* a, const void* b) {
  const double x = *(const double*)a;
  const double y = *(const double*)b;
  return (x > y) - (x < y);
}

double Median(double* values, int count) {
  qsort(values, (size_t)count, sizeof(double), Compare);
  return (values[(count - 1) / 2] + values[count / 2]) / 2;
}

static double PeakRssMb(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (double)usage.ru_maxrss / 1024;
}

void PrintPerOperation(Times taken, long operations) {
  printf("{\"rate\":%f,\"cpu\":%f,\"rss\":%f}", (double)operations / taken.wall,
         taken.cpu * 1e6 / (double)operations, PeakRssMb());
}

void PrintWithLatencies(Times taken, long operations, double* latencies) {
  qsort(latencies, (size_t)operations, sizeof(double), Compare);
  printf("{\"rate\":%f,\"cpu\":%f,\"p50\":%f,\"p99\":%f,\"rss\":%f}", (double)operations / taken.wall,
         taken.cpu * 1e6 / (double)operations, latencies[operations / 2] * 1e6,
         latencies[operations * 99 / 100] * 1e6, PeakRssMb());
}

void PrintPerRepeat(const Times* samples, int count, long rows) {
  double* wall = malloc(sizeof(double) * (size_t)count);
  double* cpu = malloc(sizeof(double) * (size_t)count);
  for (int i = 0; i < count; i++) {
    wall[i] = samples[i].wall;
    cpu[i] = samples[i].cpu;
  }
  printf("{\"rate\":%f,\"cpu\":%f,\"rss\":%f}", (double)rows / Median(wall, count), Median(cpu, count) * 1e3,
         PeakRssMb());
  free(wall);
  free(cpu);
}
