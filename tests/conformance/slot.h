/* What the parts of the program about §5.5 share. */
#pragma once

#include <pthread.h>

#include "provoke.h"

CK_FLAGS token_flags(CK_SLOT_ID slot);

/* C_InitToken, C_InitPIN, C_SetPIN, and how tries are counted. */
void provoke_pins(void);
