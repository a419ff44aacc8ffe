/*
 * The little DER that keys need: SubjectPublicKeyInfo and PrivateKeyInfo, and telling a
 * curve that we lack from bytes that are no curve. Tags of one byte, lengths below 64 KiB.
 * A buffer for what is secret has to be a secret one. Pure functions; any thread.
 */
#pragma once

#include "util/buf.h"
#include "util/reader.h"

#define ASH_DER_INTEGER          0x02u
#define ASH_DER_BIT_STRING       0x03u
#define ASH_DER_OCTET_STRING     0x04u
#define ASH_DER_NULL             0x05u
#define ASH_DER_OID              0x06u
#define ASH_DER_PRINTABLE_STRING 0x13u
#define ASH_DER_SEQUENCE         0x30u

/* [number] IMPLICIT of a primitive type, and of a constructed type or EXPLICIT */
#define ASH_DER_CONTEXT(number)      (0x80u | (number))
#define ASH_DER_CONTEXT_CONS(number) (0xa0u | (number))

/* Appends one element. ASH_E_LIMIT past 64 KiB, ASH_E_MEMORY; then `out` keeps what it had. */
ASH_STATUS ash_der_add(struct ash_buf *out, uint8_t tag, struct ash_span content);

/* Appends an element with the tag that has the content of a BIT STRING of whole bytes. */
ASH_STATUS ash_der_add_bits(struct ash_buf *out, uint8_t tag, struct ash_span bytes);

/* Appends an INTEGER, from unsigned big-endian bytes with or without leading zeroes. */
ASH_STATUS ash_der_add_integer(struct ash_buf *out, struct ash_span number);

/*
 * Takes one element with this tag and lends its content. ASH_E_FORMAT, with nothing
 * taken, for anything else, also for a length that is not as short as can be.
 */
ASH_STATUS ash_der_take(struct ash_reader *in, uint8_t tag, struct ash_span *ret_content);

/*
 * The same for an INTEGER that is not negative and as short as can be: the number
 * without its sign, empty for 0. And for bits: whole bytes of them.
 */
ASH_STATUS ash_der_take_integer(struct ash_reader *in, struct ash_span *ret_number);
ASH_STATUS ash_der_take_bits(struct ash_reader *in, uint8_t tag, struct ash_span *ret_bytes);

/* Whether an element with this tag comes next. */
bool ash_der_is_next(const struct ash_reader *in, uint8_t tag);
