/*
 * A small token whose every piece is known, and a process that looks at it after somebody
 * hurt the store: of each piece it says that it is fine, that an error told of the damage,
 * or that it is missing or wrong and no error said so. The last two are what must not be.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "actor.h"

enum witness_state {
	WITNESS_NOT_SEEN, /* the process died before */
	WITNESS_FINE,
	WITNESS_TOLD,    /* an error said that there is something wrong */
	WITNESS_MISSING, /* a search or a list came to a good end without it */
	WITNESS_WRONG,   /* another value, another result, or a refusal that blames the caller */
};

/* What is looked at. */
enum witness_place {
	WITNESS_TOKEN,    /* its label and serial number, and that it is there at all */
	WITNESS_LOGIN,    /* the user's PIN is the PIN */
	WITNESS_LIST,     /* a search for everything finds as many as there are */
	WITNESS_CREATION, /* a new object can be made, and is found */
	WITNESS_OBJECTS,  /* from here on: each object by its label, its attributes, what it does */
	WITNESS_PLACES = WITNESS_OBJECTS + 10,
};

struct witness_piece {
	enum witness_state state;
	CK_RV rv;      /* what told */
	uint64_t seen; /* a sum of all its values */
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

/*
 * In a child, whose home was entered: looks at everything. `ret_witness` may be shared
 * memory: it is filled in as far as the process comes.
 */
void witness_look(const char *module, struct witness *ret_witness);

/* Makes each piece that is fine, but not what it was, WITNESS_WRONG. */
void witness_compare(const struct witness *wanted, struct witness *got);

/* Whether nothing is missing or wrong; else which piece is, in words. */
bool witness_is_good(const struct witness *witness, char *why, size_t len);

/* "token", "login", …, or the object's label. */
const char *witness_name(unsigned place);
/* How many pieces an error told of. */
unsigned witness_told(const struct witness *witness);
