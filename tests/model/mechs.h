/* Mechanisms of which the model knows enough to judge what comes out. */
#pragma once

#include "model.h"

enum param {
	P_NONE,
	P_IV16,
	P_CTR,
	P_GCM,
	P_LENGTH,
	P_PSS,
	P_OAEP
};

/* How input and output lengths hang together. */
enum shape {
	S_DIGEST, /* any length in, `out` bytes out; signatures as well */
	S_BLOCKS, /* whole blocks, as many out */
	S_PADDED, /* one block more, or a part of one */
	S_STREAM, /* as many out as in */
	S_TAGGED, /* and a tag of 16 bytes */
	S_KW,
	S_KWP,
	S_RSA,  /* v1.5: up to 245 bytes, 256 out */
	S_OAEP, /* up to 190 */
};

struct mech {
	CK_MECHANISM_TYPE type;
	const char *name;
	unsigned ops; /* 1 << enum op */
	CK_KEY_TYPE key_type, other_key_type;
	enum param param;
	enum shape shape;
	bool whole;         /* in one part alone */
	bool deterministic; /* the same in gives the same out */
	bool sealed;        /* what was changed does not decrypt */
	unsigned out;
};

enum {
	BAD_PARAM = 100 /* the variant whose parameter is refused */
};

/* A mechanism's parameter, in one of three variants. */
struct parameter {
	CK_MECHANISM mechanism;
	uint8_t iv[16];
	union {
		CK_AES_CTR_PARAMS ctr;
		CK_GCM_PARAMS gcm;
		CK_ULONG length;
		CK_RSA_PKCS_PSS_PARAMS pss;
		CK_RSA_PKCS_OAEP_PARAMS oaep;
	} of;
};

const struct mech *choose_mech(enum op op);
void parameter_fill(struct parameter *parameter, const struct mech *mech, unsigned variant);

/* Whether a digest under way can be saved: where a back end shows how far it is. */
bool digest_saves(const struct mech *mech);

/* Whether such an object is what the operation asks for, by class and type alone. */
bool mech_takes(const struct mech *mech, enum op op, const struct object *object);

/* All reasons why the object, which may be NULL, can't be used so. */
void why_key(struct verdict *verdict, const struct mech *mech, enum op op, const struct object *object);
bool object_allows(const struct object *object, CK_MECHANISM_TYPE type);

/*
 * The length of what an encryption, a digest or a signature makes of `len` bytes, and of a
 * decryption at most. SIZE_MAX for a length that is refused.
 */
size_t mech_length(const struct mech *mech, enum op op, unsigned variant, size_t len);
