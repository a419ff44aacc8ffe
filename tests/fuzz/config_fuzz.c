/*
 * A configuration from strangers: it is understood, and then says the same when it is
 * written out and read again; or there is a sentence for the operator, fit for a terminal.
 *
 * The input: the file.
 */
#include "fuzz.h"

#include <stdio.h>

#include "util/config.h"

static void check_mistake(void)
{
	const char *sentence = ash_config_error();

	HOLDS(strncmp(sentence, "fuzz", 4) == 0);
	for (const char *at = sentence; *at != '\0'; at++)
		HOLDS(((unsigned char)*at >= ' ' && *at != 0x7f) || *at == '\t');
}

static void write_out(const struct ash_config *config, FILE *out)
{
	for (unsigned key = 0; key < ASH_CONFIG_KEYS; key++) {
		const struct ash_config_info *info = ash_config_describe(key);
		const char *text = ash_config_text(config, key);

		HOLDS(text != NULL && strpbrk(text, "\"\n") == NULL);
		if (info->kind == ASH_CONFIG_PATH)
			HOLDS(text[0] == '/' || text[0] == '\0');
		if (info->kind == ASH_CONFIG_NUMBER)
			HOLDS(ash_config_number(config, key) >= info->low &&
			      ash_config_number(config, key) <= info->high);
		/* What is empty is the default. */
		if (text[0] != '\0')
			(void)fprintf(out, "  %s\t= \"%s\" \r\n# a comment\n\n", info->name, text);
	}
}

static void expect_same(const struct ash_config *one, const struct ash_config *other)
{
	for (unsigned key = 0; key < ASH_CONFIG_KEYS; key++) {
		const enum ash_config_kind kind = ash_config_describe(key)->kind;

		HOLDS(strcmp(ash_config_text(one, key), ash_config_text(other, key)) == 0);
		if (kind == ASH_CONFIG_NUMBER)
			HOLDS(ash_config_number(one, key) == ash_config_number(other, key));
		if (kind == ASH_CONFIG_SWITCH)
			HOLDS(ash_config_switch(one, key) == ash_config_switch(other, key));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	ASH_AUTO(ash_config) *config = NULL;
	ASH_AUTO(ash_config) *again = NULL;
	char *text = NULL;
	size_t text_len = 0;
	FILE *out = NULL;

	if (!ash_is_ok(ash_config_parse("fuzz", (const char *)data, len, &config))) {
		HOLDS(config == NULL);
		check_mistake();
		return 0;
	}
	HOLDS(ash_config_error()[0] == '\0');
	out = open_memstream(&text, &text_len);
	HOLDS(out != NULL);
	write_out(config, out);
	HOLDS(fclose(out) == 0);
	HOLDS(ash_is_ok(ash_config_parse("fuzz", text, text_len, &again)));
	expect_same(config, again);
	free(text);
	return 0;
}
