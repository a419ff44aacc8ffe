/* Inside the configuration: config.c has keys and lines, config_places.c finds and reads the file. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "util/config.h"
#include "util/span.h"

#define ASH_CONFIG_FILE_MAX ((size_t)64 << 10)

struct ash_config {
	char *path;  /* NULL: all default */
	char *store; /* NULL: not known */
	struct {
		char *text;
		uint64_t number; /* of a number or a switch */
		unsigned line;   /* where it was given; 0: the default */
	} value[ASH_CONFIG_KEYS];
};

/* Notes "WHERE:LINE: sentence" (without a line when it is 0) and fails with ASH_E_CONFIG. */
ASH_STATUS ash_config_mistake(const char *where, unsigned line, const char *format, ...) ASH_PRINTF(3, 4);

/* Sets what `text` says; keys that it does not name stay as they are. */
ASH_STATUS ash_config_parse_lines(struct ash_config *config, const char *where, struct ash_span text);

/* Finds the file, if there is one, and reads it into `config`. */
ASH_STATUS ash_config_find_file(struct ash_config *config);

/* Sets `store` when the values are known. */
ASH_STATUS ash_config_find_store(struct ash_config *config);
