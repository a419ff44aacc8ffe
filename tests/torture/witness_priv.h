/*
 * What the making of the witness's token and the looking at it share.
 */
#pragma once

#include "witness.h"

#define WITNESS_OBJECTS_COUNT (WITNESS_PLACES - WITNESS_OBJECTS)
#define WITNESS_VALUE_MAX     4096 /* bytes of an attribute */

enum witness_use {
	NO_USE,
	CIPHER, /* AES, a block in ECB */
	MAC,    /* HMAC with SHA-256 */
	SIGN,   /* ECDSA: a new signature is one for the point that was there at first */
	VERIFY, /* the signature that was made at first is one */
};

struct witness_object {
	const char *label;
	CK_OBJECT_CLASS class;
	CK_KEY_TYPE key_type;
	CK_BBOOL is_private;
	CK_BBOOL sensitive;
	CK_ULONG value_len;
	enum witness_use use;
};

extern const struct witness_object witness_objects[WITNESS_OBJECTS_COUNT];
extern CK_BYTE witness_p256[10]; /* the pair's curve */

/* `ret_read_only`: why it is one that can't write; else CKR_OK. */
CK_RV witness_open_session(struct actor *actor, CK_RV *ret_read_only);
