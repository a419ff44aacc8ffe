/*
 * Whether p11-kit knows the module: its files NAME.module (pkcs11.conf(5)).
 */
#pragma once

#include <stdbool.h>

#include "app/cli/doctor/doctor.h"
#include "util/span.h"

/*
 * What the text of such a file names as module; false when it names none. Lines are
 * "key: value"; the last one counts.
 */
bool ash_registration_module(struct ash_span text, struct ash_span *ret_module);

/* Notes every file of the folder that names a module of ours; returns how many. */
unsigned ash_registration_folder(struct ash_doctor *doctor, const char *folder);
