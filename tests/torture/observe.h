/*
 * What a store holds, seen through the module by a process that is new to it, as text: one
 * line for each token, PIN and object, in the order of their letters, made of words
 * `name=value`:
 *
 *     object token='torture' CKA_CLASS=x0300000000000000 CKA_LABEL='pair' … use.sign=CKR_OK
 *     token label='torture' flags=0x42d serial='…' … user.tries=full
 *
 * A value is 'text', hexadecimal, or, if long, its length and hash. What could not be had is
 * there as the return code (`CKA_VALUE=CKR_ATTRIBUTE_SENSITIVE`); a process that did not come
 * to its end adds the line `died …`. Each call has its word, so whatever differs is seen.
 *
 * Observing logs in and so gives PIN tries back: observe a copy if the store is needed again.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "actor.h"
#include "home.h"

/* The observation; to be freed. Never NULL. */
char *observe(const char *module, const struct home *home);

/* In a process that has a session: the objects that it sees, and one as a line; `token` is the label as a value. */
#define OBSERVE_OBJECTS 256
CK_ULONG observe_find(FILE *out, struct actor *actor, const char *token,
		      CK_OBJECT_HANDLE found[OBSERVE_OBJECTS]);
void observe_object(FILE *out, struct actor *actor, const char *token, CK_OBJECT_HANDLE object);
/* All of them, the token's line first; ends with the first answer that is trouble (actor.h), which it returns. PIN tries are not in it. */
CK_RV observe_session(FILE *out, struct actor *actor);
/* The token's line alone. */
CK_RV observe_slot(FILE *out, struct actor *actor);
/* The lines of an observation that are objects', in order and each once; to be freed. */
char *observe_only_objects(const char *text);

/* A set of words: what a scenario gives the same way each time. New keys, numbers and names are not in it. */
struct known;

struct known *known_new(void);
struct known *known_free(struct known *known);
/* All words of an observation. */
void known_add(struct known *known, const char *text);
/* The words that two observations of the same state share. */
void known_add_common(struct known *known, const char *one, const char *other);
/* The observation with `name=?LENGTH` for each unknown word that is a value, and its lines in order again; to be freed. */
char *known_mask(const struct known *known, const char *text);

/* The observation with one try of that PIN ("user" or "so") less; NULL if there is none to take. To be freed. */
char *observe_try_less(const char *text, const char *who);

/* Whether two observations differ in nothing but the tries that are left. */
bool observe_only_tries(const char *one, const char *other);

/* The first line that one has and the other has not, for people: "-line" or "+line"; "" if none. To be freed. */
char *observe_difference(const char *wanted, const char *got);
