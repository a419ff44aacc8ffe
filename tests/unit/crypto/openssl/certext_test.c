#include "crypto/openssl/certext.h"

#include "unit/test.h"

typedef struct ash_status reader(struct ash_span text, struct ash_buf *der);

static const char *read_with(reader *read, const char *text)
{
	static char hex[400];
	ASH_AUTO(ash_buf) der = ASH_BUF_PLAIN;
	size_t len = 0;

	if (!ash_is_ok(read(ash_span_text(text), &der))) {
		EXPECT(der.len == 0);
		return ash_status_explanation();
	}
	for (size_t i = 0; i < der.len; i++)
		len += (size_t)snprintf(hex + len, sizeof(hex) - len, "%02x", der.data[i]);
	return hex;
}
#define NAMES(text)    read_with(ash_certext_alt_names, (text))
#define PURPOSES(text) read_with(ash_certext_purposes, (text))

TEST(other_names_are_read)
{
	EXPECT_TEXT("3005"
		    "8203"
		    "612e62",
		    NAMES("dns:a.b"));
	EXPECT_TEXT("3006"
		    "8704"
		    "c0000201",
		    NAMES("ip:192.0.2.1"));
	EXPECT_TEXT("3012"
		    "8710"
		    "20010db8000000000000000000000001",
		    NAMES("ip:2001:db8::1"));
	EXPECT_TEXT("300a"
		    "8103"
		    "614062"
		    "8603"
		    "753a61",
		    NAMES("email:a@b,uri:u:a"));
	EXPECT_TEXT("3007"
		    "8605"
		    "753a612c62",
		    NAMES("uri:u:a\\,b"));
	EXPECT_TEXT("3007"
		    "8205"
		    "2a2e612e62",
		    NAMES("dns:*.a.b"));
}

TEST(what_is_no_name_is_refused)
{
	EXPECT(strstr(NAMES(""), "nothing before a comma") != NULL);
	EXPECT(strstr(NAMES("dns:a,"), "nothing before a comma") != NULL);
	EXPECT(strstr(NAMES("a.b"), "\"a.b\" does not begin with dns:") != NULL);
	EXPECT(strstr(NAMES("dns:"), "\"dns:\" is not a name like") != NULL);
	EXPECT(strstr(NAMES("dns:\xc3\xbc.b"), "is not a name like") != NULL);
	EXPECT(strstr(NAMES("dns:a b"), "is not a name like") != NULL);
	EXPECT(strstr(NAMES("ip:192.0.2"), "is not an address like 192.0.2.1") != NULL);
	EXPECT(strstr(NAMES("email:me"), "is not an address like me@") != NULL);
	EXPECT(strstr(NAMES("uri:me"), "is not a URI like") != NULL);
}

TEST(names_have_an_end)
{
	ASH_AUTO(ash_buf) text = ASH_BUF_PLAIN;
	ASH_AUTO(ash_buf) der = ASH_BUF_PLAIN;
	struct ash_mut room;

	for (int i = 0; i < 1025; i++)
		EXPECT_OK(ash_buf_add(&text, ash_span_text(i > 0 ? ",dns:a" : "dns:a")));
	EXPECT_CODE(ASH_E_FORMAT, ash_certext_alt_names(ash_buf_span(&text), &der));
	EXPECT_OK(ash_certext_alt_names(ash_span(text.data, text.len - 6), &der));
	ash_buf_reset(&text);
	EXPECT_OK(ash_buf_add(&text, TEXT("dns:")));
	EXPECT_OK(ash_buf_extend(&text, 2100, &room));
	EXPECT_CODE(ASH_E_FORMAT, ash_certext_alt_names(ash_buf_span(&text), &der));
	memset(room.data, 'a', room.len);
	EXPECT_CODE(ASH_E_FORMAT, ash_certext_alt_names(ash_buf_span(&text), &der));
}

TEST(purposes_are_read)
{
	EXPECT_TEXT("300a"
		    "06082b06010505070301",
		    PURPOSES("serverAuth"));
	EXPECT_TEXT("3014"
		    "06082b06010505070301"
		    "06082b06010505070302",
		    PURPOSES("1.3.6.1.5.5.7.3.1,clientAuth"));
	EXPECT(strstr(PURPOSES("nosuch"), "there is no purpose \"nosuch\"") != NULL);
	EXPECT(strstr(PURPOSES(","), "nothing before a comma") != NULL);
}

TEST(extensions_need_memory)
{
	ASH_AUTO(ash_buf) der = ASH_BUF_PLAIN;

	FAIL_EVERY_ALLOCATION(der.len == 0, ash_certext_alt_names(TEXT("dns:a,ip:192.0.2.1"), &der));
	ash_buf_reset(&der);
	FAIL_EVERY_ALLOCATION(der.len == 0, ash_certext_purposes(TEXT("serverAuth,1.2.3"), &der));
}
