#include "app/cli/find/values.h"

#include "util/reader.h"

#define TRIES 4 /* another process may change the object between the two questions */

/* Whether a status speaks of single attributes, which say it themselves. */
static bool per_attribute(struct ash_status status)
{
	return status.code == ASH_OK || status.code == ASH_E_ATTRIBUTE_TYPE ||
	       status.code == ASH_E_ATTRIBUTE_SENSITIVE || status.code == ASH_E_BUFFER_TOO_SMALL;
}

static ASH_STATUS ask(struct ash_cli *cli, ash_handle session, ash_handle object,
		      struct ash_cli_values *values)
{
	struct ash_status status =
		cli->api->get_attributes(cli->hsm, session, object, values->queries, values->count);

	return per_attribute(status) ? ASH_DONE : status;
}

/* Gives each value that is there its room. */
static ASH_STATUS make_room(struct ash_cli_values *values)
{
	struct ash_mut room;
	size_t total = 1;

	for (size_t i = 0; i < values->count; i++)
		total += values->queries[i].code == ASH_OK ? values->queries[i].value.len : 0;
	ash_buf_reset(&values->bytes);
	ASH_TRY(ash_buf_extend(&values->bytes, total, &room));
	for (size_t i = 0; i < values->count; i++) {
		struct ash_out *value = &values->queries[i].value;

		if (values->queries[i].code != ASH_OK)
			continue;
		value->data = room.data;
		value->cap = value->len;
		room = ash_mut(room.data + value->len, room.len - value->len);
	}
	return ASH_DONE;
}

static bool any_grew(const struct ash_cli_values *values)
{
	for (size_t i = 0; i < values->count; i++) {
		if (values->queries[i].code == ASH_E_BUFFER_TOO_SMALL)
			return true;
	}
	return false;
}

ASH_STATUS ash_cli_values_read(struct ash_cli *cli, ash_handle session, ash_handle object,
			       const uint64_t *types, size_t count, struct ash_cli_values *values)
{
	ASH_BUG(count > ASH_CLI_VALUES_MAX);

	for (int i = 0; i < TRIES; i++) {
		values->count = count;
		for (size_t at = 0; at < count; at++)
			values->queries[at] = (struct ash_attr_query){ .type = types[at] };
		ASH_TRY(ask(cli, session, object, values));
		ASH_TRY(make_room(values));
		ASH_TRY(ask(cli, session, object, values));
		if (!any_grew(values))
			return ASH_DONE;
	}
	ASH_FAIL(ASH_E_CONFLICT);
}

void ash_cli_values_done(struct ash_cli_values *values)
{
	ash_buf_done(&values->bytes);
	values->count = 0;
}

bool ash_cli_value_bytes(const struct ash_cli_values *values, uint64_t type, struct ash_span *ret_value)
{
	for (size_t i = 0; i < values->count; i++) {
		const struct ash_attr_query *query = &values->queries[i];

		if (query->type == type && query->code == ASH_OK && query->value.data != NULL) {
			*ret_value = ash_span(query->value.data, query->value.len);
			return true;
		}
	}
	return false;
}

bool ash_cli_value_number(const struct ash_cli_values *values, uint64_t type, uint64_t *ret_number)
{
	struct ash_span value;
	struct ash_reader in;

	if (!ash_cli_value_bytes(values, type, &value) || value.len != 8)
		return false;
	in = ash_reader(value);
	return ash_is_ok(ash_reader_u64(&in, ret_number));
}

bool ash_cli_value_bool(const struct ash_cli_values *values, uint64_t type, bool *ret_bool)
{
	struct ash_span value;

	if (!ash_cli_value_bytes(values, type, &value) || value.len != 1)
		return false;
	*ret_bool = value.data[0] != 0;
	return true;
}
