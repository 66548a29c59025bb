/*
 * What the text and binary forms of KingbaseES's types need of the server, whose headers are in no npm package
 * (PostgreSQL 12: fmgr.h, postgres.h, stringinfo.h, elog.h).
 */
#pragma once

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uintptr_t Datum;

struct argument {
  Datum value;
  bool is_null;
};

struct call {
  void *function, *context, *result;
  unsigned collation;
  bool is_null;
  short count;
  struct argument arguments[];
};

struct text_buffer {
  char *data;
  int length, capacity, cursor;
};

extern void *palloc(size_t size);
extern void *pg_detoast_datum(void *datum);
extern bool errstart(int level, const char *file, int line, const char *function, const char *domain);
extern void errfinish(int dummy, ...);
extern int errcode(int code);
extern int errmsg(const char *format, ...);
extern Datum DirectFunctionCall1Coll(Datum (*function)(struct call *), unsigned collation, Datum first);
extern Datum DirectFunctionCall3Coll(Datum (*function)(struct call *), unsigned collation, Datum first, Datum second,
                                     Datum third);
extern Datum timestamp_in(struct call *call), timestamp_out(struct call *call), time_in(struct call *call);
extern Datum time_out(struct call *call), timestamptz_timestamp(struct call *call);
extern unsigned pq_getmsgint(struct text_buffer *message, int bytes);
extern int64_t pq_getmsgint64(struct text_buffer *message);
extern const char *pq_getmsgbytes(struct text_buffer *message, int length);

/* Tells the server that a function has the one calling convention that there is. */
struct function_info {
  int version;
};

#define FUNCTION(name)                                             \
  Datum name(struct call *call);                                   \
  const struct function_info *pg_finfo_##name(void);               \
  const struct function_info *pg_finfo_##name(void) {              \
    static const struct function_info info = {1};                  \
    return &info;                                                  \
  }                                                                \
  Datum name(struct call *call)

#define FIRST (call->arguments[0].value)
#define TEXT ((const char *)FIRST)
#define MESSAGE ((struct text_buffer *)FIRST)

enum { ERROR = 20, MICROSECONDS = 1000000 };

static inline int state(const char *code) {
  int packed = 0;
  for (int i = 0; i < 5; i++) packed += ((code[i] - '0') & 0x3F) << (6 * i);
  return packed;
}

static inline void refuse(const char *code, const char *what, const char *text) {
  if (errstart(ERROR, __FILE__, __LINE__, __func__, NULL)) errfinish(errcode(state(code)), errmsg("%s: \"%s\"", what, text));
}

static inline void malformed(const char *text) { refuse("22P02", "invalid input syntax", text); }

static inline Datum copied(const char *text) {
  char *copy = palloc(strlen(text) + 1);
  strcpy(copy, text);
  return (Datum)copy;
}

static inline Datum bytes(const void *data, size_t length) {
  char *result = palloc(length + 4);
  *(uint32_t *)result = (uint32_t)(length + 4) << 2;
  memcpy(result + 4, data, length);
  return (Datum)result;
}

static inline size_t length_of(const void *bytes_) { return (*(const uint32_t *)bytes_ >> 2) - 4; }

static inline void put(uint8_t *to, uint64_t number, int length) {
  for (int i = length - 1; i >= 0; i--, number >>= 8) to[i] = (uint8_t)number;
}
