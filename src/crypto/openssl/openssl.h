/*
 * The OpenSSL back end (3.5 or newer): all algorithms. Only `app` knows it by name.
 *
 * OpenSSL's allocator becomes ours with the first open, which therefore has to come
 * before any other use of this copy of OpenSSL in the process.
 */
#pragma once

#include "crypto/backend.h"

extern const struct ash_backend_ops ash_backend_openssl;
