/*
 * A small token whose every piece is known, and a process that looks at it after somebody
 * hurt the store: of each piece it says that it is fine, that an error told of the damage,
 * or that it is missing or wrong and no error said so. The last two are what must not be.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "actor.h"

enum onlooker_state {
	WITNESS_NOT_SEEN, /* the process died before */
	WITNESS_FINE,
	WITNESS_TOLD,    /* an error said that there is something wrong */
	WITNESS_MISSING, /* a search or a list came to a good end without it */
	WITNESS_WRONG,   /* another value, another result, or a refusal that blames the caller */
};

/* What is looked at. */
enum onlooker_place {
	WITNESS_TOKEN,    /* its label and serial number, and that it is there at all */
	WITNESS_LOGIN,    /* the user's PIN is the PIN */
	WITNESS_LIST,     /* a search for everything finds as many as there are */
	WITNESS_CREATION, /* a new object can be made, and is found */
	WITNESS_OBJECTS,  /* from here on: each object by its label, its attributes, what it does */
	WITNESS_PLACES = WITNESS_OBJECTS + 10,
};

struct onlooker_piece {
	enum onlooker_state state;
	CK_RV rv;      /* what told */
	uint64_t seen; /* a sum of all its values */
};

struct onlooker {
	bool complete; /* C_Finalize came back */
	struct onlooker_piece pieces[WITNESS_PLACES];
};

/*
 * In a child: a token with the PINs in the first blank slot, and the first or the second
 * half of the objects on the token whose user is logged in. What is looked at is the
 * first slot's.
 */
CK_RV onlooker_make_token(struct actor *actor, const char *label);
CK_RV onlooker_make_objects(struct actor *actor, bool second_half);

/*
 * In a child, whose home was entered: looks at everything. `ret_onlooker` may be shared
 * memory: it is filled in as far as the process comes.
 */
void onlooker_look(const char *module, struct onlooker *ret_onlooker);

/* Makes each piece that is fine, but not what it was, WITNESS_WRONG. */
void onlooker_compare(const struct onlooker *wanted, struct onlooker *got);

/* Whether nothing is missing or wrong; else which piece is, in words. */
bool onlooker_is_good(const struct onlooker *onlooker, char *why, size_t len);

/* "token", "login", …, or the object's label. */
const char *onlooker_name(unsigned place);
/* How many pieces an error told of. */
unsigned onlooker_told(const struct onlooker *onlooker);
