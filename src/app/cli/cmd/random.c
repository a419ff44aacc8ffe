/* ashlar random */
#include <errno.h>
#include <stdlib.h>

#include "app/cli/file/base64.h"
#include "app/cli/file/sink.h"
#include "app/cli/use/key.h"
#include "app/cli/use/report.h"

#define PIECE     49152u /* whole groups of base64: no padding in the middle */
#define BYTES_MAX ((unsigned long long)1 << 40)

static ASH_STATUS read_count(struct ash_cli *cli, unsigned long long *ret_count)
{
	const char *word = cli->words[0];
	unsigned long long count;
	char *end;

	errno = 0;
	count = strtoull(word, &end, 10);
	if (word[0] < '0' || word[0] > '9' || *end != '\0' || errno != 0 || count == 0 || count > BYTES_MAX)
		return ash_cli_refuse(cli, ASH_CLI_USAGE, "N is a number of bytes from 1 to %llu, not \"%s\"",
				      BYTES_MAX, ash_cli_escaped(ash_span_text(word)).text);
	*ret_count = count;
	return ASH_DONE;
}

static ASH_STATUS encode(const struct ash_cli *cli, struct ash_span bytes, struct ash_buf *text)
{
	ash_buf_reset(text);
	return ash_cli_has(cli, ASH_CLI_OPT_HEX) ? ash_cli_hex(bytes, text) : ash_cli_base64(bytes, text);
}

static ASH_STATUS write_all(struct ash_cli_use *use, struct ash_cli_sink *sink, bool text,
			    unsigned long long count)
{
	struct ash_cli *cli = use->cli;
	ASH_AUTO(ash_buf) bytes = ASH_BUF_SECRET;
	ASH_AUTO(ash_buf) encoded = ASH_BUF_SECRET;
	struct ash_mut room;

	ASH_TRY(ash_buf_extend(&bytes, PIECE, &room));
	while (count > 0) {
		const size_t len = count < PIECE ? (size_t)count : PIECE;
		struct ash_status status = cli->api->random(cli->hsm, use->session, ash_mut(room.data, len));

		if (!ash_is_ok(status))
			return ash_cli_fail(cli, status, "can't get random numbers");
		if (text)
			ASH_TRY(encode(cli, ash_span(room.data, len), &encoded));
		ASH_TRY(ash_cli_sink_write(sink, text ? ash_buf_span(&encoded) : ash_span(room.data, len)));
		count -= len;
	}
	return text ? ash_cli_sink_write(sink, ash_span_text("\n")) : ASH_DONE;
}

static ASH_STATUS random_bytes(struct ash_cli *cli)
{
	const bool text = ash_cli_has(cli, ASH_CLI_OPT_HEX) || ash_cli_has(cli, ASH_CLI_OPT_BASE64);
	ASH_AUTO(ash_cli_sink) sink = ASH_CLI_SINK_NONE;
	ASH_AUTO(ash_cli_use) use = ASH_CLI_USE_NONE;
	const struct ash_cli_report report = { .sink = &sink };
	unsigned long long count = 0;

	ASH_TRY(read_count(cli, &count));
	if (ash_cli_has(cli, ASH_CLI_OPT_HEX) && ash_cli_has(cli, ASH_CLI_OPT_BASE64))
		return ash_cli_refuse(cli, ASH_CLI_USAGE, "--hex or --base64: not both");
	ASH_TRY(ash_cli_sink_open(cli, true, text, &sink));
	ASH_TRY(ash_cli_use_open_any(cli, &use));
	ASH_TRY(write_all(&use, &sink, text, count));
	ASH_TRY(ash_cli_sink_commit(&sink));
	return ash_cli_report(cli, &report);
}

static const struct ash_cli_option options[] = {
	{ .id = ASH_CLI_OPT_OUTPUT,
	  .name = "output",
	  .letter = 'o',
	  .value = "FILE",
	  .text = "write them there, for the owner alone to read; else to standard output" },
	{ .id = ASH_CLI_OPT_HEX, .name = "hex", .text = "as hex, on one line" },
	{ .id = ASH_CLI_OPT_BASE64, .name = "base64", .text = "as base64, on one line" },
	{ .name = NULL },
};

const struct ash_cli_command ash_cli_cmd_random = {
	.name = "random",
	.summary = "get random bytes",
	.details = "No PIN is needed, and any token will do.",
	.options = (const struct ash_cli_option *const[]){ options, ash_cli_token_options,
							   ash_cli_common_options, NULL },
	.words = "N",
	.words_min = 1,
	.words_max = 1,
	.examples =
		(const struct ash_cli_example[]){
			{ "ashlar random --hex 16", NULL },
			{ "ashlar random --output seed.bin 64", NULL },
			{ NULL, NULL },
		},
	.run = random_bytes,
};
