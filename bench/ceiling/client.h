#pragma once
// The client library, opened by path, under either spelling of its entry points.

#include <stdbool.h>

typedef struct Connection Connection;
typedef struct Result Result;

enum { kCommandOk = 1, kTuplesOk = 2, kCopyOut = 3, kCopyIn = 4, kSingleTuple = 9 };

typedef struct {
  Connection* (*connect)(const char* const* keywords, const char* const* values, int expand_dbname);
  int (*status)(const Connection*);
  void (*finish)(Connection*);
  int (*socket)(const Connection*);
  char* (*error_message)(const Connection*);
  int (*set_nonblocking)(Connection*, int on);
  int (*flush)(Connection*);
  int (*consume_input)(Connection*);
  int (*is_busy)(Connection*);
  Result* (*exec)(Connection*, const char* sql);
  Result* (*prepare)(Connection*, const char* name, const char* sql, int count, const unsigned* types);
  Result* (*exec_prepared)(Connection*, const char* name, int count, const char* const* values,
                           const int* lengths, const int* formats, int result_format);
  int (*send_query)(Connection*, const char* sql);
  int (*send_query_prepared)(Connection*, const char* name, int count, const char* const* values,
                             const int* lengths, const int* formats, int result_format);
  int (*set_single_row_mode)(Connection*);
  Result* (*get_result)(Connection*);
  int (*put_copy_data)(Connection*, const char* bytes, int length);
  int (*put_copy_end)(Connection*, const char* error);
  int (*get_copy_data)(Connection*, char** bytes, int async);
  void (*free_memory)(void*);
  int (*result_status)(const Result*);
  int (*row_count)(const Result*);
  int (*column_count)(const Result*);
  char* (*value)(const Result*, int row, int column);
  int (*value_length)(const Result*, int row, int column);
  void (*clear)(Result*);
} Client;

extern Client client;

/** Opens the library at this path; ends the program with a message if it cannot be used. */
void LoadClient(const char* path);

/** Where the server is, as the command line gave it. */
typedef struct {
  const char* host;
  const char* port;
  const char* user;
  const char* password;
  const char* database;
} Target;

/** Connects, or ends the program. */
Connection* Connect(const Target* target);

/** Ends the program unless the result has this status. */
Result* Expect(Connection* connection, Result* result, int status);

/** Runs a statement without rows. */
void Run(Connection* connection, const char* sql);

/** Reads every value, as a program that uses them would; gives the number of bytes. */
long Read(const Result* result);

_Noreturn void Fail(const char* what, const char* reason);
