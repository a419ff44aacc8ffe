#include "app/cli/print/roff.h"

#include <stdlib.h>
#include <string.h>

#include "unit/test.h"

static char *text;
static size_t text_len;

static FILE *begin(void)
{
	free(text);
	text = NULL;
	return open_memstream(&text, &text_len);
}

static void end(FILE *out)
{
	EXPECT(fclose(out) == 0);
}

TEST(what_roff_would_take_for_its_own_is_escaped)
{
	FILE *out = begin();

	ash_cli_roff(out, ".it's C:\\ -x `a` ~ ^");
	end(out);
	EXPECT_TEXT("\\&.it\\(aqs C:\\e \\-x \\(gaa\\(ga \\(ti \\(ha", text);
	out = begin();
	ash_cli_roff_text(out, "a\n.SH b\n'c");
	end(out);
	EXPECT_TEXT("a\n\\&.SH b\n\\&\\(aqc\n", text);
}

TEST(fonts_are_set_back)
{
	FILE *out = begin();

	ash_cli_roff_bold(out, "--all");
	ash_cli_roff_italic(out, "FILE");
	end(out);
	EXPECT_TEXT("\\fB\\-\\-all\\fR\\fIFILE\\fR", text);
}

TEST(lines_with_a_blank_in_front_stay_as_they_are)
{
	FILE *out = begin();

	ash_cli_roff_text(out, "prose\n  a\n  b\nmore\n\nend\n");
	end(out);
	EXPECT_TEXT("prose\n.nf\n  a\n  b\n.fi\nmore\n.PP\nend\n", text);
	out = begin();
	ash_cli_roff_literal(out, "one\n  two");
	end(out);
	EXPECT_TEXT(".nf\none\n  two\n.fi\n", text);
}

TEST(a_page_begins_with_its_name)
{
	FILE *out = begin();

	ash_cli_roff_page(out, "ashlar-key-list", 1, "1.2", "list keys");
	ash_cli_roff_section(out, "exit codes:");
	end(out);
	EXPECT(strstr(text, "\n.TH ASHLAR\\-KEY\\-LIST 1 \"\" \"Ashlar HSM 1.2\"") != NULL);
	EXPECT(strstr(text, "\n.SH NAME\nashlar\\-key\\-list \\- list keys\n.SH EXIT CODES\n") != NULL);
}
