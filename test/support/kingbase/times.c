/* The forms of times and intervals that no type of PostgreSQL has. */
#include "forms.h"

struct interval {
  int64_t time;
  int32_t day, month;
};

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
