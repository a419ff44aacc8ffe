/*
 * The parameters of mechanisms, a decoder for each form that the mechanism table
 * knows. What is wrong with the form is found here, what is wrong with the values
 * for the mechanism by the table (ash_mechanism_check_params). Structures are copied
 * before anybody looks at them, wherever they lie; bytes that they point at are lent.
 * No state; any thread.
 */
#pragma once

#include <ashlar/pkcs11.h>

#include "token/mechanism.h"

/* No parameter points at more bytes than this, but for data to be authenticated. */
#define ASH_PARAMETER_BYTES_MAX ((size_t)1 << 20)

/* Decodes into a mechanism that has its type. ASH_E_MECHANISM_PARAM. */
ASH_STATUS ash_parameter_read(enum ash_param_kind kind, struct ash_span given,
			      struct ash_mechanism *mechanism);
