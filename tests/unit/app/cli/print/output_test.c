#include "unit/app/cli/fake.h"

#include <fcntl.h>
#include <sys/ioctl.h>

#include "app/cli/print/output.h"

static const struct ash_cli_column columns[] = {
	{ "label", "Label", 0 },
	{ "size", "Size", ASH_CLI_COLUMN_RIGHT },
	{ "secret", "Secret", ASH_CLI_COLUMN_HIDDEN },
	{ "uri", "URI", ASH_CLI_COLUMN_LONG },
	{ "uses", "Uses", 0 },
	{ NULL, NULL, 0 },
};

static void add(struct ash_cli_list *list, struct ash_span label, uint64_t size)
{
	json_t *row;

	EXPECT_OK(ash_cli_list_add(list, &row));
	EXPECT_OK(ash_cli_set_text(row, "label", label));
	EXPECT_OK(ash_cli_set_number(row, "size", size));
	EXPECT_OK(ash_cli_set_bool(row, "secret", true));
	EXPECT_OK(ash_cli_set(row, "uses", json_pack("[ss]", "sign", "verify")));
}

enum form {
	TABLE,
	LONG,
	JSON,
	RECORD
};

static void print(const struct ash_cli_list *list, enum form form, bool color)
{
	struct ash_cli cli = fake_cli(NULL);

	cli.color = color;
	cli.values[ASH_CLI_OPT_LONG] = form == LONG ? "" : NULL;
	cli.values[ASH_CLI_OPT_JSON] = form == JSON ? "" : NULL;
	if (form == RECORD)
		EXPECT_OK(ash_cli_print_records(&cli, list));
	else
		EXPECT_OK(ash_cli_print_list(&cli, list, "Nothing."));
	fake_close(&cli);
}

TEST(a_list_is_a_table)
{
	ASH_AUTO(ash_cli_list) list = { .rows = NULL };

	EXPECT_OK(ash_cli_list_init(&list, "things", columns));
	print(&list, TABLE, false);
	EXPECT_TEXT("Nothing.\n", fake_out);
	add(&list, TEXT("one"), 5);
	add(&list, TEXT("eleven"), 1234);
	print(&list, TABLE, false);
	EXPECT_TEXT("Label   Size  Uses\n"
		    "one        5  sign, verify\n"
		    "eleven  1234  sign, verify\n",
		    fake_out);
	print(&list, LONG, false);
	EXPECT(strstr(fake_out, "URI") != NULL);
	EXPECT(strstr(fake_out, "Secret") == NULL);
	print(&list, TABLE, true);
	EXPECT(strstr(fake_out, "\033[1m") != NULL);
}

TEST(a_table_escapes_what_strangers_wrote)
{
	ASH_AUTO(ash_cli_list) list = { .rows = NULL };

	EXPECT_OK(ash_cli_list_init(&list, "things", columns));
	add(&list, TEXT("a\x1b[31m\n\0\\x"), 1);
	print(&list, TABLE, false);
	EXPECT(strstr(fake_out, "a\\x1b[31m\\x0a\\x00\\\\x ") != NULL);
	print(&list, RECORD, false);
	EXPECT(strstr(fake_out, "a\\x1b[31m\\x0a\\x00\\\\x") != NULL);
}

TEST(json_is_one_document_of_ascii)
{
	ASH_AUTO(ash_cli_list) list = { .rows = NULL };
	json_t *document, *row;

	EXPECT_OK(ash_cli_list_init(&list, "things", columns));
	add(&list, TEXT("\xc3\xa4\x1b\xff\0z"), UINT64_MAX);
	print(&list, JSON, true);
	for (const char *at = fake_out; *at != '\0'; at++)
		EXPECT(*at == '\n' || ((unsigned char)*at >= 0x20 && (unsigned char)*at < 0x7f));
	document = json_loads(fake_out, JSON_ALLOW_NUL, NULL);
	row = json_array_get(json_object_get(document, "things"), 0);
	EXPECT_NUMBER(5, json_object_size(row));
	EXPECT(json_is_null(json_object_get(row, "uri")));
	EXPECT(json_is_null(json_object_get(row, "size")));
	EXPECT(json_is_true(json_object_get(row, "secret")));
	EXPECT_SPAN(TEXT("\xc3\xa4\x1b\xef\xbf\xbd\0z"),
		    ash_span(json_string_value(json_object_get(row, "label")),
			     json_string_length(json_object_get(row, "label"))));
	json_decref(document);
}

TEST(an_empty_list_is_json_too)
{
	ASH_AUTO(ash_cli_list) list = { .rows = NULL };

	EXPECT_OK(ash_cli_list_init(&list, "things", columns));
	print(&list, JSON, false);
	EXPECT_TEXT("{\n  \"things\": []\n}\n", fake_out);
}

TEST(a_record_leaves_out_what_is_not_there)
{
	ASH_AUTO(ash_cli_list) list = { .rows = NULL };
	json_t *row;

	EXPECT_OK(ash_cli_list_init(&list, "things", columns));
	add(&list, TEXT("one"), 5);
	EXPECT_OK(ash_cli_list_add(&list, &row));
	EXPECT_OK(ash_cli_set_hex(row, "label", TEXT("\x01\xff")));
	print(&list, RECORD, false);
	EXPECT_TEXT("Label   one\n"
		    "Size    5\n"
		    "Secret  yes\n"
		    "Uses    sign, verify\n"
		    "\n"
		    "Label  01ff\n",
		    fake_out);
}

static const struct ash_cli_column wide_columns[] = {
	{ "label", "Label", 0 },
	{ "uri", "URI", ASH_CLI_COLUMN_WIDE },
	{ NULL, NULL, 0 },
};

/* Whether the URI is in a table on a terminal of so many columns. */
static bool uri_fits(const struct ash_cli_list *list, unsigned short width)
{
	struct winsize size = { .ws_row = 24, .ws_col = width };
	int master = posix_openpt(O_RDWR | O_NOCTTY);
	struct ash_cli cli = { .color = false };
	char shown[400];
	ssize_t len;

	EXPECT(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
	cli.out = fdopen(open(ptsname(master), O_RDWR | O_NOCTTY), "r+");
	EXPECT(cli.out != NULL && ioctl(fileno(cli.out), TIOCSWINSZ, &size) == 0);
	EXPECT_OK(ash_cli_print_list(&cli, list, ""));
	EXPECT(fflush(cli.out) == 0);
	len = read(master, shown, sizeof(shown) - 1);
	EXPECT(len > 0);
	shown[len] = '\0';
	fclose(cli.out);
	close(master);
	return strstr(shown, "URI") != NULL;
}

TEST(what_is_wide_is_shown_where_there_is_room)
{
	ASH_AUTO(ash_cli_list) list = { .rows = NULL };
	json_t *row;

	EXPECT_OK(ash_cli_list_init(&list, "things", wide_columns));
	EXPECT_OK(ash_cli_list_add(&list, &row));
	EXPECT_OK(ash_cli_set_text(row, "label", TEXT("one")));
	EXPECT_OK(ash_cli_set_text(row, "uri", TEXT("pkcs11:object=one")));
	print(&list, TABLE, false);
	EXPECT_TEXT("Label  URI\none    pkcs11:object=one\n", fake_out);
	EXPECT(uri_fits(&list, 24));
	EXPECT(!uri_fits(&list, 23));
	EXPECT(uri_fits(&list, 0)); /* a terminal that does not say */
}
