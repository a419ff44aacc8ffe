/* What a key does, as words of an observation: a key that reads well but does not work is found out. */
#pragma once

#include <stdio.h>

#include "actor.h"

/* The session is the user's. Objects that are no keys have no such words. The first answer that is trouble (actor.h), or CKR_OK. */
CK_RV use_object(FILE *out, struct actor *actor, CK_OBJECT_HANDLE object);
