/*
 * Gives a session of PostgreSQL 12 the settings of KingbaseES as real ones, so that SHOW, SET, current_setting() and
 * pg_settings all know them. Loaded by session_preload_libraries; what there is to be it takes from settings of the
 * database: emulator.settings, emulator.server_version and emulator.kernel.
 *
 * The server's headers are in no npm package, so what is used of them is declared here (PostgreSQL 12: fmgr.h, guc.h,
 * guc_tables.h).
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
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

enum { HIDDEN = 0x0004 };

/* V9's manual: in pg mode the ora_ parameters are off and cannot be turned on. */
static bool stays_off(bool *value, void **extra, int source) {
  (void)extra;
  (void)source;
  return !*value;
}

/* `kind name value`: the kind has `b` for one that is on or off, `f` if it is fixed, `h` if lists leave it out, `o` if it stays off. */
static void define(const char *kind, const char *name, const char *value) {
  const int context = strchr(kind, 'f') != NULL ? PGC_INTERNAL : PGC_USERSET;
  const int flags = strchr(kind, 'h') != NULL ? HIDDEN : 0;
  if (strchr(kind, 'b') != NULL) {
    DefineCustomBoolVariable(name, "", NULL, calloc(1, sizeof(bool)), strcmp(value, "on") == 0, context, flags,
                             strchr(kind, 'o') != NULL ? stays_off : NULL, NULL, NULL);
  } else {
    DefineCustomStringVariable(name, "", NULL, calloc(1, sizeof(char *)), strdup(value), context, flags, NULL, NULL, NULL);
  }
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
  const char *settings = GetConfigOption("emulator.settings", true, false);
  const char *version = GetConfigOption("emulator.server_version", true, false);
  const char *kernel = GetConfigOption("emulator.kernel", true, false);
  if (settings == NULL || version == NULL || kernel == NULL) return;
  char *list = strdup(settings), *rest = list;
  for (char *each; (each = strsep(&rest, ";")) != NULL;) {
    const char *kind = strsep(&each, " "), *name = strsep(&each, " ");
    if (name != NULL && each != NULL) define(kind, strdup(name), each);
  }
  free(list);
  SetConfigOption("server_version", version, PGC_INTERNAL, PGC_S_OVERRIDE);
  set_server_version_num(1200, atoi(kernel));
}
