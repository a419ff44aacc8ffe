#include "app/cli/use/signature.h"

#include "token/der.h"

ASH_STATUS ash_cli_signature_to_der(struct ash_span raw, struct ash_buf *out)
{
	ASH_AUTO(ash_buf) both = ASH_BUF_PLAIN;
	const size_t half = raw.len / 2;

	ASH_ENSURE(raw.len != 0 && raw.len % 2 == 0, ASH_E_FORMAT);
	ASH_TRY(ash_der_add_integer(&both, ash_span(raw.data, half)));
	ASH_TRY(ash_der_add_integer(&both, ash_span(raw.data + half, half)));
	return ash_der_add(out, ASH_DER_SEQUENCE, ash_buf_span(&both));
}

/* A number at its full length. */
static ASH_STATUS add_padded(struct ash_span number, size_t len, struct ash_buf *out)
{
	struct ash_mut zeroes;

	ASH_ENSURE(number.len <= len, ASH_E_FORMAT);
	ASH_TRY(ash_buf_extend(out, len - number.len, &zeroes));
	return ash_buf_add(out, number);
}

ASH_STATUS ash_cli_signature_from_der(struct ash_span der, size_t half, struct ash_buf *out)
{
	struct ash_reader in = ash_reader(der);
	struct ash_span content = ASH_SPAN_NONE, r = ASH_SPAN_NONE, s = ASH_SPAN_NONE;
	ASH_AUTO(ash_buf) raw = ASH_BUF_PLAIN;

	ASH_TRY(ash_der_take(&in, ASH_DER_SEQUENCE, &content));
	ASH_TRY(ash_reader_end(&in));
	in = ash_reader(content);
	ASH_TRY(ash_der_take_integer(&in, &r));
	ASH_TRY(ash_der_take_integer(&in, &s));
	ASH_TRY(ash_reader_end(&in));
	ASH_TRY(add_padded(r, half, &raw));
	ASH_TRY(add_padded(s, half, &raw));
	return ash_buf_add(out, ash_buf_span(&raw));
}
