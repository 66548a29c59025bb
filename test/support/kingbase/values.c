/* The forms of numbers, bytes and bits that no type of PostgreSQL has. */
#include "forms.h"

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
