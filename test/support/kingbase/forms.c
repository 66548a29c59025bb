/*
 * The text and binary forms of KingbaseES's types that no type of PostgreSQL has. Built together with settings.c; what is
 * used of the server's headers is declared here (PostgreSQL 12: fmgr.h, postgres.h, stringinfo.h, elog.h).
 */
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

struct interval {
  int64_t time;
  int32_t day, month;
};

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

static int state(const char *code) {
  int packed = 0;
  for (int i = 0; i < 5; i++) packed += ((code[i] - '0') & 0x3F) << (6 * i);
  return packed;
}

static void refuse(const char *code, const char *what, const char *text) {
  if (errstart(ERROR, __FILE__, __LINE__, __func__, NULL)) errfinish(errcode(state(code)), errmsg("%s: \"%s\"", what, text));
}

static void malformed(const char *text) { refuse("22P02", "invalid input syntax", text); }

static Datum copied(const char *text) {
  char *copy = palloc(strlen(text) + 1);
  strcpy(copy, text);
  return (Datum)copy;
}

static Datum bytes(const void *data, size_t length) {
  char *result = palloc(length + 4);
  *(uint32_t *)result = (uint32_t)(length + 4) << 2;
  memcpy(result + 4, data, length);
  return (Datum)result;
}

static size_t length_of(const void *bytes_) { return (*(const uint32_t *)bytes_ >> 2) - 4; }

static void put(uint8_t *to, uint64_t number, int length) {
  for (int i = length - 1; i >= 0; i--, number >>= 8) to[i] = (uint8_t)number;
}

/* ---- numbers */

static long long number_within(const char *text, long long least, long long most) {
  char *end;
  errno = 0;
  long long number = strtoll(text, &end, 10);
  while (isspace((unsigned char)*end)) end++;
  if (end == text || *end != '\0') malformed(text);
  if (errno != 0 || number < least || number > most) refuse("22003", "value out of range", text);
  return number;
}

static Datum number_text(long long number) {
  char text[24];
  snprintf(text, sizeof text, "%lld", number);
  return copied(text);
}

/* One byte, which the server keeps in the low one of a Datum and may extend by its sign. */
FUNCTION(tinyint_in) { return (Datum)(int8_t)number_within(TEXT, -128, 127); }
FUNCTION(tinyint_out) { return number_text((int8_t)FIRST); }
FUNCTION(tinyint_recv) { return (Datum)(int8_t)pq_getmsgint(MESSAGE, 1); }
FUNCTION(tinyint_send) { return bytes(&(int8_t){(int8_t)FIRST}, 1); }
FUNCTION(unsigned_tinyint_in) { return (Datum)(int8_t)number_within(TEXT, 0, 255); }
FUNCTION(unsigned_tinyint_out) { return number_text((uint8_t)FIRST); }

FUNCTION(uint4_in) { return (Datum)(int32_t)(uint32_t)number_within(TEXT, 0, UINT32_MAX); }
FUNCTION(uint4_out) { return number_text((uint32_t)FIRST); }

FUNCTION(uint8_in) {
  char *end;
  errno = 0;
  uint64_t number = strtoull(TEXT, &end, 10);
  if (end == TEXT || *end != '\0') malformed(TEXT);
  if (errno != 0 || strchr(TEXT, '-') != NULL) refuse("22003", "value out of range", TEXT);
  return (Datum)number;
}

FUNCTION(uint8_out) {
  char text[24];
  snprintf(text, sizeof text, "%llu", (unsigned long long)FIRST);
  return copied(text);
}

FUNCTION(flag_in) {
  if (strcmp(TEXT, "1") == 0 || TEXT[0] == 't') return 1;
  if (strcmp(TEXT, "0") == 0 || TEXT[0] == 'f') return 0;
  malformed(TEXT);
  return 0;
}

FUNCTION(flag_out) { return copied((bool)FIRST ? "1" : "0"); }

/* Four decimals, and commas between the thousands. */
FUNCTION(money_in) {
  const bool negative = TEXT[0] == '-';
  int64_t number = 0;
  int decimals = -1;
  for (const char *at = TEXT + negative; *at != '\0'; at++) {
    if (*at == ',') continue;
    if (*at == '.' && decimals < 0) decimals = 0;
    else if (isdigit((unsigned char)*at) && decimals < 4) number = number * 10 + (*at - '0'), decimals += decimals >= 0;
    else malformed(TEXT);
  }
  for (int i = decimals < 0 ? 0 : decimals; i < 4; i++) number *= 10;
  return (Datum)(negative ? -number : number);
}

FUNCTION(money_out) {
  const int64_t number = (int64_t)FIRST;
  const uint64_t size = number < 0 ? -(uint64_t)number : (uint64_t)number;
  char digits[24], text[40];
  const int count = snprintf(digits, sizeof digits, "%llu", (unsigned long long)(size / 10000));
  char *to = text;
  if (number < 0) *to++ = '-';
  for (int i = 0; i < count; i++) {
    if (i > 0 && (count - i) % 3 == 0) *to++ = ',';
    *to++ = digits[i];
  }
  snprintf(to, 6, ".%04d", (int)(size % 10000));
  return copied(text);
}

/* ---- bytes */

static int hex_digit(char digit) {
  if (isdigit((unsigned char)digit)) return digit - '0';
  const int letter = tolower((unsigned char)digit) - 'a';
  return letter >= 0 && letter < 6 ? letter + 10 : -1;
}

/* `0x` and digits, two for each byte; any other text is its own bytes. */
FUNCTION(hex_in) {
  const char *text = TEXT;
  const size_t length = strlen(text);
  if (length < 2 || text[0] != '0' || text[1] != 'x') return bytes(text, length);
  uint8_t *decoded = palloc(length);
  for (size_t i = 2; i < length; i += 2) {
    const int high = hex_digit(text[i]), low = i + 1 < length ? hex_digit(text[i + 1]) : -1;
    if (high < 0 || low < 0) malformed(text);
    decoded[i / 2 - 1] = (uint8_t)(high * 16 + low);
  }
  return bytes(decoded, length / 2 - 1);
}

static Datum hex_text(const uint8_t *data, size_t length) {
  char *text = palloc(length * 2 + 3);
  strcpy(text, "0x");
  for (size_t i = 0; i < length; i++) snprintf(text + 2 + 2 * i, 3, "%02X", data[i]);
  return (Datum)text;
}

FUNCTION(hex_out) {
  const char *value = pg_detoast_datum((void *)FIRST);
  return hex_text((const uint8_t *)value + 4, length_of(value));
}

FUNCTION(rowversion_in) {
  char *end;
  const uint64_t number = strncmp(TEXT, "0x", 2) == 0 ? strtoull(TEXT + 2, &end, 16) : strtoull(TEXT, &end, 10);
  if (*end != '\0') malformed(TEXT);
  return (Datum)number;
}

FUNCTION(rowversion_out) {
  uint8_t data[8];
  put(data, FIRST, 8);
  return hex_text(data, 8);
}

/* How many bits are zeros before the first other one, how many follow from there on, and those, from the left. */
FUNCTION(bits_send) {
  const char *value = pg_detoast_datum((void *)FIRST);
  const int count = *(const int *)(value + 4);
  const uint8_t *bits = (const uint8_t *)value + 8;
  const size_t size = (size_t)(count + 7) / 8;
  uint8_t *sent = palloc(8 + size);
  int zeros = 0;
  while (zeros < count && (bits[zeros / 8] >> (7 - zeros % 8) & 1) == 0) zeros++;
  put(sent, (uint64_t)zeros, 4);
  put(sent + 4, (uint64_t)(count - zeros), 4);
  memset(sent + 8, 0, size);
  for (int i = zeros; i < count; i++) {
    const int bit = bits[i / 8] >> (7 - i % 8) & 1, to = i - zeros;
    sent[8 + to / 8] |= (uint8_t)(bit << (7 - to % 8));
  }
  return bytes(sent, 8 + size);
}

FUNCTION(bits_recv) {
  const int zeros = (int)pq_getmsgint(MESSAGE, 4), rest = (int)pq_getmsgint(MESSAGE, 4), count = zeros + rest;
  const int left = MESSAGE->length - MESSAGE->cursor;
  const uint8_t *payload = (const uint8_t *)pq_getmsgbytes(MESSAGE, left);
  const size_t size = (size_t)(count + 7) / 8;
  if (zeros < 0 || rest < 0 || (rest + 7) / 8 > left) refuse("22P03", "invalid bits", "");
  uint8_t *value = palloc(size + 4);
  memset(value, 0, size + 4);
  memcpy(value, &count, 4);
  for (int i = 0; i < rest; i++) {
    const int bit = payload[i / 8] >> (7 - i % 8) & 1, to = zeros + i;
    value[4 + to / 8] |= (uint8_t)(bit << (7 - to % 8));
  }
  return bytes(value, size + 4);
}

/* ---- times */

/* Takes the seventh decimal out of a text, which `time_in` and `timestamp_in` would round. */
static Datum without_seventh(const char *text, int *seventh) {
  char *copy = (char *)copied(text);
  char *point = strchr(copy, '.');
  *seventh = 0;
  if (point != NULL && strspn(point + 1, "0123456789") >= 7) {
    *seventh = point[7] - '0';
    memmove(point + 7, point + 8, strlen(point + 8) + 1);
  }
  return (Datum)copy;
}

/* Puts the seventh decimal behind those that there are. */
static Datum with_seventh(Datum written, int seventh) {
  const char *text = (const char *)written;
  if (seventh == 0) return written;
  const char *point = strchr(text, '.');
  const char *end = text + strcspn(text, ".");
  if (point != NULL) end = point + 1 + strspn(point + 1, "0123456789");
  else if (strrchr(text, ':') != NULL) end = strrchr(text, ':') + 3;
  const int decimals = point == NULL ? 0 : (int)(end - point - 1);
  char *out = palloc(strlen(text) + 10);
  sprintf(out, "%.*s%s%.*s%d%s", (int)(end - text), text, point == NULL ? "." : "", 6 - decimals, "000000", seventh, end);
  return (Datum)out;
}

static int64_t read_fine(const char *text, Datum (*read)(struct call *)) {
  int seventh;
  const Datum cut = without_seventh(text, &seventh);
  return (int64_t)DirectFunctionCall3Coll(read, 0, cut, 0, (Datum)-1) * 10 + seventh;
}

static Datum write_fine(int64_t value, Datum (*write)(struct call *)) {
  int seventh = (int)(value % 10);
  if (seventh < 0) seventh += 10;
  return with_seventh(DirectFunctionCall1Coll(write, 0, (Datum)((value - seventh) / 10)), seventh);
}

/* Units of 100 ns, since 2000 or midnight. */
FUNCTION(fine_timestamp_in) { return (Datum)read_fine(TEXT, timestamp_in); }
FUNCTION(fine_timestamp_out) { return write_fine((int64_t)FIRST, timestamp_out); }
FUNCTION(fine_time_in) { return (Datum)read_fine(TEXT, time_in); }
FUNCTION(fine_time_out) { return write_fine((int64_t)FIRST, time_out); }

/* Always three decimals. */
FUNCTION(millisecond_clock_out) {
  const char *text = (const char *)DirectFunctionCall1Coll(timestamp_out, 0, FIRST);
  const char *second = strrchr(text, ':');
  if (second == NULL) return (Datum)text;
  const char *end = second + 3;
  char decimals[5] = ".000";
  if (*end == '.') {
    for (int i = 1; end[i] != '\0' && isdigit((unsigned char)end[i]); i++)
      if (i < 4) decimals[i] = end[i];
    end += 1 + strspn(end + 1, "0123456789");
  }
  char *out = palloc(strlen(text) + 6);
  sprintf(out, "%.*s%s%s", (int)(second + 3 - text), text, decimals, end);
  return (Datum)out;
}

/* The clock of the session's zone, without an offset. */
FUNCTION(zoned_clock_out) {
  return DirectFunctionCall1Coll(timestamp_out, 0, DirectFunctionCall1Coll(timestamptz_timestamp, 0, FIRST));
}

/* `hours:minutes:seconds` with a fraction, of which `*units` are in a second. */
static bool clock_time(const char *text, int64_t units, int64_t *time) {
  int hours, minutes, seconds, length = 0;
  if (sscanf(text, "%d:%2d:%2d%n", &hours, &minutes, &seconds, &length) != 3 || hours < 0) return false;
  *time = ((int64_t)hours * 3600 + minutes * 60 + seconds) * units;
  text += length;
  if (*text == '.') {
    for (text++; isdigit((unsigned char)*text); text++) *time += (*text - '0') * (units /= 10);
  }
  return *text == '\0';
}

static int write_clock(char *to, int64_t time, int64_t units, const char *hours) {
  int length = sprintf(to, hours, (int)(time / units / 3600));
  length += sprintf(to + length, ":%02d:%02d", (int)(time / units / 60 % 60), (int)(time / units % 60));
  int64_t fraction = time % units;
  if (fraction == 0) return length;
  to[length++] = '.';
  while (fraction != 0) {
    units /= 10;
    to[length++] = (char)('0' + fraction / units);
    fraction %= units;
  }
  to[length] = '\0';
  return length;
}

/* Signed, in microseconds. */
FUNCTION(duration_in) {
  const bool negative = TEXT[0] == '-';
  int64_t time;
  if (!clock_time(TEXT + negative, MICROSECONDS, &time)) malformed(TEXT);
  if (time / MICROSECONDS / 3600 > 838) refuse("22008", "time out of range", TEXT);
  return (Datum)(negative ? -time : time);
}

FUNCTION(duration_out) {
  int64_t time = (int64_t)FIRST;
  char text[40] = "-";
  write_clock(text + (time < 0), time < 0 ? -time : time, MICROSECONDS, "%02d");
  return copied(text);
}

static Datum interval_of(int64_t time, int day, int month) {
  struct interval *interval = palloc(sizeof *interval);
  interval->time = time;
  interval->day = day;
  interval->month = month;
  return (Datum)interval;
}

/* Of all intervals: 16 bytes, of which the first 8 are in nanoseconds where there is a time of day. */
FUNCTION(own_interval_send) {
  const struct interval *interval = (const struct interval *)FIRST;
  uint8_t sent[16];
  put(sent, (uint64_t)interval->time, 8);
  put(sent + 8, (uint64_t)interval->day, 4);
  put(sent + 12, (uint64_t)interval->month, 4);
  return bytes(sent, 16);
}

FUNCTION(own_interval_recv) {
  const int64_t time = pq_getmsgint64(MESSAGE);
  const int day = (int)pq_getmsgint(MESSAGE, 4);
  return interval_of(time, day, (int)pq_getmsgint(MESSAGE, 4));
}

/* `+000000002 17:10:03.47`. */
FUNCTION(day_second_in) {
  const int sign = TEXT[0] == '-' ? -1 : 1;
  char *end;
  const long days = strtol(TEXT + (TEXT[0] == '-' || TEXT[0] == '+'), &end, 10);
  int64_t time;
  if (*end != ' ' || !clock_time(end + 1, 1000000000, &time)) malformed(TEXT);
  return interval_of(sign * time, (int)(sign * days), 0);
}

FUNCTION(day_second_out) {
  const struct interval *interval = (const struct interval *)FIRST;
  const bool negative = interval->time < 0 || interval->day < 0;
  char text[60];
  const int length = sprintf(text, "%c%09d ", negative ? '-' : '+', abs(interval->day));
  write_clock(text + length, llabs(interval->time), 1000000000, "%02d");
  return copied(text);
}

/* `+000000001-02`. */
FUNCTION(year_month_in) {
  int years, months;
  if (sscanf(TEXT + (TEXT[0] == '-' || TEXT[0] == '+'), "%d-%d", &years, &months) != 2) malformed(TEXT);
  const int all = years * 12 + months;
  return interval_of(0, 0, TEXT[0] == '-' ? -all : all);
}

FUNCTION(year_month_out) {
  const int months = ((const struct interval *)FIRST)->month;
  char text[40];
  sprintf(text, "%c%09d-%02d", months < 0 ? '-' : '+', abs(months) / 12, abs(months) % 12);
  return copied(text);
}
