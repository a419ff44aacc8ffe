/* ashlar hash */
#include <string.h>

#include "app/cli/print/output.h"
#include "app/cli/use/stream.h"
#include "crypto/alg.h"

static const struct ash_cli_column columns[] = {
	{ "file", "File", 0 },
	{ "hash", "Hash", 0 },
	{ "digest", "Digest", 0 },
	{ NULL, NULL, 0 },
};

/* The mechanism of --hash. */
static ASH_STATUS choose(struct ash_cli *cli, enum ash_hash *ret_hash,
			 const struct ash_mechanism_row **ret_row)
{
	enum ash_hash hash = ASH_HASH_SHA256;

	if (ash_cli_has(cli, ASH_CLI_OPT_HASH))
		ASH_TRY(ash_cli_hash_read(cli, ASH_CLI_OPT_HASH, "hash", &hash));
	*ret_row = ash_cli_mech_find(ash_cli_hash_name(hash));
	ASH_BUG(*ret_row == NULL);
	*ret_hash = hash;
	return ASH_DONE;
}

static ASH_STATUS hash_file(struct ash_cli_use *use, const struct ash_mechanism_row *row, const char *path,
			    struct ash_buf *digest)
{
	struct ash_mechanism mechanism = { .type = row->type };
	ASH_AUTO(ash_cli_source) source = ASH_CLI_SOURCE_NONE;
	const struct ash_cli_stream stream = {
		.use = use, .row = row, .mechanism = &mechanism, .op = ASH_OP_DIGEST, .source = &source
	};

	ASH_TRY(ash_cli_source_open(use->cli, path, &source));
	return ash_cli_stream_sum(&stream, digest);
}

/*
 * A line as sha256sum writes it, and reads it: a name with a line break or backslash has
 * them escaped, and a backslash before the line.
 */
static ASH_STATUS print_line(struct ash_cli *cli, const char *path, struct ash_span digest)
{
	ASH_AUTO(ash_buf) hex = ASH_BUF_PLAIN;

	ASH_TRY(ash_cli_hex(digest, &hex));
	fprintf(cli->out, "%s%.*s  ", strpbrk(path, "\\\n\r") != NULL ? "\\" : "", (int)hex.len,
		(const char *)hex.data);
	for (; *path != '\0'; path++) {
		if (*path == '\\')
			fputs("\\\\", cli->out);
		else if (*path == '\n')
			fputs("\\n", cli->out);
		else if (*path == '\r')
			fputs("\\r", cli->out);
		else
			fputc(*path, cli->out);
	}
	fputc('\n', cli->out);
	return ASH_DONE;
}

static ASH_STATUS add_row(struct ash_cli_list *list, const char *path, enum ash_hash hash,
			  struct ash_span digest)
{
	json_t *row = NULL;

	ASH_TRY(ash_cli_list_add(list, &row));
	ASH_TRY(ash_cli_set_text(row, "file",
				 ash_span_text(strcmp(path, "-") == 0 ? "standard input" : path)));
	ASH_TRY(ash_cli_set_text(row, "hash", ash_span_text(ash_cli_hash_name(hash))));
	return ash_cli_set_hex(row, "digest", digest);
}

static ASH_STATUS hash(struct ash_cli *cli)
{
	const bool json = ash_cli_has(cli, ASH_CLI_OPT_JSON);
	ASH_AUTO(ash_cli_list) list = { .rows = NULL };
	ASH_AUTO(ash_cli_use) use = ASH_CLI_USE_NONE;
	ASH_AUTO(ash_buf) digest = ASH_BUF_PLAIN;
	const struct ash_mechanism_row *row = NULL;
	enum ash_hash which = ASH_HASH_NONE;

	ASH_TRY(choose(cli, &which, &row));
	ASH_TRY(ash_cli_use_open_any(cli, &use));
	ASH_TRY(ash_cli_list_init(&list, "files", columns));
	for (int i = 0; i < cli->word_count; i++) {
		ash_buf_reset(&digest);
		ASH_TRY(hash_file(&use, row, cli->words[i], &digest));
		if (json)
			ASH_TRY(add_row(&list, cli->words[i], which, ash_buf_span(&digest)));
		else
			ASH_TRY(print_line(cli, cli->words[i], ash_buf_span(&digest)));
	}
	return json ? ash_cli_print_list(cli, &list, "") : ASH_DONE;
}

static void help(FILE *out)
{
	fputs("\nhashes:", out);
	for (int i = ASH_HASH_NONE + 1; i < ASH_HASHES; i++)
		fprintf(out, " %s", ash_cli_hash_name((enum ash_hash)i));
	fputc('\n', out);
}

static const struct ash_cli_option options[] = {
	{ .id = ASH_CLI_OPT_HASH, .name = "hash", .value = "HASH", .text = "which one; else sha256" },
	{ .name = NULL },
};

const struct ash_cli_command ash_cli_cmd_hash = {
	.name = "hash",
	.summary = "hash files",
	.details =
		"The lines are those of sha256sum and its like, which can check them (-c). FILE - is standard\n"
		"input. No PIN is needed, and any token will do.",
	.more = help,
	.options = (const struct ash_cli_option *const[]){ options, ash_cli_token_options,
							   ash_cli_common_options, NULL },
	.words = "FILE...",
	.words_min = 1,
	.words_max = 65536,
	.examples =
		(const struct ash_cli_example[]){
			{ "ashlar hash report.pdf", NULL },
			{ "ashlar hash --hash sha512 *.iso | sha512sum -c", NULL },
			{ NULL, NULL },
		},
	.run = hash,
};
