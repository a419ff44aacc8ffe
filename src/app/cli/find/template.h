/*
 * A template under construction. It lends what bytes it is given, and must not be
 * copied: its numbers lie in it.
 */
#pragma once

#include "token/types.h"

#define ASH_CLI_TEMPLATE_MAX 24

struct ash_cli_template {
	struct ash_attr attrs[ASH_CLI_TEMPLATE_MAX];
	uint8_t numbers[ASH_CLI_TEMPLATE_MAX][8];
	size_t count;
};

/* Append one attribute. ASH_E_BUG when it is full. */
ASH_STATUS ash_cli_template_bytes(struct ash_cli_template *made, uint64_t type, struct ash_span value);
ASH_STATUS ash_cli_template_number(struct ash_cli_template *made, uint64_t type, uint64_t number);
ASH_STATUS ash_cli_template_bool(struct ash_cli_template *made, uint64_t type, bool value);

/* It, lent. */
struct ash_template ash_cli_template(const struct ash_cli_template *made);
