/*
 * bcrypt_pbkdf, by which OpenSSH makes keys of passphrases: PBKDF2's outside with bcrypt's
 * key schedule inside, over SHA-512. Any thread.
 */
#pragma once

#include "util/span.h"
#include "util/status.h"

#define ASH_BCRYPT_ROUNDS_MAX 65536u /* minutes */

/*
 * Fills `out`, 1 to 1024 bytes. ASH_E_ARGUMENT for lengths of zero or too long ones, for no
 * rounds and more than the above; ASH_E_MEMORY.
 */
ASH_STATUS ash_bcrypt_pbkdf(struct ash_span passphrase, struct ash_span salt, uint32_t rounds,
			    struct ash_mut out);
