/*
 * A small token whose every piece is known, and a process that looks at it after somebody
 * hurt the store: of each piece it says that it is fine, that an error told of the damage,
 * or that it is missing, old or wrong and no error said so. The latter must not be.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "actor.h"

enum witness_state {
	WITNESS_NOT_SEEN, /* the process died before */
	WITNESS_FINE,
	WITNESS_OLD,     /* it is as it once was, and no error said so */
	WITNESS_TOLD,    /* an error said that there is something wrong */
	WITNESS_MISSING, /* a search or a list came to a good end without it */
	WITNESS_WRONG,   /* another value, another result, or a refusal that blames the caller */
};

/* What is looked at. */
enum witness_place {
	WITNESS_TOKEN,    /* its label, serial number, how its PINs do, and that it is there at all */
	WITNESS_LOGIN,    /* the user's PIN is the PIN */
	WITNESS_LIST,     /* a search for everything finds as many as there are */
	WITNESS_CREATION, /* a new object can be made, and is found */
	WITNESS_OBJECTS,  /* from here on: each object by its label, its attributes, what it does */
	WITNESS_PLACES = WITNESS_OBJECTS + 10,
};

#define WITNESS_VALUES    24u /* of a piece, at most */
#define WITNESS_SIGNATURE 64

struct witness_piece {
	enum witness_state state;
	unsigned value; /* the first that is wrong, counted from 1 */
	CK_RV rv;       /* what told, or blamed the caller */
};

/* How all was before anything was hurt: noted by a first look, for those that come after it. */
struct witness_known {
	bool complete;
	const struct witness_known *older;               /* how all was at an earlier time, or NULL */
	uint64_t values[WITNESS_PLACES][WITNESS_VALUES]; /* sums */
	CK_SLOT_ID slot;                                 /* of the token */
	CK_UTF8CHAR label[32];
	CK_BYTE point[80], signature[WITNESS_SIGNATURE]; /* of the pair */
	CK_ULONG point_len;
};

struct witness {
	bool complete; /* C_Finalize came back */
	struct witness_piece pieces[WITNESS_PLACES];
};

/*
 * In a child: a token with the PINs in the first blank slot, and the first or the second
 * half of the objects on the token whose user is logged in. What is looked at is the
 * first slot's.
 */
CK_RV witness_make_token(struct actor *actor, const char *label);
CK_RV witness_make_objects(struct actor *actor, bool second_half);

/* Shared memory, of which nothing is known yet. Ends with the program. */
struct witness_known *witness_known_new(void);

/*
 * In a child, whose home was entered: looks at everything, and holds each value against
 * what is known, be there an error after it or not; or notes it, while nothing is known.
 * `ret_witness` may be shared memory: it is filled in as far as the process comes.
 */
void witness_look(const char *module, struct witness_known *known, struct witness *ret_witness);

/*
 * Whether nothing is missing, old or wrong; else which piece is, in words. A state that has
 * its bit in `silent` passes as well.
 */
bool witness_is_good(const struct witness *witness, unsigned silent, char *why, size_t len);

/* The end of the first look. Ends the sweep unless all is fine, as it has to be before anything is hurt. */
void witness_bless(const struct witness *witness, int status, struct witness_known *known);

/* "token", "login", …, or the object's label. */
const char *witness_name(unsigned place);
/* The objects that are private, or those that are not: a bit for each place. */
uint32_t witness_mask(bool is_private);
/* How many pieces are in that state. */
unsigned witness_count(const struct witness *witness, enum witness_state state);
