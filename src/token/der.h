/*
 * The little DER that keys need: writing SubjectPublicKeyInfo, and telling a curve
 * that we lack from bytes that are no curve. Tags of one byte, lengths below 64 KiB.
 * Pure functions; any thread.
 */
#pragma once

#include "util/buf.h"
#include "util/reader.h"

#define ASH_DER_INTEGER          0x02u
#define ASH_DER_BIT_STRING       0x03u
#define ASH_DER_OCTET_STRING     0x04u
#define ASH_DER_OID              0x06u
#define ASH_DER_PRINTABLE_STRING 0x13u
#define ASH_DER_SEQUENCE         0x30u

/* Appends one element. ASH_E_LIMIT past 64 KiB, ASH_E_MEMORY; then `out` keeps what it had. */
ASH_STATUS ash_der_add(struct ash_buf *out, uint8_t tag, struct ash_span content);

/* Appends an INTEGER, from unsigned big-endian bytes with or without leading zeroes. */
ASH_STATUS ash_der_add_integer(struct ash_buf *out, struct ash_span number);

/*
 * Takes one element with this tag and lends its content. ASH_E_FORMAT, with nothing
 * taken, for anything else, also for a length that is not as short as can be.
 */
ASH_STATUS ash_der_take(struct ash_reader *in, uint8_t tag, struct ash_span *ret_content);
