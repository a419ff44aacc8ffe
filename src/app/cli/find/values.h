/*
 * Some attributes of one object, read in one go. Not for secrets.
 */
#pragma once

#include "app/cli/cli.h"

#define ASH_CLI_VALUES_MAX 40

struct ash_cli_values {
	struct ash_attr_query queries[ASH_CLI_VALUES_MAX];
	size_t count;
	struct ash_buf bytes; /* what the queries point into */
};

/*
 * Reads what the object has of these types; what it lacks or keeps to itself is left
 * out. `values` is empty before, and is ended with ash_cli_values_done in any case.
 * ASH_E_OBJECT_HANDLE when it is gone, ASH_E_MEMORY, …; nothing is told.
 */
ASH_STATUS ash_cli_values_read(struct ash_cli *cli, ash_handle session, ash_handle object,
			       const uint64_t *types, size_t count, struct ash_cli_values *values);
void ash_cli_values_done(struct ash_cli_values *values);

/* False when the object has no such value, or one of another form. */
bool ash_cli_value_bytes(const struct ash_cli_values *values, uint64_t type, struct ash_span *ret_value);
bool ash_cli_value_number(const struct ash_cli_values *values, uint64_t type, uint64_t *ret_number);
bool ash_cli_value_bool(const struct ash_cli_values *values, uint64_t type, bool *ret_bool);

static inline void ash_cli_values_auto(struct ash_cli_values *values)
{
	ash_cli_values_done(values);
}
