#include "app/cli/print/roff.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

/* At the beginning of a line '.' and '\'' would be requests; '-' alone would be a hyphen, not to be copied. */
static void put_line(FILE *out, const char *text, size_t len)
{
	if (len > 0 && (text[0] == '.' || text[0] == '\''))
		fputs("\\&", out);
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\\')
			fputs("\\e", out);
		else if (text[i] == '-')
			fputs("\\-", out);
		else if (text[i] == '\'')
			fputs("\\(aq", out);
		else if (text[i] == '`')
			fputs("\\(ga", out);
		else if (text[i] == '^')
			fputs("\\(ha", out);
		else if (text[i] == '~')
			fputs("\\(ti", out);
		else
			putc(text[i], out);
	}
}

void ash_cli_roff(FILE *out, const char *text)
{
	put_line(out, text, strlen(text));
}

static void put_font(FILE *out, char font, const char *text)
{
	fprintf(out, "\\f%c", font);
	ash_cli_roff(out, text);
	fputs("\\fR", out);
}

void ash_cli_roff_bold(FILE *out, const char *text)
{
	put_font(out, 'B', text);
}

void ash_cli_roff_italic(FILE *out, const char *text)
{
	put_font(out, 'I', text);
}

static void set_literal(FILE *out, bool *literal, bool wanted)
{
	if (*literal != wanted)
		fputs(wanted ? ".nf\n" : ".fi\n", out);
	*literal = wanted;
}

/* Lines one by one; those that are as they stand are told from prose by `keep` or a blank in front. */
static void put_lines(FILE *out, const char *text, bool keep)
{
	bool literal = false;

	while (*text != '\0') {
		const size_t len = strcspn(text, "\n");

		if (len == 0) {
			set_literal(out, &literal, false);
			fputs(".PP\n", out);
		} else {
			set_literal(out, &literal, keep || text[0] == ' ');
			put_line(out, text, len);
			putc('\n', out);
		}
		text += len + (text[len] == '\n');
	}
	set_literal(out, &literal, false);
}

void ash_cli_roff_text(FILE *out, const char *text)
{
	put_lines(out, text, false);
}

void ash_cli_roff_literal(FILE *out, const char *text)
{
	put_lines(out, text, true);
}

void ash_cli_roff_section(FILE *out, const char *title)
{
	const size_t len = strcspn(title, ":");

	fputs(".SH ", out);
	for (size_t i = 0; i < len; i++)
		putc(toupper((unsigned char)title[i]), out);
	putc('\n', out);
}

void ash_cli_roff_page(FILE *out, const char *name, int section, const char *version, const char *summary)
{
	fputs(".\\\" Made by `ashlar manual`: change the command's table instead.\n.TH ", out);
	for (const char *c = name; *c != '\0'; c++)
		fprintf(out, *c == '-' ? "\\-" : "%c", toupper((unsigned char)*c));
	fprintf(out, " %d \"\" \"Ashlar HSM %s\" \"Ashlar HSM\"\n", section, version);
	/* Neither hyphens nor wide gaps in what people copy. */
	fputs(".nh\n.ad l\n.SH NAME\n", out);
	ash_cli_roff(out, name);
	fputs(" \\- ", out);
	ash_cli_roff(out, summary);
	putc('\n', out);
}
