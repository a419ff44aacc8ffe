#include "crypto/openssl/openssl_priv.h"

#include <openssl/params.h>

#include "util/secret.h"

/* OpenSSL's lists are not const, though it only reads these. */
static void *unconst(const void *bytes)
{
	return (void *)(uintptr_t)bytes;
}

static void append(struct ash_ossl_params *params, OSSL_PARAM param)
{
	params->param[params->count++] = param;
	params->param[params->count] = OSSL_PARAM_construct_end();
}

struct ash_status ash_ossl_params_reserve(struct ash_ossl_params *params, size_t len)
{
	return ash_secret_new(len, &params->integers);
}

/* OpenSSL wants integers in this machine's byte order. */
struct ash_status ash_ossl_params_integer(struct ash_ossl_params *params, const char *name,
					  struct ash_span bytes)
{
	struct ash_mut room = ash_secret_edit(params->integers);
	uint8_t *to = NULL;

	ASH_BUG(bytes.len > room.len - params->used || params->count == ASH_OSSL_PARAMS_MAX);
	to = room.data + params->used;
	for (size_t i = 0; i < bytes.len; i++) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
		to[i] = bytes.data[bytes.len - 1 - i];
#else
		to[i] = bytes.data[i];
#endif
	}
	params->used += bytes.len;
	append(params, OSSL_PARAM_construct_BN(name, to, bytes.len));
	return ASH_DONE;
}

void ash_ossl_params_bytes(struct ash_ossl_params *params, const char *name, struct ash_span bytes)
{
	append(params, OSSL_PARAM_construct_octet_string(
			       name, unconst(bytes.len != 0 ? bytes.data : (const void *)""), bytes.len));
}

void ash_ossl_params_text(struct ash_ossl_params *params, const char *name, const char *text)
{
	append(params, OSSL_PARAM_construct_utf8_string(name, unconst(text), 0));
}

void ash_ossl_params_number(struct ash_ossl_params *params, const char *name, const unsigned *number)
{
	append(params, OSSL_PARAM_construct_uint(name, unconst(number)));
}

void ash_ossl_params_done(struct ash_ossl_params *params)
{
	params->integers = ash_secret_free(params->integers);
	params->count = 0;
	params->used = 0;
}

struct ash_status ash_ossl_pkey_load(struct ash_ossl *lib, const char *type, bool with_private,
				     struct ash_ossl_params *params, EVP_PKEY **ret_pkey)
{
	int selection = with_private ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY;
	unsigned mark = ash_ossl_mark();
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(lib->ctx, type, NULL);
	EVP_PKEY *pkey = NULL;
	bool good = ctx != NULL && EVP_PKEY_fromdata_init(ctx) == 1 &&
		    EVP_PKEY_fromdata(ctx, &pkey, selection, params->param) == 1;

	EVP_PKEY_CTX_free(ctx);
	ASH_ENSURE(good, ash_ossl_code(mark, ASH_E_KEY_INVALID));
	*ret_pkey = pkey;
	return ASH_DONE;
}

struct ash_status ash_ossl_pkey_generate(struct ash_ossl *lib, const char *type,
					 const struct ash_ossl_params *params, EVP_PKEY **ret_pkey)
{
	unsigned mark = ash_ossl_mark();
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(lib->ctx, type, NULL);
	EVP_PKEY *pkey = NULL;
	bool good = ctx != NULL && EVP_PKEY_keygen_init(ctx) == 1 &&
		    EVP_PKEY_CTX_set_params(ctx, params->param) == 1 && EVP_PKEY_generate(ctx, &pkey) == 1;

	EVP_PKEY_CTX_free(ctx);
	ASH_ENSURE(good, ash_ossl_code(mark, ASH_E_FAILED));
	*ret_pkey = pkey;
	return ASH_DONE;
}

struct ash_status ash_ossl_part_integer(const EVP_PKEY *pkey, const char *name, enum ash_part part,
					size_t len, struct ash_parts *parts)
{
	unsigned mark = ash_ossl_mark();
	BIGNUM *number = NULL;
	struct ash_status status = ASH_DONE;

	if (EVP_PKEY_get_bn_param(pkey, name, &number) != 1) {
		enum ash_code code = ash_ossl_code(mark, ASH_OK);

		ASH_ENSURE(code == ASH_OK, code);
		return ASH_DONE;
	}
	status = ash_ossl_part_bn(number, part, len, parts);
	BN_clear_free(number);
	return status;
}

struct ash_status ash_ossl_part_bn(const BIGNUM *number, enum ash_part part, size_t len,
				   struct ash_parts *parts)
{
	struct ash_secret *value = NULL;

	if (len == 0)
		len = (size_t)BN_num_bytes(number);
	ASH_TRY(ash_secret_new(len, &value));
	ash_secret_free(parts->value[part]);
	parts->value[part] = value;
	ASH_ENSURE(BN_bn2binpad(number, ash_secret_edit(value).data, (int)len) == (int)len, ASH_E_FAILED);
	return ASH_DONE;
}

struct ash_status ash_ossl_part_bytes(const EVP_PKEY *pkey, const char *name, enum ash_part part,
				      struct ash_parts *parts)
{
	unsigned mark = ash_ossl_mark();
	struct ash_secret *value = NULL;
	size_t len = 0;

	if (EVP_PKEY_get_octet_string_param(pkey, name, NULL, 0, &len) != 1 || len == 0) {
		enum ash_code code = ash_ossl_code(mark, ASH_OK);

		ASH_ENSURE(code == ASH_OK, code);
		return ASH_DONE;
	}
	ASH_TRY(ash_secret_new(len, &value));
	ash_secret_free(parts->value[part]);
	parts->value[part] = value;
	ASH_ENSURE(EVP_PKEY_get_octet_string_param(pkey, name, ash_secret_edit(value).data, len, &len) == 1,
		   ash_ossl_code(mark, ASH_E_FAILED));
	return ASH_DONE;
}
