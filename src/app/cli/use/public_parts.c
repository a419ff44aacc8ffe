#include "app/cli/use/public_parts.h"

#include "token/der.h"

static const uint64_t key_types[ASH_KEY_KINDS] = {
	[ASH_KEY_RSA] = CKK_RSA,
	[ASH_KEY_EC] = CKK_EC,
	[ASH_KEY_EDWARDS] = CKK_EC_EDWARDS,
	[ASH_KEY_MONTGOMERY] = CKK_EC_MONTGOMERY,
	[ASH_KEY_ML_DSA] = CKK_ML_DSA,
	[ASH_KEY_ML_KEM] = CKK_ML_KEM,
	[ASH_KEY_SECRET] = CKK_GENERIC_SECRET, /* has no public key */
};

/* RSAPublicKey (RFC 8017 §A.1.1) */
static ASH_STATUS add_rsa(struct ash_span bits, struct ash_cli_template *made)
{
	struct ash_reader in = ash_reader(bits);
	struct ash_span content = ASH_SPAN_NONE, modulus = ASH_SPAN_NONE, exponent = ASH_SPAN_NONE;

	ASH_TRY(ash_der_take(&in, ASH_DER_SEQUENCE, &content));
	ASH_TRY(ash_reader_end(&in));
	in = ash_reader(content);
	ASH_TRY(ash_der_take_integer(&in, &modulus));
	ASH_TRY(ash_der_take_integer(&in, &exponent));
	ASH_TRY(ash_reader_end(&in));
	ASH_TRY(ash_cli_template_bytes(made, CKA_MODULUS, modulus));
	return ash_cli_template_bytes(made, CKA_PUBLIC_EXPONENT, exponent);
}

/* A curve and its point, which PKCS#11 has as a DER OCTET STRING. */
static ASH_STATUS add_curve(const struct ash_cli_public_key *key, struct ash_buf *room,
			    struct ash_cli_template *made)
{
	ASH_TRY(ash_der_add(room, ASH_DER_OCTET_STRING, key->bits));
	ASH_TRY(ash_cli_template_bytes(made, CKA_EC_PARAMS, key->group->params));
	return ash_cli_template_bytes(made, CKA_EC_POINT, ash_buf_span(room));
}

static ASH_STATUS add_lattice(const struct ash_cli_public_key *key, struct ash_cli_template *made)
{
	ASH_TRY(ash_cli_template_number(made, CKA_PARAMETER_SET, key->group->parameter_set));
	return ash_cli_template_bytes(made, CKA_VALUE, key->bits);
}

ASH_STATUS ash_cli_public_parts(const struct ash_cli_public_key *key, struct ash_buf *room,
				struct ash_cli_template *made)
{
	ASH_ENSURE(key->group != NULL, ASH_E_FORMAT);
	ASH_TRY(ash_cli_template_number(made, CKA_KEY_TYPE, key_types[key->group->kind]));
	switch (key->group->kind) {
	case ASH_KEY_RSA: return add_rsa(key->bits, made);
	case ASH_KEY_EC:
	case ASH_KEY_EDWARDS:
	case ASH_KEY_MONTGOMERY: return add_curve(key, room, made);
	case ASH_KEY_ML_DSA:
	case ASH_KEY_ML_KEM: return add_lattice(key, made);
	case ASH_KEY_SECRET:
	case ASH_KEY_KINDS: break;
	}
	ASH_FAIL(ASH_E_FORMAT);
}
