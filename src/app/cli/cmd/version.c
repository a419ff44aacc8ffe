/* ashlar version, ashlar --version */
#include <libsmartcols.h>

#include "app/cli/print/output.h"
#include "ashlar-build.h"

/* The SHA-256 is of the static library that was linked; what is shared comes with the system. */
static const struct ash_cli_column columns[] = {
	{ "name", "Part", 0 },      { "version", "Version", 0 }, { "origin", "Origin", 0 },
	{ "sha256", "SHA-256", 0 }, { NULL, NULL, 0 },
};

static ASH_STATUS add_part(struct ash_cli_list *list, const char *name, const char *version,
			   const char *origin, const char *sha256)
{
	json_t *row;

	ASH_TRY(ash_cli_list_add(list, &row));
	ASH_TRY(ash_cli_set_text(row, "name", ash_span_text(name)));
	ASH_TRY(ash_cli_set_text(row, "version", ash_span_text(version)));
	if (origin != NULL)
		ASH_TRY(ash_cli_set_text(row, "origin", ash_span_text(origin)));
	if (sha256 != NULL)
		ASH_TRY(ash_cli_set_text(row, "sha256", ash_span_text(sha256)));
	return ASH_DONE;
}

static ASH_STATUS add_parts(struct ash_cli_list *list)
{
	static const char shared[] = "shared library of the system";
	const char *smartcols = NULL;
	char pkcs11[16];

	snprintf(pkcs11, sizeof(pkcs11), "%d.%d", CRYPTOKI_VERSION_MAJOR, CRYPTOKI_VERSION_MINOR);
	ASH_TRY(add_part(list, "Ashlar HSM", ASHLAR_VERSION, NULL, NULL));
	ASH_TRY(add_part(list, "PKCS#11", pkcs11, "OASIS Standard", NULL));
	ASH_TRY(add_part(list, "OpenSSL", ASHLAR_OPENSSL_VERSION, ASHLAR_OPENSSL_ORIGIN,
			 ASHLAR_OPENSSL_SHA256));
#if ASHLAR_HAVE_AWS_LC
	ASH_TRY(add_part(list, "AWS-LC", ASHLAR_AWS_LC_VERSION, ASHLAR_AWS_LC_ORIGIN, ASHLAR_AWS_LC_SHA256));
#endif
	(void)scols_get_library_version(&smartcols);
	ASH_TRY(add_part(list, "SQLite", ASHLAR_SQLITE_VERSION, shared, NULL));
	ASH_TRY(add_part(list, "jansson", jansson_version_str(), shared, NULL));
	return add_part(list, "libsmartcols", smartcols, shared, NULL);
}

static ASH_STATUS version(struct ash_cli *cli)
{
	ASH_AUTO(ash_cli_list) list = { .rows = NULL };

	ASH_TRY(ash_cli_list_init(&list, "parts", columns));
	ASH_TRY(add_parts(&list));
	return ash_cli_print_list(cli, &list, "");
}

const struct ash_cli_command ash_cli_cmd_version = {
	.name = "version",
	.summary = "show the version of Ashlar and of all that it is made of",
	.options = (const struct ash_cli_option *const[]){ ash_cli_common_options, NULL },
	.examples =
		(const struct ash_cli_example[]){
			{ "ashlar --version", NULL },
			{ "ashlar version --json", NULL },
			{ NULL, NULL },
		},
	.run = version,
	.alone = true,
};
