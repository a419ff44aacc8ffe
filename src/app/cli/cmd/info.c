/* ashlar info */
#include "app/cli/find/select.h"
#include "app/cli/print/output.h"
#include "app/cli/print/text.h"
#include "util/config.h"
#include "util/mem.h"

static const struct ash_cli_column columns[] = {
	{ "manufacturer", "Manufacturer", 0 },
	{ "description", "Description", 0 },
	{ "version", "Version", 0 },
	{ "pkcs11_version", "PKCS#11 version", 0 },
	{ "configuration", "Configuration", 0 },
	{ "store_backend", "Store", 0 },
	{ "store_path", "Store folder", 0 },
	{ "root_key", "Root key", 0 },
	{ "log", "Log", 0 },
	{ "engines", "Crypto engines", 0 },
	{ "tokens", "Tokens", 0 },
	{ NULL, NULL, 0 },
};

static ASH_STATUS set_config(json_t *row, const struct ash_config *config)
{
	const char *path = ash_config_path(config);
	const char *store = ash_config_store_path(config);
	const char *root_key = ash_config_text(config, ASH_CONFIG_ROOT_KEY);

	ASH_TRY(ash_cli_set_text(row, "configuration", ash_span_text(path != NULL ? path : "(defaults)")));
	ASH_TRY(ash_cli_set_text(row, "store_backend",
				 ash_span_text(ash_config_text(config, ASH_CONFIG_STORE_BACKEND))));
	if (store != NULL)
		ASH_TRY(ash_cli_set_text(row, "store_path", ash_span_text(store)));
	ASH_TRY(ash_cli_set_text(row, "root_key",
				 ash_span_text(root_key[0] != '\0' ? root_key : "(beside the store)")));
	return ash_cli_set_text(row, "log", ash_span_text(ash_config_text(config, ASH_CONFIG_LOG)));
}

static ASH_STATUS set_engines(struct ash_cli *cli, json_t *row)
{
	json_t *engines = json_array();
	struct ash_engine_info info;
	struct ash_status status = ASH_DONE;

	ASH_TRY(ash_cli_set(row, "engines", engines)); /* the row owns it now */
	for (size_t i = 0; ash_is_ok(status = cli->api->engine(cli->hsm, i, &info)); i++) {
		struct ash_span name = ash_cli_trim(info.name, sizeof(info.name));
		struct ash_span version = ash_cli_trim(info.version, sizeof(info.version));
		char text[sizeof(info.name) + sizeof(info.version) + 2];

		snprintf(text, sizeof(text), "%.*s %.*s", (int)name.len, (const char *)name.data,
			 (int)version.len, (const char *)version.data);
		ASH_ENSURE(json_array_append_new(engines, json_string(text)) == 0, ASH_E_MEMORY);
	}
	return status.code == ASH_E_NOT_FOUND ? ASH_DONE : status;
}

static ASH_STATUS set_tokens(struct ash_cli *cli, json_t *row)
{
	ASH_AUTO_MEM struct ash_cli_token *tokens = NULL;
	size_t count = 0;
	uint64_t usable = 0;

	ASH_TRY(ash_cli_tokens(cli, &tokens, &count));
	for (size_t i = 0; i < count; i++)
		usable += ash_cli_token_usable(&tokens[i]);
	return ash_cli_set_number(row, "tokens", usable);
}

static ASH_STATUS info(struct ash_cli *cli)
{
	ASH_AUTO(ash_cli_list) list = { .rows = NULL };
	struct ash_hsm_info about;
	char version[16];
	json_t *row;

	ASH_TRY(cli->api->info(cli->hsm, &about));
	ASH_TRY(ash_cli_list_init(&list, "info", columns));
	ASH_TRY(ash_cli_list_add(&list, &row));
	ASH_TRY(ash_cli_set_text(row, "manufacturer",
				 ash_cli_trim(about.manufacturer, sizeof(about.manufacturer))));
	ASH_TRY(ash_cli_set_text(row, "description",
				 ash_cli_trim(about.description, sizeof(about.description))));
	snprintf(version, sizeof(version), "%u.%u", about.major, about.minor);
	ASH_TRY(ash_cli_set_text(row, "version", ash_span_text(version)));
	snprintf(version, sizeof(version), "%d.%d", CRYPTOKI_VERSION_MAJOR, CRYPTOKI_VERSION_MINOR);
	ASH_TRY(ash_cli_set_text(row, "pkcs11_version", ash_span_text(version)));
	if (cli->config != NULL)
		ASH_TRY(set_config(row, cli->config));
	ASH_TRY(set_engines(cli, row));
	ASH_TRY(set_tokens(cli, row));
	return ash_cli_print_records(cli, &list);
}

const struct ash_cli_command ash_cli_cmd_info = {
	.name = "info",
	.summary = "show what is in use: configuration, store, engines",
	.options = (const struct ash_cli_option *const[]){ ash_cli_common_options, NULL },
	.examples =
		(const struct ash_cli_example[]){
			{ "ashlar info", NULL },
			{ "ASHLAR_HOME=/srv/keys ashlar info", "another store" },
			{ NULL, NULL },
		},
	.run = info,
};
