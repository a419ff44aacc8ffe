/* What a guest is made of: tests put a module of their own there. */
#pragma once

#include <ashlar/pkcs11.h>

#include "app/foreign/guest.h"
#include "util/secret.h"

struct ash_foreign_guest {
	void *library;
	CK_FUNCTION_LIST *p11;
	bool initialized;
	CK_SESSION_HANDLE session;
	struct ash_secret *wrapping; /* the bytes of a key that others are wrapped with; or NULL */
	CK_OBJECT_HANDLE wrapping_key;
};
