/*
 * Gives a session of PostgreSQL 12 the settings of KingbaseES as real ones, so that SHOW, SET, current_setting() and
 * pg_settings all know them. Loaded by session_preload_libraries; takes its values from two settings of the database,
 * emulator.database_mode and emulator.case_insensitive.
 *
 * The server's headers are in no npm package, so what is used of them is declared here (PostgreSQL 12: fmgr.h, guc.h,
 * guc_tables.h).
 */
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

enum { PGC_INTERNAL = 0, PGC_USERSET = 6 };
enum { PGC_S_OVERRIDE = 10 };

extern const char *GetConfigOption(const char *name, bool missing_ok, bool restrict_privileged);
extern void SetConfigOption(const char *name, const char *value, int context, int source);
extern void DefineCustomBoolVariable(const char *name, const char *short_desc, const char *long_desc, bool *variable,
                                     bool boot_value, int context, int flags, bool (*check)(bool *, void **, int),
                                     void (*assign)(bool, void *), const char *(*show)(void));
extern void DefineCustomStringVariable(const char *name, const char *short_desc, const char *long_desc, char **variable,
                                       const char *boot_value, int context, int flags,
                                       bool (*check)(char **, void **, int), void (*assign)(const char *, void *),
                                       const char *(*show)(void));

struct integer_setting {
  const char *name;
  int context, group;
  const char *short_desc, *long_desc;
  int flags, type, status, source, reset_source, set_context, reset_context;
  void *stack, *extra;
  char *source_file;
  int source_line;
  int *variable;
  int boot_value, minimum, maximum;
};

extern struct integer_setting **get_guc_variables(void);
extern int GetNumConfigOptions(void);

static const struct {
  int length, version, max_function_arguments, max_index_keys, name_length, float4_by_value, float8_by_value;
} magic = {sizeof magic, 1200, 100, 32, 64, true, true};

const void *Pg_magic_func(void) { return &magic; }

static char *database_mode;
static bool case_insensitive, upper_column_names, empty_string_is_null;

/* V9's manual: in pg mode the ora_ parameters are off and cannot be turned on. */
static bool check_ora_parameter(bool *value, void **extra, int source) {
  (void)extra;
  (void)source;
  return !*value || strcmp(database_mode, "pg") != 0;
}

/* The setting's range is its one value, so SetConfigOption() would refuse another. */
static void set_server_version_num(int from, int to) {
  struct integer_setting **settings = get_guc_variables();
  for (int i = 0, count = GetNumConfigOptions(); i < count; i++) {
    struct integer_setting *setting = settings[i];
    if (strcmp(setting->name, "server_version_num") != 0) continue;
    /* Otherwise the declaration above is not this server's. */
    if (setting->boot_value / 100 == from && setting->minimum == setting->boot_value) *setting->variable = to;
  }
}

void _PG_init(void) {
  const char *mode = GetConfigOption("emulator.database_mode", true, false);
  const char *insensitive = GetConfigOption("emulator.case_insensitive", true, false);
  if (mode == NULL) return;

  DefineCustomStringVariable("database_mode", "Which database system this one is compatible with.", NULL,
                             &database_mode, mode, PGC_INTERNAL, 0, NULL, NULL, NULL);
  DefineCustomBoolVariable("enable_ci", "Compares names and text without regard to case.", NULL, &case_insensitive,
                           insensitive != NULL && strcmp(insensitive, "on") == 0, PGC_INTERNAL, 0, NULL, NULL, NULL);
  DefineCustomBoolVariable("enable_upper_colname", "Gives names of result columns in capitals.", NULL,
                           &upper_column_names, false, PGC_USERSET, 0, NULL, NULL, NULL);
  DefineCustomBoolVariable("ora_input_emptystr_isnull", "Takes an empty string for NULL.", NULL, &empty_string_is_null,
                           strcmp(mode, "oracle") == 0, PGC_USERSET, 0, check_ora_parameter, NULL, NULL);
  SetConfigOption("server_version", "12.1", PGC_INTERNAL, PGC_S_OVERRIDE);
  set_server_version_num(1200, 120001);
}
