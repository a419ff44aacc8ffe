#include "app/cli/key/pubform.h"

#include "app/cli/file/base64.h"
#include "app/cli/print/text.h"
#include "token/der.h"
#include "token/keygroup.h"
#include "token/keyid.h"
#include "util/writer.h"

#define LINE_LEN 64 /* RFC 7468 §2 */

/* What OpenSSH calls a kind of key. */
static const struct {
	enum ash_key_kind kind;
	enum ash_group group;
	const char *name;
	const char *curve; /* ECDSA: the curve's, or NULL */
} names[] = {
	{ ASH_KEY_RSA, ASH_GROUP_NONE, "ssh-rsa", NULL },
	{ ASH_KEY_EC, ASH_GROUP_P256, "ecdsa-sha2-nistp256", "nistp256" },
	{ ASH_KEY_EC, ASH_GROUP_P384, "ecdsa-sha2-nistp384", "nistp384" },
	{ ASH_KEY_EC, ASH_GROUP_P521, "ecdsa-sha2-nistp521", "nistp521" },
	{ ASH_KEY_EDWARDS, ASH_GROUP_ED25519, "ssh-ed25519", NULL },
};

ASH_STATUS ash_cli_pubform_pem(struct ash_span info, struct ash_buf *out)
{
	ASH_AUTO(ash_buf) text = ASH_BUF_PLAIN;

	ASH_TRY(ash_cli_base64(info, &text));
	ASH_TRY(ash_buf_add(out, ash_span_text("-----BEGIN PUBLIC KEY-----\n")));
	for (size_t at = 0; at < text.len; at += LINE_LEN) {
		size_t len = text.len - at < LINE_LEN ? text.len - at : LINE_LEN;

		ASH_TRY(ash_buf_add(out, ash_span(text.data + at, len)));
		ASH_TRY(ash_buf_add(out, ash_span_text("\n")));
	}
	return ash_buf_add(out, ash_span_text("-----END PUBLIC KEY-----\n"));
}

/* The AlgorithmIdentifier, whole. */
static ASH_STATUS algorithm_of(struct ash_span info, struct ash_span *ret_algorithm)
{
	struct ash_reader in = ash_reader(info);
	struct ash_span content = ASH_SPAN_NONE, inside = ASH_SPAN_NONE;

	ASH_TRY(ash_der_take(&in, ASH_DER_SEQUENCE, &content));
	in = ash_reader(content);
	ASH_TRY(ash_der_take(&in, ASH_DER_SEQUENCE, &inside));
	*ret_algorithm = ash_span(content.data, content.len - in.rest.len);
	return ASH_DONE;
}

/* RFC 4251 §5, mpint: a zero byte before a number that would be negative. */
static ASH_STATUS add_integer(struct ash_buf *blob, struct ash_span number)
{
	bool sign = number.len > 0 && number.data[0] >= 0x80;

	ASH_TRY(ash_write_u32(blob, (uint32_t)(number.len + (sign ? 1 : 0))));
	if (sign)
		ASH_TRY(ash_write_u8(blob, 0));
	return ash_buf_add(blob, number);
}

/* RSAPublicKey of RFC 8017 §A.1.1; SSH has the exponent first. */
static ASH_STATUS add_rsa(struct ash_buf *blob, struct ash_span bits)
{
	struct ash_reader in = ash_reader(bits);
	struct ash_span content = ASH_SPAN_NONE, modulus = ASH_SPAN_NONE, exponent = ASH_SPAN_NONE;

	ASH_TRY(ash_der_take(&in, ASH_DER_SEQUENCE, &content));
	ASH_TRY(ash_reader_end(&in));
	in = ash_reader(content);
	ASH_TRY(ash_der_take_integer(&in, &modulus));
	ASH_TRY(ash_der_take_integer(&in, &exponent));
	ASH_TRY(ash_reader_end(&in));
	ASH_TRY(add_integer(blob, exponent));
	return add_integer(blob, modulus);
}

static ASH_STATUS make_blob(const struct ash_keygroup *group, struct ash_span bits, const char **ret_name,
			    struct ash_buf *blob)
{
	size_t row = 0;

	while (row < ASH_COUNT(names) && (names[row].kind != group->kind || names[row].group != group->group))
		row++;
	ASH_ENSURE(row < ASH_COUNT(names), ASH_E_UNSUPPORTED);
	*ret_name = names[row].name;
	ASH_TRY(ash_write_bytes(blob, ash_span_text(names[row].name)));
	if (names[row].kind == ASH_KEY_RSA)
		return add_rsa(blob, bits);
	if (names[row].curve != NULL)
		ASH_TRY(ash_write_bytes(blob, ash_span_text(names[row].curve)));
	return ash_write_bytes(blob, bits);
}

ASH_STATUS ash_cli_pubform_ssh(struct ash_span info, struct ash_span comment, struct ash_buf *out)
{
	ASH_AUTO(ash_buf) blob = ASH_BUF_PLAIN;
	struct ash_span algorithm = ASH_SPAN_NONE, bits = ASH_SPAN_NONE;
	const struct ash_keygroup *group;
	const char *name = NULL;

	ASH_TRY(ash_keyid_bits(info, &bits));
	ASH_TRY(algorithm_of(info, &algorithm));
	group = ash_keygroup_of_algorithm(algorithm);
	ASH_ENSURE(group != NULL, ASH_E_UNSUPPORTED);
	ASH_TRY(make_blob(group, bits, &name, &blob));
	ASH_TRY(ash_buf_add(out, ash_span_text(name)));
	ASH_TRY(ash_buf_add(out, ash_span_text(" ")));
	ASH_TRY(ash_cli_base64(ash_buf_span(&blob), out));
	if (comment.len > 0) {
		ASH_TRY(ash_buf_add(out, ash_span_text(" ")));
		ASH_TRY(ash_cli_escape(comment, out)); /* a line break would begin another key */
	}
	return ash_buf_add(out, ash_span_text("\n"));
}
