#pragma once
// The same figures as the Node.js processes give.

typedef struct {
  double wall;  // seconds
  double cpu;   // seconds, user and system
} Times;

Times Now(void);
Times Since(Times start);
double Median(double* values, int count);

/** Writes the measurement as JSON. Processor time is in µs for each of `operations`. */
void PrintPerOperation(Times taken, long operations);
/** The same with percentiles of the latencies, in seconds; sorts them. */
void PrintWithLatencies(Times taken, long operations, double* latencies);
/** As medians of repeats of the same work on so many rows; processor time is in ms for all of them. */
void PrintPerRepeat(const Times* samples, int count, long rows);
