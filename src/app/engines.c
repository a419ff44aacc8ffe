#include "app/engines.h"

#include "crypto/awslc/awslc.h"
#include "crypto/openssl/openssl.h"

const struct ash_app_engines ash_app_engines = {
	.offered = { &ash_backend_awslc, &ash_backend_openssl },
	.count = 2,
	.optional = "",
};
