#include "app/cli/file/form.h"

#include "util/compat.h"
#include "util/reader.h"

#define INTEGER      0x02u
#define OCTET_STRING 0x04u
#define SEQUENCE     0x30u

#define INDEFINITE SIZE_MAX /* BER's length: PKCS#12 files of some programs have it */

#define RSA_INTEGERS 9 /* RFC 8017 §A.1.2; DSA keys, which begin alike, have six */

static const struct {
	const char *label;
	enum ash_cli_form_kind kind;
} labels[] = {
	{ "PRIVATE KEY", ASH_CLI_FORM_PKCS8 },
	{ "ENCRYPTED PRIVATE KEY", ASH_CLI_FORM_PKCS8_CLOSED },
	{ "RSA PRIVATE KEY", ASH_CLI_FORM_RSA },
	{ "EC PRIVATE KEY", ASH_CLI_FORM_EC },
	{ "OPENSSH PRIVATE KEY", ASH_CLI_FORM_OPENSSH },
};

/* One tag and length; what they announce may not be there. */
static ASH_STATUS take_header(struct ash_reader *in, uint8_t *ret_tag, size_t *ret_len)
{
	uint8_t first = 0, byte = 0;
	size_t len = 0;

	ASH_TRY(ash_reader_u8(in, ret_tag));
	ASH_TRY(ash_reader_u8(in, &first));
	*ret_len = first == 0x80 ? INDEFINITE : first;
	if (first <= 0x80)
		return ASH_DONE;
	ASH_ENSURE(first <= 0x84, ASH_E_FORMAT);
	for (int i = first & 0x7f; i > 0; i--) {
		ASH_TRY(ash_reader_u8(in, &byte));
		len = len << 8 | byte;
	}
	*ret_len = len;
	return ASH_DONE;
}

/* Goes past one element with this tag. */
static bool skip(struct ash_reader *in, uint8_t tag, struct ash_span *ret_content)
{
	struct ash_reader ahead = *in;
	uint8_t found = 0;
	size_t len = 0;

	if (!ash_is_ok(take_header(&ahead, &found, &len)) || found != tag || len == INDEFINITE ||
	    !ash_is_ok(ash_reader_take(&ahead, len, ret_content)))
		return false;
	*in = ahead;
	return true;
}

static bool next_is(const struct ash_reader *in, uint8_t tag)
{
	return in->rest.len != 0 && in->rest.data[0] == tag;
}

/* What follows a version number. */
static enum ash_cli_form_kind after_version(struct ash_reader *in, struct ash_span version)
{
	struct ash_span number = ASH_SPAN_NONE;
	int count = 1;

	if (version.len != 1)
		return ASH_CLI_FORM_NONE;
	if (next_is(in, SEQUENCE))
		return version.data[0] == 3 ? ASH_CLI_FORM_PKCS12 : ASH_CLI_FORM_PKCS8;
	if (next_is(in, OCTET_STRING))
		return ASH_CLI_FORM_EC;
	while (skip(in, INTEGER, &number))
		count++;
	return count >= RSA_INTEGERS ? ASH_CLI_FORM_RSA : ASH_CLI_FORM_NONE;
}

enum ash_cli_form_kind ash_cli_form_of_der(struct ash_span file)
{
	struct ash_reader in = ash_reader(file);
	struct ash_span first = ASH_SPAN_NONE;
	uint8_t tag = 0;
	size_t len = 0;

	if (!ash_is_ok(take_header(&in, &tag, &len)) || tag != SEQUENCE)
		return ASH_CLI_FORM_NONE;
	if (skip(&in, INTEGER, &first))
		return after_version(&in, first);
	if (skip(&in, SEQUENCE, &first) && next_is(&in, OCTET_STRING))
		return ASH_CLI_FORM_PKCS8_CLOSED;
	return ASH_CLI_FORM_NONE;
}

/* A text may begin with '0', too; its second byte is ASCII then, and its third no control character. */
bool ash_cli_form_is_der(struct ash_span begin)
{
	if (begin.len < 3 || begin.data[0] != SEQUENCE)
		return false;
	if (begin.data[1] >= 0x80)
		return begin.data[1] <= 0x84;
	return begin.data[2] == INTEGER;
}

enum ash_cli_form_kind ash_cli_form_of_label(struct ash_span label)
{
	for (size_t i = 0; i < ASH_COUNT(labels); i++) {
		if (ash_span_equal(label, ash_span_text(labels[i].label)))
			return labels[i].kind;
	}
	return ASH_CLI_FORM_NONE;
}
