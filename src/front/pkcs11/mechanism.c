#include "front/pkcs11/mechanism_priv.h"

#include "front/pkcs11/call_priv.h"
#include "front/pkcs11/parameter_priv.h"

/* What all mechanisms have: the row, and bytes where there should be some. */
static struct ash_status begin(const CK_MECHANISM *given, const struct ash_mechanism_row **ret_row,
			       struct ash_span *ret_parameter)
{
	const struct ash_mechanism_row *row = NULL;
	CK_MECHANISM copy;

	ASH_COPY(&copy, given);
	row = ash_mechanism_find(copy.mechanism);
	ASH_ENSURE(row != NULL, ASH_E_MECHANISM);
	ASH_ENSURE(copy.pParameter != NULL || copy.ulParameterLen == 0, ASH_E_MECHANISM_PARAM);
	*ret_row = row;
	*ret_parameter = ash_span(copy.pParameter, copy.ulParameterLen);
	return ASH_DONE;
}

struct ash_status ash_mechanism_read(const CK_MECHANISM *given, struct ash_mechanism *ret_mechanism)
{
	const struct ash_mechanism_row *row = NULL;
	struct ash_span parameter = ASH_SPAN_NONE;
	struct ash_mechanism mechanism = { .type = 0 };

	ASH_TRY(begin(given, &row, &parameter));
	mechanism.type = row->type;
	ASH_TRY(ash_parameter_read(row->param, parameter, &mechanism));
	*ret_mechanism = mechanism;
	return ASH_DONE;
}

struct ash_status ash_mechanism_read_wrap(const CK_MECHANISM *given, struct ash_mechanism *ret_mechanism,
					  struct ash_nonce_wish *ret_wish)
{
	const struct ash_mechanism_row *row = NULL;
	struct ash_span parameter = ASH_SPAN_NONE;
	struct ash_mechanism mechanism = { .type = 0 };

	ASH_TRY(begin(given, &row, &parameter));
	mechanism.type = row->type;
	ASH_TRY(ash_parameter_read_wrap(row->param, parameter, &mechanism, ret_wish));
	*ret_mechanism = mechanism;
	return ASH_DONE;
}
