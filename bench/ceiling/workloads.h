#pragma once

#include "client.h"

/** One row by primary key; with one connection blocking, with more as many operations in flight. */
void Lookup(const Target* target, int connections, double seconds);
/** All rows of a statement at once. */
void Fetch(const Target* target, const char* sql, int repeats);
/** All rows of a statement one by one. */
void Stream(const Target* target, const char* sql);
void CopyIn(const Target* target, const char* sql, int repeats);
void CopyOut(const Target* target, const char* sql, int repeats);
/** Connects and closes, one after the other. */
void ConnectAndClose(const Target* target, double seconds);
