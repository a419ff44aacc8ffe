/*
 * Every configuration key, once:
 * ASH_CONFIG(id, name, kind, default, lowest, highest, what it means).
 * No include guard: it is read several times.
 */
ASH_CONFIG(STORE_BACKEND, "store.backend", CHOICE, "sqlite|memory", 0, 0,
	   "Where objects are kept: in a file, or in memory until C_Finalize or the process's end")
ASH_CONFIG(STORE_PATH, "store.path", PATH, "", 0, 0, "The folder of the store; empty: the user's own")
ASH_CONFIG(STORE_GROUP, "store.group", TEXT, "", 0, 0,
	   "A group that may use the store too; empty: the owner alone")
ASH_CONFIG(STORE_READONLY, "store.readonly", SWITCH, "no", 0, 0, "Open the store for reading only")
ASH_CONFIG(ROOT_KEY, "root-key", PATH, "", 0, 0, "The file of the root key; empty: beside the store")
ASH_CONFIG(PIN_MIN, "pin.min", NUMBER, "4", 4, 255, "The fewest bytes of a new PIN")
ASH_CONFIG(PIN_TRIES_USER, "pin.tries.user", NUMBER, "10", 3, 100, "Wrong user PINs in a row before it locks")
ASH_CONFIG(PIN_TRIES_SO, "pin.tries.so", NUMBER, "10", 3, 100, "Wrong SO PINs in a row before it locks")
ASH_CONFIG(PIN_HASH_MEMORY, "pin.hash.memory", NUMBER, "19456", 19456, 1048576,
	   "Memory of the PIN hash (Argon2id) in KiB, for PINs set from now on")
ASH_CONFIG(PIN_HASH_PASSES, "pin.hash.passes", NUMBER, "2", 2, 100,
	   "Passes of the PIN hash (Argon2id), for PINs set from now on")
ASH_CONFIG(MEMORY_LOCK, "memory.lock", CHOICE, "try|required", 0, 0,
	   "Lock secrets into RAM as far as the system allows, or refuse to work without")
ASH_CONFIG(LIMIT_MULTIPART, "limits.multipart", NUMBER, "67108864", 1048576, 1073741824,
	   "The most bytes kept for an operation that can't stream")
ASH_CONFIG(ENGINES, "crypto.engines", TEXT, "awslc openssl", 0, 0,
	   "The crypto back ends to use, best first; each does what it can")
ASH_CONFIG(LOG, "log", TEXT, "none", 0, 0, "Where to log: none, syslog or a file")
ASH_CONFIG(LOG_LEVEL, "log.level", CHOICE, "warning|error|info|debug", 0, 0, "How much to log")
