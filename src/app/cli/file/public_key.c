#include "app/cli/file/public_key.h"

#include <string.h>

#include "app/cli/file/base64.h"
#include "token/der.h"

static const char begin[] = "-----BEGIN ", wanted[] = "-----BEGIN PUBLIC KEY-----",
		  end[] = "-----END PUBLIC KEY-----";

/* Where the text begins in the bytes; NULL when it is not there. */
static const uint8_t *find(struct ash_span bytes, const char *text)
{
	return bytes.len != 0 ? memmem(bytes.data, bytes.len, text, strlen(text)) : NULL;
}

static ASH_STATUS decode_pem(struct ash_span file, struct ash_buf *der)
{
	const uint8_t *from = find(file, wanted);
	const uint8_t *to = NULL;
	struct ash_span rest = ASH_SPAN_NONE;
	struct ash_status status;

	if (from == NULL)
		ASH_FAIL_WITH(ASH_E_FORMAT, "it holds no public key (\"BEGIN PUBLIC KEY\")");
	from += strlen(wanted);
	rest = ash_span(from, file.len - (size_t)(from - file.data));
	to = find(rest, end);
	if (to == NULL)
		ASH_FAIL_WITH(ASH_E_FORMAT, "it ends in the middle of the key");
	rest.len = (size_t)(to - from);
	status = ash_cli_unbase64(rest, der);
	if (status.code == ASH_E_FORMAT)
		ASH_FAIL_WITH(ASH_E_FORMAT, "the key in it is damaged");
	return status;
}

static ASH_STATUS read_der(struct ash_span der, struct ash_cli_public_key *key)
{
	struct ash_reader in = ash_reader(der);
	struct ash_span content = ASH_SPAN_NONE, inner = ASH_SPAN_NONE, bits = ASH_SPAN_NONE;
	const uint8_t *algorithm = NULL;

	ASH_TRY(ash_der_take(&in, ASH_DER_SEQUENCE, &content));
	ASH_TRY(ash_reader_end(&in));
	in = ash_reader(content);
	algorithm = content.data;
	ASH_TRY(ash_der_take(&in, ASH_DER_SEQUENCE, &inner));
	content = ash_span(algorithm, content.len - in.rest.len); /* with its own header */
	ASH_TRY(ash_der_take_bits(&in, ASH_DER_BIT_STRING, &bits));
	ASH_TRY(ash_reader_end(&in));
	*key = (struct ash_cli_public_key){ ash_keygroup_of_algorithm(content), bits };
	return ASH_DONE;
}

ASH_STATUS ash_cli_public_key_read(struct ash_span file, struct ash_buf *der,
				   struct ash_cli_public_key *ret_key)
{
	struct ash_cli_public_key key = { NULL, file };

	if (find(file, begin) == NULL) {
		if (!ash_is_ok(read_der(file, &key)))
			key = (struct ash_cli_public_key){ NULL, file };
		*ret_key = key;
		return ASH_DONE;
	}
	ASH_TRY(decode_pem(file, der));
	if (!ash_is_ok(read_der(ash_buf_span(der), &key)))
		ASH_FAIL_WITH(ASH_E_FORMAT, "the key in it is damaged");
	*ret_key = key;
	return ASH_DONE;
}
