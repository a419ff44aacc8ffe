/*
 * What others hand over for the command line to use: public keys in PEM or DER, base64, and
 * ECDSA signatures in DER. What is taken is written again as the same bytes.
 *
 * The input: such a file; its first byte is also half the length of a signature.
 */
#include "fuzz.h"

#include "app/cli/file/base64.h"
#include "app/cli/file/public_key.h"
#include "app/cli/use/signature.h"

static bool lies_in(struct ash_span part, struct ash_span whole)
{
	return part.len == 0 || (part.data >= whole.data && part.data + part.len <= whole.data + whole.len);
}

static void check_public_key(struct ash_span file)
{
	ASH_AUTO(ash_buf) der = ASH_BUF_PLAIN;
	struct ash_cli_public_key key = { NULL, ASH_SPAN_NONE };

	if (!ash_is_ok(ash_cli_public_key_read(file, &der, &key))) {
		HOLDS(key.bits.data == NULL && ash_status_explanation()[0] != '\0');
		return;
	}
	HOLDS(lies_in(key.bits, file) || lies_in(key.bits, ash_buf_span(&der)));
	HOLDS(key.group == NULL || key.bits.len < file.len);
}

static void check_base64(struct ash_span text)
{
	ASH_AUTO(ash_buf) bytes = ASH_BUF_PLAIN;
	ASH_AUTO(ash_buf) again = ASH_BUF_PLAIN;
	ASH_AUTO(ash_buf) encoded = ASH_BUF_PLAIN;
	size_t at = 0;

	HOLDS(ash_is_ok(ash_cli_base64(text, &encoded)));
	HOLDS(ash_is_ok(ash_cli_unbase64(ash_buf_span(&encoded), &again)));
	HOLDS(ash_span_equal(text, ash_buf_span(&again)));
	if (!ash_is_ok(ash_cli_unbase64(text, &bytes))) {
		HOLDS(bytes.len == 0);
		return;
	}
	/* Blanks aside there is one text for these bytes. */
	ash_buf_reset(&encoded);
	HOLDS(ash_is_ok(ash_cli_base64(ash_buf_span(&bytes), &encoded)));
	for (size_t i = 0; i < text.len; i++) {
		if (memchr(" \t\r\n", text.data[i], 4) == NULL)
			HOLDS(at < encoded.len && encoded.data[at++] == text.data[i]);
	}
	HOLDS(at == encoded.len);
}

static void check_signature(struct ash_span der, size_t half)
{
	ASH_AUTO(ash_buf) raw = ASH_BUF_PLAIN;
	ASH_AUTO(ash_buf) again = ASH_BUF_PLAIN;

	if (!ash_is_ok(ash_cli_signature_from_der(der, half, &raw))) {
		HOLDS(raw.len == 0);
		return;
	}
	HOLDS(raw.len == 2 * half);
	if (half == 0)
		return; /* both are zero, and have no raw form */
	HOLDS(ash_is_ok(ash_cli_signature_to_der(ash_buf_span(&raw), &again)));
	HOLDS(ash_span_equal(ash_buf_span(&again), der));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const struct ash_span in = ash_span(data, len);

	check_public_key(in);
	check_base64(in);
	check_signature(in, len != 0 ? data[0] : 0);
	if (len > 1)
		check_signature(ash_span(data + 1, len - 1), data[0]);
	return 0;
}
