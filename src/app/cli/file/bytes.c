#include "app/cli/file/bytes.h"

#include <string.h>

#include "app/cli/file/source.h"

/* What stands behind the prefix; NULL when the value has another. */
static const char *behind(const char *value, const char *prefix)
{
	const size_t len = strlen(prefix);

	return strncmp(value, prefix, len) == 0 ? value + len : NULL;
}

ASH_STATUS ash_cli_bytes_read(struct ash_cli *cli, enum ash_cli_opt option, const char *name, size_t max,
			      struct ash_buf *out)
{
	const char *value = cli->values[option];
	const char *text = behind(value, "text:");
	const char *path = behind(value, "file:");
	const size_t before = out->len;
	struct ash_status status = ASH_DONE;

	if (text != NULL)
		ASH_TRY(ash_buf_add(out, ash_span_text(text)));
	else if (path != NULL)
		ASH_TRY(ash_cli_source_file(cli, path, max, name, out));
	else
		status = ash_cli_unhex(value, out);
	if (status.code == ASH_E_FORMAT)
		return ash_cli_refuse(cli, ASH_CLI_USAGE,
				      "--%s takes bytes: hex (0a1b2c), text:TEXT or file:PATH, not \"%s\"",
				      name, ash_cli_escaped(ash_span_text(value)).text);
	ASH_TRY(status);
	if (out->len == before || out->len - before > max)
		return ash_cli_refuse(cli, ASH_CLI_USAGE, "--%s takes 1 to %zu bytes, not %zu", name, max,
				      out->len - before);
	return ASH_DONE;
}
