/* VECTOR_ENGINES is ENGINE(openssl) and so on, from tests/vectors/meson.build. */
#include "vectors/engines.h"

#define ENGINE(name) extern const struct ash_backend_ops ash_backend_##name;
VECTOR_ENGINES
#undef ENGINE

#define ENGINE(name) &ash_backend_##name,
const struct ash_backend_ops *const vector_engines[] = { VECTOR_ENGINES NULL };
