#include "app/cli/file/openssh.h"

#include <stdio.h>
#include <string.h>

#include "app/cli/print/text.h"
#include "crypto/alg.h"
#include "crypto/openssl/bcrypt.h"
#include "crypto/openssl/keyfile.h"
#include "token/der.h"
#include "token/keygroup.h"
#include "util/reader.h"
#include "util/secret.h"

#define FIELD_MAX   65536u /* no field is longer */
#define ED25519_LEN 32u
#define BLOCK_MIN   8u /* the private part's length is a multiple, also without a cipher */

static const char magic[] = "openssh-key-v1"; /* with its zero */

/* Ciphers whose text has no tag behind it. */
static const struct {
	const char *name;    /* in the file */
	const char *openssl; /* as the library calls it */
	size_t key_len, iv_len;
} ciphers[] = {
	{ "aes256-ctr", "AES-256-CTR", 32, 16 }, { "aes192-ctr", "AES-192-CTR", 24, 16 },
	{ "aes128-ctr", "AES-128-CTR", 16, 16 }, { "aes256-cbc", "AES-256-CBC", 32, 16 },
	{ "aes192-cbc", "AES-192-CBC", 24, 16 }, { "aes128-cbc", "AES-128-CBC", 16, 16 },
	{ "3des-cbc", "DES-EDE3-CBC", 24, 8 },
};

/* Versions and counts in DER. */
static const uint8_t zero = 0, one = 1;

/* ---- The outside ---- */

static ASH_STATUS take_field(struct ash_reader *in, struct ash_span *ret_field)
{
	return ash_reader_bytes(in, FIELD_MAX, ret_field);
}

static bool is_text(struct ash_span field, const char *text)
{
	return ash_span_equal(field, ash_span_text(text));
}

static ASH_STATUS refuse_cipher(struct ash_span cipher)
{
	ASH_FAIL_WITH(
		ASH_E_UNSUPPORTED,
		"it is encrypted with %s, which is not read here: `ssh-keygen -p -Z aes256-ctr -f FILE` "
		"(on a copy) changes that",
		ash_cli_escaped(cipher).text);
}

static ASH_STATUS read_derivation(struct ash_span kdf, struct ash_span options, struct ash_cli_openssh *key)
{
	struct ash_reader in = ash_reader(options);

	if (!is_text(kdf, "bcrypt"))
		ASH_FAIL_WITH(ASH_E_UNSUPPORTED, "its key is derived by %s, which is not known here",
			      ash_cli_escaped(kdf).text);
	ASH_TRY(take_field(&in, &key->salt));
	ASH_TRY(ash_reader_u32(&in, &key->rounds));
	ASH_TRY(ash_reader_end(&in));
	ASH_ENSURE(key->salt.len != 0 && key->rounds != 0, ASH_E_FORMAT);
	if (key->rounds > ASH_BCRYPT_ROUNDS_MAX)
		ASH_FAIL_WITH(ASH_E_UNSUPPORTED, "its passphrase takes %u rounds: no more than %u are done",
			      key->rounds, ASH_BCRYPT_ROUNDS_MAX);
	return ASH_DONE;
}

static ASH_STATUS read_protection(struct ash_reader *in, struct ash_cli_openssh *key)
{
	struct ash_span cipher, kdf, options;

	ASH_TRY(take_field(in, &cipher));
	ASH_TRY(take_field(in, &kdf));
	ASH_TRY(take_field(in, &options));
	key->closed = !is_text(cipher, "none");
	if (!key->closed) {
		ASH_ENSURE(is_text(kdf, "none") && options.len == 0, ASH_E_FORMAT);
		strcpy(key->cipher, "none");
		return ASH_DONE;
	}
	for (size_t i = 0; i < ASH_COUNT(ciphers); i++) {
		if (is_text(cipher, ciphers[i].name)) {
			strcpy(key->cipher, ciphers[i].name);
			return read_derivation(kdf, options, key);
		}
	}
	return refuse_cipher(cipher);
}

ASH_STATUS ash_cli_openssh_read(struct ash_span bytes, struct ash_cli_openssh *ret_key)
{
	struct ash_reader in = ash_reader(bytes);
	struct ash_cli_openssh key = { .rounds = 0 };
	struct ash_span begin, public_part;
	uint32_t count = 0;

	ASH_TRY(ash_reader_take(&in, sizeof(magic), &begin));
	ASH_ENSURE(memcmp(begin.data, magic, sizeof(magic)) == 0, ASH_E_FORMAT);
	ASH_TRY(read_protection(&in, &key));
	ASH_TRY(ash_reader_u32(&in, &count));
	if (count != 1)
		ASH_FAIL_WITH(ASH_E_UNSUPPORTED, "there are %u keys in it, and one is read here", count);
	ASH_TRY(take_field(&in, &public_part)); /* the private part says it again */
	ASH_TRY(take_field(&in, &key.private_part));
	ASH_TRY(ash_reader_end(&in));
	ASH_ENSURE(key.private_part.len != 0 && key.private_part.len % BLOCK_MIN == 0, ASH_E_FORMAT);
	*ret_key = key;
	return ASH_DONE;
}

/* ---- Into PKCS#8 ---- */

static ASH_STATUS wrap_pkcs8(const uint8_t *version, struct ash_span algorithm, struct ash_span key,
			     struct ash_span public_bits, struct ash_buf *out)
{
	ASH_AUTO(ash_buf) info = ASH_BUF_SECRET;

	ASH_TRY(ash_der_add_integer(&info, ash_span(version, 1)));
	ASH_TRY(ash_buf_add(&info, algorithm));
	ASH_TRY(ash_der_add(&info, ASH_DER_OCTET_STRING, key));
	if (public_bits.len != 0)
		ASH_TRY(ash_der_add_bits(&info, ASH_DER_CONTEXT(1), public_bits));
	return ash_der_add(out, ASH_DER_SEQUENCE, ash_buf_span(&info));
}

/* A number that is not negative, without the zeroes in front. */
static ASH_STATUS take_number(struct ash_reader *in, struct ash_span *ret_number)
{
	struct ash_span number;

	ASH_TRY(take_field(in, &number));
	ASH_ENSURE(number.len != 0 && number.data[0] < 0x80, ASH_E_FORMAT);
	while (number.len != 0 && number.data[0] == 0)
		number = ash_span(number.data + 1, number.len - 1);
	ASH_ENSURE(number.len != 0, ASH_E_FORMAT);
	*ret_number = number;
	return ASH_DONE;
}

/* n, e, d, q⁻¹ mod p, p, q; PKCS#1 has them in another order, and two more. */
static ASH_STATUS take_rsa(struct ash_reader *in, ASH_UNUSED enum ash_group group, struct ash_buf *out)
{
	enum {
		N,
		E,
		D,
		INVERSE,
		P,
		Q,
		NUMBERS
	};
	ASH_AUTO(ash_buf) key = ASH_BUF_SECRET;
	ASH_AUTO(ash_buf) der = ASH_BUF_SECRET;
	ASH_AUTO(ash_buf) exponent_1 = ASH_BUF_SECRET;
	ASH_AUTO(ash_buf) exponent_2 = ASH_BUF_SECRET;
	struct ash_span number[NUMBERS];

	for (size_t i = 0; i < NUMBERS; i++)
		ASH_TRY(take_number(in, &number[i]));
	ASH_TRY(ash_keyfile_crt_exponent(number[D], number[P], &exponent_1));
	ASH_TRY(ash_keyfile_crt_exponent(number[D], number[Q], &exponent_2));
	const struct ash_span parts[] = {
		ash_span(&zero, 1),
		number[N],
		number[E],
		number[D],
		number[P],
		number[Q],
		ash_buf_span(&exponent_1),
		ash_buf_span(&exponent_2),
		number[INVERSE],
	};

	for (size_t i = 0; i < ASH_COUNT(parts); i++)
		ASH_TRY(ash_der_add_integer(&key, parts[i]));
	ASH_TRY(ash_der_add(&der, ASH_DER_SEQUENCE, ash_buf_span(&key)));
	return wrap_pkcs8(&zero, ash_keygroup_of(ASH_KEY_RSA, ASH_GROUP_NONE)->algorithm, ash_buf_span(&der),
			  ASH_SPAN_NONE, out);
}

/* The curve's name again, the point, the number. */
static ASH_STATUS take_ecdsa(struct ash_reader *in, enum ash_group group, struct ash_buf *out)
{
	ASH_AUTO(ash_buf) key = ASH_BUF_SECRET;
	ASH_AUTO(ash_buf) der = ASH_BUF_SECRET;
	ASH_AUTO(ash_buf) bits = ASH_BUF_PLAIN;
	ASH_AUTO(ash_secret) *padded = NULL;
	const size_t len = ash_group_private_len(group);
	struct ash_span curve, point, number;

	ASH_TRY(take_field(in, &curve));
	ASH_TRY(take_field(in, &point));
	ASH_TRY(take_number(in, &number));
	ASH_ENSURE(number.len <= len && point.len == ash_group_public_len(group), ASH_E_FORMAT);
	ASH_TRY(ash_secret_new(len, &padded));
	memcpy(ash_secret_edit(padded).data + len - number.len, number.data, number.len);
	ASH_TRY(ash_der_add_integer(&key, ash_span(&one, 1)));
	ASH_TRY(ash_der_add(&key, ASH_DER_OCTET_STRING, ash_secret_peek(padded)));
	ASH_TRY(ash_der_add_bits(&bits, ASH_DER_BIT_STRING, point));
	ASH_TRY(ash_der_add(&key, ASH_DER_CONTEXT_CONS(1), ash_buf_span(&bits)));
	ASH_TRY(ash_der_add(&der, ASH_DER_SEQUENCE, ash_buf_span(&key)));
	return wrap_pkcs8(&zero, ash_keygroup_of(ASH_KEY_EC, group)->algorithm, ash_buf_span(&der),
			  ASH_SPAN_NONE, out);
}

/* The public key, then the seed with the public key behind it. */
static ASH_STATUS take_ed25519(struct ash_reader *in, enum ash_group group, struct ash_buf *out)
{
	ASH_AUTO(ash_buf) der = ASH_BUF_SECRET;
	struct ash_span public_key, both;

	ASH_TRY(take_field(in, &public_key));
	ASH_TRY(take_field(in, &both));
	ASH_ENSURE(public_key.len == ED25519_LEN && both.len == 2 * ED25519_LEN, ASH_E_FORMAT);
	ASH_ENSURE(ash_span_equal(public_key, ash_span(both.data + ED25519_LEN, ED25519_LEN)), ASH_E_FORMAT);
	ASH_TRY(ash_der_add(&der, ASH_DER_OCTET_STRING, ash_span(both.data, ED25519_LEN)));
	/* Version 2, so that the token sees whether the halves belong together. */
	return wrap_pkcs8(&one, ash_keygroup_of(ASH_KEY_EDWARDS, group)->algorithm, ash_buf_span(&der),
			  public_key, out);
}

static const struct {
	const char *name;
	enum ash_group group;
	struct ash_status (*take)(struct ash_reader *in, enum ash_group group, struct ash_buf *out);
} types[] = {
	{ "ssh-rsa", ASH_GROUP_NONE, take_rsa },
	{ "ecdsa-sha2-nistp256", ASH_GROUP_P256, take_ecdsa },
	{ "ecdsa-sha2-nistp384", ASH_GROUP_P384, take_ecdsa },
	{ "ecdsa-sha2-nistp521", ASH_GROUP_P521, take_ecdsa },
	{ "ssh-ed25519", ASH_GROUP_ED25519, take_ed25519 },
};

static ASH_STATUS refuse_type(struct ash_span type)
{
	if (type.len > 3 && memcmp(type.data, "sk-", 3) == 0)
		ASH_FAIL_WITH(ASH_E_UNSUPPORTED,
			      "it only names a key inside a security key (%s): that one can't be copied",
			      ash_cli_escaped(type).text);
	ASH_FAIL_WITH(ASH_E_UNSUPPORTED, "keys of type %s are not for this token",
		      ash_cli_escaped(type).text);
}

static ASH_STATUS take_key(struct ash_reader *in, struct ash_buf *out)
{
	struct ash_span type;

	ASH_TRY(take_field(in, &type));
	for (size_t i = 0; i < ASH_COUNT(types); i++) {
		if (is_text(type, types[i].name))
			return types[i].take(in, types[i].group, out);
	}
	return refuse_type(type);
}

/* Behind the key: a comment, then 1, 2, 3 and so on up to the end of the block. */
static ASH_STATUS take_end(struct ash_reader *in)
{
	struct ash_span comment;

	ASH_TRY(take_field(in, &comment));
	for (size_t i = 0; i < in->rest.len; i++)
		ASH_ENSURE(in->rest.data[i] == (uint8_t)(i + 1), ASH_E_FORMAT);
	return ASH_DONE;
}

/* Two random numbers that are the same: how the passphrase is known to be right. */
static ASH_STATUS take_private(struct ash_span bytes, bool closed, struct ash_buf *out)
{
	struct ash_reader in = ash_reader(bytes);
	const size_t before = out->len;
	struct ash_status status;
	uint32_t first = 0, second = 0;

	ASH_TRY(ash_reader_u32(&in, &first));
	ASH_TRY(ash_reader_u32(&in, &second));
	ASH_ENSURE(first == second, closed ? ASH_E_PIN_INCORRECT : ASH_E_FORMAT);
	ASH_TRY(take_key(&in, out));
	status = take_end(&in);
	if (!ash_is_ok(status)) {
		ash_wipe(out->data + before, out->len - before);
		out->len = before;
	}
	return status;
}

/* ---- The passphrase ---- */

static ASH_STATUS decrypt(const struct ash_cli_openssh *key, struct ash_span passphrase, struct ash_buf *out)
{
	ASH_AUTO(ash_secret) *derived = NULL;
	struct ash_span bytes = ASH_SPAN_NONE;
	size_t row = 0;

	while (strcmp(ciphers[row].name, key->cipher) != 0)
		row++;
	ASH_ENSURE(passphrase.len != 0, ASH_E_PIN_INCORRECT);
	ASH_TRY(ash_secret_new(ciphers[row].key_len + ciphers[row].iv_len, &derived));
	ASH_TRY(ash_bcrypt_pbkdf(passphrase, key->salt, key->rounds, ash_secret_edit(derived)));
	bytes = ash_secret_peek(derived);
	return ash_keyfile_decrypt(ciphers[row].openssl, ash_span(bytes.data, ciphers[row].key_len),
				   ash_span(bytes.data + ciphers[row].key_len, ciphers[row].iv_len), false,
				   key->private_part, out);
}

ASH_STATUS ash_cli_openssh_pkcs8(const struct ash_cli_openssh *key, struct ash_span passphrase,
				 struct ash_buf *out)
{
	ASH_AUTO(ash_buf) opened = ASH_BUF_SECRET;

	ASH_BUG(!out->secret);
	if (!key->closed)
		return take_private(key->private_part, false, out);
	ASH_TRY(decrypt(key, passphrase, &opened));
	return take_private(ash_buf_span(&opened), true, out);
}
