/*
 * The AWS-LC back end: a small second engine for what it does best, SHA-256, P-256,
 * Ed25519 and AES-GCM with 128 and 256 bits. Only `app` knows it by name.
 *
 * AWS-LC's allocator becomes ours with the first open, which therefore has to come
 * before any other use of this copy of AWS-LC in the process.
 */
#pragma once

#include "crypto/backend.h"

extern const struct ash_backend_ops ash_backend_awslc;
