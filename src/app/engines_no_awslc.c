#include "app/engines.h"

#include "crypto/openssl/openssl.h"

const struct ash_app_engines ash_app_engines = {
	.offered = { &ash_backend_openssl },
	.count = 1,
	.optional = "awslc",
};
