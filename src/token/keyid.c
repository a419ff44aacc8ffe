#include "token/keyid.h"

#include <string.h>

#include "crypto/crypto.h"
#include "token/der.h"

struct ash_status ash_keyid_bits(struct ash_span info, struct ash_span *ret_bits)
{
	struct ash_reader in = ash_reader(info);
	struct ash_span content = ASH_SPAN_NONE, unused = ASH_SPAN_NONE, bits = ASH_SPAN_NONE;

	ASH_TRY(ash_der_take(&in, ASH_DER_SEQUENCE, &content));
	ASH_TRY(ash_reader_end(&in));
	in = ash_reader(content);
	ASH_TRY(ash_der_take(&in, ASH_DER_SEQUENCE, &unused)); /* the algorithm */
	ASH_TRY(ash_der_take_bits(&in, ASH_DER_BIT_STRING, &bits));
	ASH_TRY(ash_reader_end(&in));
	*ret_bits = bits;
	return ASH_DONE;
}

struct ash_status ash_keyid_make(struct ash_crypto *crypto, struct ash_span info,
				 uint8_t ret_id[ASH_KEYID_LEN])
{
	const struct ash_use use = { .op = ASH_OP_DIGEST, .alg = { ASH_SCHEME_HASH, ASH_HASH_SHA1 } };
	ASH_AUTO(ash_operation) *operation = NULL;
	struct ash_span bits = ASH_SPAN_NONE;
	uint8_t digest[ASH_KEYID_LEN];
	size_t len = 0;

	ASH_TRY(ash_keyid_bits(info, &bits));
	ASH_TRY(ash_operation_new(crypto, &use, NULL, &operation));
	ASH_TRY(ash_operation_start(operation, NULL));
	ASH_TRY(ash_operation_finish(operation, bits, ash_mut(digest, sizeof(digest)), &len));
	memcpy(ret_id, digest, sizeof(digest));
	return ASH_DONE;
}
