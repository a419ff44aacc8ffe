/*
 * What a public key is, as attributes: for making an object of one that came as
 * SubjectPublicKeyInfo. Pure; any thread.
 */
#pragma once

#include "app/cli/file/public_key.h"
#include "app/cli/find/template.h"

/*
 * Appends CKA_KEY_TYPE and the public parts of a key whose kind is known. They are lent from
 * the key and `room`, an empty plain buffer. ASH_E_FORMAT, ASH_E_MEMORY.
 */
ASH_STATUS ash_cli_public_parts(const struct ash_cli_public_key *key, struct ash_buf *room,
				struct ash_cli_template *made);
