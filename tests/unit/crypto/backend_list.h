/*
 * What every crypto back end has to do in the same way, whatever it offers: the
 * contract of crypto/backend.h as tests. A back end's test program is
 *
 *     #include "crypto/openssl/openssl.h"
 *     #define TESTED_BACKEND ash_backend_openssl
 *     #include "crypto/backend_list.h"
 *
 * and tests of its own. What a back end does not offer is passed over here; that it
 * offers what it should is for its own tests to say.
 */
#pragma once

#include "crypto/backend_agree.h"
#include "crypto/backend_cbc.h"
#include "crypto/backend_digest.h"
#include "crypto/backend_ec.h"
#include "crypto/backend_eddsa.h"
#include "crypto/backend_gcm.h"
#include "crypto/backend_kdf.h"
#include "crypto/backend_mac.h"
#include "crypto/backend_memory.h"
#include "crypto/backend_mldsa.h"
#include "crypto/backend_mlkem.h"
#include "crypto/backend_modes.h"
#include "crypto/backend_rsa.h"
#include "crypto/backend_rsa_pad.h"
#include "crypto/backend_sign.h"
#include "crypto/backend_table.h"
#include "crypto/backend_threads.h"
#include "crypto/backend_wrap.h"
