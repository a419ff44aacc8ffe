/*
 * A public key as others hand it over: SubjectPublicKeyInfo (RFC 5280 §4.1), in PEM
 * ("BEGIN PUBLIC KEY") or DER, or its bare bits. Pure functions; any thread.
 */
#pragma once

#include "token/keygroup.h"
#include "util/buf.h"

struct ash_cli_public_key {
	const struct ash_keygroup
		*group;       /* what it says it is; NULL: bare bits, or of a kind that the token lacks */
	struct ash_span bits; /* the point, RFC 7748's bytes, …; lent */
};

/*
 * Reads what stands in a file. PEM is decoded into `der`, which was empty and is plain. What
 * is neither is taken as bare bits, so whoever uses them checks their length. ASH_E_FORMAT for
 * PEM that is damaged or holds something else, with an explanation; ASH_E_MEMORY.
 */
ASH_STATUS ash_cli_public_key_read(struct ash_span file, struct ash_buf *der,
				   struct ash_cli_public_key *ret_key);
