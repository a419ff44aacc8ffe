#include "front/pkcs11/unsupported.h"

#include "front/pkcs11/call_priv.h"

static struct ash_status refuse(void)
{
	ASH_FAIL(ASH_E_UNSUPPORTED);
}

/* The parameters have names, and nobody looks at them. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

#define ASH_LACKING(name, parameters)      \
	ASH_ENTRY name parameters          \
	{                                  \
		return ASH_CALL(refuse()); \
	}

CK_FUNCTIONS_2_40(ASH_FOR_LACKING)
CK_FUNCTIONS_3_0(ASH_FOR_LACKING)
CK_FUNCTIONS_3_2(ASH_FOR_LACKING)
