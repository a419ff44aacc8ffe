/*
 * What people and strangers write, on its way through the command line: options of every
 * command, hex, and text that goes to a terminal, a JSON document or a URI.
 *
 * The input: a byte for the command, then its words, each ending in a zero byte. The whole
 * is also taken for a text to be shown.
 */
#include "fuzz.h"

#include <stdio.h>

#include "app/cli/cli.h"
#include "app/cli/key/keytype.h"
#include "app/cli/key/pubform.h"
#include "app/cli/print/text.h"
#include "token/keyid.h"
#include "util/utf8.h"

#define WORDS_MAX 32

#define MUST(...) HOLDS(ash_is_ok(__VA_ARGS__))

/* A failure is told in one line that a terminal may see; what is read was given. */
static void check_options(struct ash_span in)
{
	char *words[WORDS_MAX + 1] = { (char[]){ "ashlar" } };
	struct ash_cli cli = { .exit = ASH_CLI_DONE };
	char *told = NULL;
	size_t told_len = 0, commands = 0;
	int count = 1;
	char *copy = NULL;

	while (ash_cli_command_at(commands) != NULL)
		commands++;
	cli.command = ash_cli_command_at(fuzz_byte(&in) % commands);
	copy = malloc(in.len + 1);
	HOLDS(copy != NULL);
	if (in.len != 0)
		memcpy(copy, in.data, in.len);
	copy[in.len] = '\0';
	for (size_t at = 0; at < in.len && count < WORDS_MAX; at += strlen(copy + at) + 1)
		words[count++] = copy + at;
	cli.out = cli.err = open_memstream(&told, &told_len);
	HOLDS(cli.err != NULL);

	const struct ash_status status = ash_cli_options_parse(&cli, count, words);

	HOLDS(fclose(cli.err) == 0);
	HOLDS(ash_is_ok(status) == (cli.exit == ASH_CLI_DONE) && ash_is_ok(status) == (told_len == 0));
	HOLDS(ash_is_ok(status) || cli.exit == ASH_CLI_USAGE);
	for (size_t i = 0; i < told_len; i++)
		HOLDS((unsigned char)told[i] >= ' ' || told[i] == '\n');
	for (size_t i = 0; ash_is_ok(status) && i < ASH_CLI_OPTS; i++)
		HOLDS(cli.values[i] == NULL || cli.values[i][0] == '\0' /* a switch, or said to be empty */ ||
		      (cli.values[i] >= copy && cli.values[i] < copy + in.len));
	for (int i = 0; ash_is_ok(status) && i < cli.word_count; i++)
		HOLDS(cli.words[i] >= copy && cli.words[i] <= copy + in.len);
	free(told);
	free(copy);
}

static void check_hex(const char *text, struct ash_span bytes)
{
	ASH_AUTO(ash_buf) read = ASH_BUF_PLAIN;
	ASH_AUTO(ash_buf) hex = ASH_BUF_PLAIN;
	ASH_AUTO(ash_buf) again = ASH_BUF_PLAIN;
	ASH_AUTO(ash_buf) all = ASH_BUF_PLAIN;

	if (ash_is_ok(ash_cli_unhex(text, &read))) {
		HOLDS(read.len <= strlen(text) / 2);
		MUST(ash_cli_hex(ash_buf_span(&read), &hex));
		MUST(ash_buf_add(&hex, ash_span("", 1)));
		MUST(ash_cli_unhex((const char *)hex.data, &again));
		HOLDS(ash_span_equal(ash_buf_span(&read), ash_buf_span(&again)));
	} else {
		HOLDS(read.len == 0);
	}
	MUST(ash_cli_hex(bytes, &all));
	HOLDS(all.len == 2 * bytes.len);
}

/* RFC 3986: what a URI's value may consist of, and it says the bytes again. */
static void check_uri(struct ash_span bytes, bool every)
{
	ASH_AUTO(ash_buf) uri = ASH_BUF_PLAIN;
	size_t at = 0;

	MUST(ash_cli_uri_value(bytes, every, &uri));
	for (size_t i = 0; i < bytes.len; i++) {
		char digits[3] = "";

		HOLDS(at < uri.len && uri.data[at] > ' ' && uri.data[at] < 0x7f);
		HOLDS(strchr(";?/#\"<>\\", uri.data[at]) == NULL);
		if (uri.data[at] != '%') {
			HOLDS(!every && uri.data[at] == bytes.data[i]);
			at++;
			continue;
		}
		HOLDS(at + 2 < uri.len);
		memcpy(digits, uri.data + at + 1, 2);
		HOLDS(strtoul(digits, NULL, 16) == bytes.data[i]);
		at += 3;
	}
	HOLDS(at == uri.len);
}

static void check_shown(struct ash_span bytes)
{
	ASH_AUTO(ash_buf) shown = ASH_BUF_PLAIN;
	ASH_AUTO(ash_buf) clean = ASH_BUF_PLAIN;
	ASH_AUTO(ash_buf) twice = ASH_BUF_PLAIN;
	const struct ash_cli_escaped message = ash_cli_escaped(bytes);
	uint32_t point = 0;

	MUST(ash_cli_escape(bytes, &shown));
	for (size_t i = 0; i < shown.len; i++)
		HOLDS(shown.data[i] >= ' ' && shown.data[i] != 0x7f);
	HOLDS(strlen(message.text) < sizeof(message.text));
	MUST(ash_cli_clean_utf8(bytes, &clean));
	for (struct ash_span rest = ash_buf_span(&clean); rest.len != 0;) {
		const size_t taken = ash_utf8_first(rest, &point);

		HOLDS(taken != 0 && taken <= 4 && taken <= rest.len && point <= 0x10ffff);
		HOLDS(point < 0xd800 || point > 0xdfff);
		rest = ash_span(rest.data + taken, rest.len - taken);
	}
	MUST(ash_cli_clean_utf8(ash_buf_span(&clean), &twice));
	HOLDS(ash_span_equal(ash_buf_span(&clean), ash_buf_span(&twice)));
	HOLDS(ash_cli_trim((const char *)bytes.data, bytes.len).len <= bytes.len);
}

static void check_spki(struct ash_span bytes)
{
	ASH_AUTO(ash_buf) line = ASH_BUF_PLAIN;
	struct ash_span bits = ASH_SPAN_NONE;

	if (ash_is_ok(ash_cli_pubform_ssh(bytes, bytes, &line)))
		HOLDS(memchr(line.data, '\n', line.len) == line.data + line.len - 1);
	if (ash_is_ok(ash_keyid_bits(bytes, &bits)))
		HOLDS(bits.data >= bytes.data && bits.len <= (size_t)(bytes.data + bytes.len - bits.data));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = malloc(len + 1);

	HOLDS(text != NULL);
	if (len != 0)
		memcpy(text, data, len);
	text[len] = '\0';
	check_options(ash_span(data, len));
	check_hex(text, ash_span(data, len));
	check_uri(ash_span(data, len), false);
	check_uri(ash_span(data, len), true);
	check_shown(ash_span(data, len));
	check_spki(ash_span(data, len));
	HOLDS(ash_cli_keytype_find(text) == NULL || strcmp(ash_cli_keytype_find(text)->name, text) == 0);
	free(text);
	return 0;
}
