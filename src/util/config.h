/*
 * The configuration: an immutable snapshot of `key = value` lines.
 *
 * A line is blank, a comment ('#' first), or `key = value`; blanks around both
 * are dropped, a value may stand in double quotes. A comment behind a value is a
 * mistake. At most 64 KiB. Every key must be known, none
 * may come twice, every value must fit its kind: a mistake is an error that names
 * the line, never a silent default.
 *
 * Immutable once loaded: any thread may read it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/compat.h"
#include "util/status.h"

enum ash_config_key {
#define ASH_CONFIG(id, name, kind, fallback, low, high, text) ASH_CONFIG_##id,
#include "util/config_keys.h"
#undef ASH_CONFIG
	ASH_CONFIG_KEYS
};

enum ash_config_kind {
	ASH_CONFIG_TEXT,   /* any text */
	ASH_CONFIG_PATH,   /* an absolute path */
	ASH_CONFIG_NUMBER, /* decimal, within low and high */
	ASH_CONFIG_SWITCH, /* yes or no */
	ASH_CONFIG_CHOICE, /* one of the words in `fallback`, separated by '|'; the first is the default */
};

/* One row of the table: what documentation and `ashlar` show of a key. */
struct ash_config_info {
	const char *name;
	enum ash_config_kind kind;
	const char *fallback; /* the default as it would be written */
	uint64_t low, high;
	const char *text; /* what it means, one sentence */
};

struct ash_config;

/*
 * Finds and reads the configuration as docs/configuration.md tells: the file in
 * $ASHLAR_CONF; else, when $ASHLAR_HOME is set, ashlar.conf in that folder or
 * defaults; else $XDG_CONFIG_HOME/ashlar/ashlar.conf (or ~/.config), else
 * /etc/ashlar/ashlar.conf, else defaults. Environment through secure_getenv only.
 * A file that others may write to, or that belongs to neither root nor this user,
 * is refused.
 * ASH_E_CONFIG for a mistake or an $ASHLAR_CONF that is not there; then
 * ash_config_error() has a sentence with file and line. ASH_E_MEMORY.
 */
ASH_STATUS ash_config_load(struct ash_config **ret_config);

/* Reads from text instead; `where` is named in error messages. For tests, fuzzing. */
ASH_STATUS ash_config_parse(const char *where, const char *text, size_t len, struct ash_config **ret_config);

struct ash_config *ash_config_free(struct ash_config *config);

/*
 * For a value that its user can't do with, which no kind tells: fails with ASH_E_CONFIG and a
 * sentence that names file and line, as any mistake has.
 */
ASH_STATUS ash_config_refuse(const struct ash_config *config, enum ash_config_key key, const char *format,
			     ...) ASH_PRINTF(3, 4);

/* The latest mistake of this thread, as a sentence; "" when there was none. */
const char *ash_config_error(void);

/* Borrowed until the configuration is freed. */
const char *ash_config_text(const struct ash_config *config, enum ash_config_key key);
uint64_t ash_config_number(const struct ash_config *config, enum ash_config_key key);
bool ash_config_switch(const struct ash_config *config, enum ash_config_key key);

/* The file it came from; NULL when all is default. */
const char *ash_config_path(const struct ash_config *config);

/*
 * The store's folder: `store.path`, else $ASHLAR_HOME, else /var/lib/ashlar for
 * root, else $XDG_DATA_HOME/ashlar (or ~/.local/share). NULL when none of them is
 * known: no token then.
 */
const char *ash_config_store_path(const struct ash_config *config);

/* Row `key` of the table, for documentation and tools. */
const struct ash_config_info *ash_config_describe(enum ash_config_key key);

static inline void ash_config_auto(struct ash_config **config)
{
	ash_config_free(*config);
}
