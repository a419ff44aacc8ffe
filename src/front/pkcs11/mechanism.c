#include "front/pkcs11/mechanism_priv.h"

#include "front/pkcs11/call_priv.h"
#include "front/pkcs11/parameter_priv.h"

struct ash_status ash_mechanism_read(const CK_MECHANISM *given, struct ash_mechanism *ret_mechanism)
{
	const struct ash_mechanism_row *row = NULL;
	struct ash_mechanism mechanism = { 0 };
	CK_MECHANISM copy;

	ASH_COPY(&copy, given);
	mechanism.type = copy.mechanism;
	row = ash_mechanism_find(copy.mechanism);
	ASH_ENSURE(row != NULL, ASH_E_MECHANISM);
	ASH_ENSURE(copy.pParameter != NULL || copy.ulParameterLen == 0, ASH_E_MECHANISM_PARAM);
	ASH_TRY(ash_parameter_read(row->param, ash_span(copy.pParameter, copy.ulParameterLen), &mechanism));
	*ret_mechanism = mechanism;
	return ASH_DONE;
}
