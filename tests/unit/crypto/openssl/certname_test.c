#include "crypto/openssl/certname.h"

#include "unit/test.h"

static const char *read_text(const char *text)
{
	static char hex[2000];
	ASH_AUTO(ash_buf) der = ASH_BUF_PLAIN;
	size_t len = 0;

	if (!ash_is_ok(ash_certname_read(ash_span_text(text), &der))) {
		EXPECT(der.len == 0);
		return ash_status_explanation();
	}
	for (size_t i = 0; i < der.len; i++)
		len += (size_t)snprintf(hex + len, sizeof(hex) - len, "%02x", der.data[i]);
	return hex;
}

#define C_DE    "310b3009060355040613024445"
#define O_AB    "310b3009060355040a0c024142"
#define CN_W    "310a300806035504030c0177"
#define NAME(n) "30" n

TEST(both_forms_say_the_same_name)
{
	EXPECT_TEXT(NAME("26") C_DE O_AB CN_W, read_text("CN=w,O=AB,C=DE"));
	EXPECT_TEXT(NAME("26") C_DE O_AB CN_W, read_text("/C=DE/O=AB/CN=w"));
	EXPECT_TEXT(NAME("26") C_DE O_AB CN_W, read_text(" cn = w , o = AB ,c=DE "));
	EXPECT_TEXT(NAME("0c") CN_W, read_text("2.5.4.3=w"));
	EXPECT_TEXT(NAME("0c") CN_W, read_text("commonName=w"));
	EXPECT_TEXT(NAME("00"), read_text(""));
	EXPECT_TEXT(NAME("00"), read_text("/"));
}

TEST(escapes_are_taken_out)
{
	EXPECT_TEXT(NAME("0e") "310c300a06035504030c03612c62", read_text("CN=a\\,b"));
	EXPECT_TEXT(NAME("0e") "310c300a06035504030c03612c62", read_text("CN=a\\2Cb"));
	EXPECT_TEXT(NAME("0e") "310c300a06035504030c03612c62", read_text("/CN=a,b"));
	EXPECT_TEXT(NAME("0e") "310c300a06035504030c03612f62", read_text("/CN=a\\/b"));
	EXPECT_TEXT(NAME("0d") "310b300906035504030c0261"
			       "20",
		    read_text("CN=a\\ "));
	EXPECT_TEXT(NAME("0d") "310b300906035504030c02c39c", read_text("CN=\\C3\\9C"));
}

/* DER has the parts of one step sorted. */
TEST(parts_of_one_step_are_joined)
{
	static const char joined[] = NAME("23") C_DE "3114"
						     "300806035504030c0177"
						     "3008060355040a0c0141";

	EXPECT_TEXT(joined, read_text("O=A+CN=w,C=DE"));
}

TEST(what_is_no_name_is_refused)
{
	EXPECT(strstr(read_text("CN"), "\"=\" is missing behind CN") != NULL);
	EXPECT(strstr(read_text("=a"), "a type like CN is wanted") != NULL);
	EXPECT(strstr(read_text("CN=a,"), "it ends where another part should follow") != NULL);
	EXPECT(strstr(read_text(" "), "a type like CN is wanted") != NULL);
	EXPECT(strstr(read_text("CN=,O=a"), "CN has no value") != NULL);
	EXPECT(strstr(read_text("/CN="), "CN has no value") != NULL);
	EXPECT(strstr(read_text("nosuchtype=a"), "there is no type \"nosuchtype\"") != NULL);
	EXPECT(strstr(read_text("CN=a;b"), "a ; in the value of CN wants a backslash") != NULL);
	EXPECT(strstr(read_text("CN=#0401"), "in hex (#) is not taken") != NULL);
	EXPECT(strstr(read_text("CN=a\\"), "it ends with a backslash") != NULL);
	EXPECT(strstr(read_text("C=DEU"), "the value of C is too long or short") != NULL);
	EXPECT(strstr(read_text("CN=\\ff"), "characters that it may not have") != NULL);
}

TEST(names_have_an_end)
{
	char many[65 * 5 + 1] = "";

	for (int i = 0; i < 65; i++)
		strcat(many, "/CN=a");
	EXPECT(strstr(read_text(many), "more than 64 parts") != NULL);
	many[64 * 5] = '\0';
	EXPECT(strncmp(read_text(many), "30820300", 8) == 0);
}

TEST(a_name_needs_memory)
{
	ASH_AUTO(ash_buf) der = ASH_BUF_PLAIN;

	FAIL_EVERY_ALLOCATION(der.len == 0, ash_certname_read(TEXT("CN=w,O=AB"), &der));
	EXPECT_NUMBER(27, der.len);
}
