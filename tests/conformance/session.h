/* What the parts of the program about §5.6 share. */
#pragma once

#include "provoke.h"

/* C_Login, C_LoginUser, C_Logout, and the five states with every transition. */
void provoke_logins(void);
