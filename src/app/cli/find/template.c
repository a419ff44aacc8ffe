#include "app/cli/find/template.h"

#include <endian.h>

ASH_STATUS ash_cli_template_bytes(struct ash_cli_template *made, uint64_t type, struct ash_span value)
{
	ASH_BUG(made->count == ASH_CLI_TEMPLATE_MAX);

	made->attrs[made->count++] = (struct ash_attr){ type, value };
	return ASH_DONE;
}

ASH_STATUS ash_cli_template_number(struct ash_cli_template *made, uint64_t type, uint64_t number)
{
	uint64_t big_endian = htobe64(number);

	ASH_BUG(made->count == ASH_CLI_TEMPLATE_MAX);

	memcpy(made->numbers[made->count], &big_endian, sizeof(big_endian));
	return ash_cli_template_bytes(made, type, ash_span(made->numbers[made->count], sizeof(big_endian)));
}

ASH_STATUS ash_cli_template_bool(struct ash_cli_template *made, uint64_t type, bool value)
{
	static const uint8_t bytes[] = { 0, 1 };

	return ash_cli_template_bytes(made, type, ash_span(&bytes[value], 1));
}

struct ash_template ash_cli_template(const struct ash_cli_template *made)
{
	return (struct ash_template){ made->attrs, made->count };
}
