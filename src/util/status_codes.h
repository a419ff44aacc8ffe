/*
 * Every status code, once: ASH_CODE(name, text). The enum, the names and the
 * texts are all made from this list; a front-end must answer each of them.
 * No include guard: it is read several times.
 */
ASH_CODE(OK, "done")

/* The caller and the machine */
ASH_CODE(E_ARGUMENT, "an argument is missing or makes no sense")
ASH_CODE(E_MEMORY, "out of memory")
ASH_CODE(E_BUG, "an internal check failed: this is a defect in Ashlar")
ASH_CODE(E_FAILED, "the function could not be done")
ASH_CODE(E_UNSUPPORTED, "this is not supported")
ASH_CODE(E_BUFFER_TOO_SMALL, "the output buffer is too small")
ASH_CODE(E_LIMIT, "a limit of this token is reached")
ASH_CODE(E_CONFIG, "the configuration is wrong")
ASH_CODE(E_NOT_INITIALIZED, "the library is not initialised")
ASH_CODE(E_ALREADY_INITIALIZED, "the library is initialised already")
ASH_CODE(E_CANT_LOCK, "the requested kind of locking is not offered")
ASH_CODE(E_NO_EVENT, "nothing happened")

/* Storage and parsing */
ASH_CODE(E_NOT_FOUND, "there is no such record")
ASH_CODE(E_EXISTS, "the record exists already")
ASH_CODE(E_CONFLICT, "the record was changed by somebody else meanwhile")
ASH_CODE(E_FORMAT, "the data does not have the expected form")
ASH_CODE(E_CORRUPT, "the stored data is damaged or was changed by a stranger")
ASH_CODE(E_IO, "the storage answered with an error")
ASH_CODE(E_FULL, "there is no space left on the storage")
ASH_CODE(E_ACCESS, "the storage may not be used by this user, or its modes are too wide")
ASH_CODE(E_VERSION, "the stored data is of a newer format")

/* Slots and tokens */
ASH_CODE(E_SLOT_ID, "there is no such slot")
ASH_CODE(E_TOKEN_NOT_PRESENT, "no token is present in the slot")
ASH_CODE(E_TOKEN_NOT_RECOGNIZED, "the token is not recognised: not initialised, or its root key is missing")
ASH_CODE(E_TOKEN_WRITE_PROTECTED, "the token is write-protected")
ASH_CODE(E_DEVICE_REMOVED, "the token was removed or initialised anew")

/* Sessions */
ASH_CODE(E_SESSION_HANDLE, "there is no such session")
ASH_CODE(E_SESSION_COUNT, "there are too many sessions")
ASH_CODE(E_SESSION_EXISTS, "a session is open")
ASH_CODE(E_SESSION_READ_ONLY, "the session is read-only")
ASH_CODE(E_SESSION_READ_ONLY_EXISTS, "a read-only session is open")
ASH_CODE(E_SESSION_SO_EXISTS, "the security officer is logged in: no read-only session can be opened")
ASH_CODE(E_SESSION_PARALLEL, "parallel sessions are not supported")

/* PINs and users */
ASH_CODE(E_PIN_INCORRECT, "the PIN is wrong")
ASH_CODE(E_PIN_INVALID, "the PIN has forbidden characters")
ASH_CODE(E_PIN_LEN, "the PIN is too short or too long")
ASH_CODE(E_PIN_LOCKED, "the PIN is locked after too many wrong tries")
ASH_CODE(E_PIN_NOT_INITIALIZED, "the user PIN is not set")
ASH_CODE(E_LOGGED_IN, "the user is logged in already")
ASH_CODE(E_LOGGED_IN_ANOTHER, "another user is logged in")
ASH_CODE(E_NOT_LOGGED_IN, "the user is not logged in")
ASH_CODE(E_USER_TYPE, "there is no such type of user")

/* Objects and attributes */
ASH_CODE(E_OBJECT_HANDLE, "there is no such object")
ASH_CODE(E_ATTRIBUTE_TYPE, "the object has no such attribute")
ASH_CODE(E_ATTRIBUTE_VALUE, "an attribute's value is not valid")
ASH_CODE(E_ATTRIBUTE_READ_ONLY, "an attribute can't be set or changed here")
ASH_CODE(E_ATTRIBUTE_SENSITIVE, "an attribute is sensitive and can't be read")
ASH_CODE(E_TEMPLATE_INCOMPLETE, "the template lacks an attribute")
ASH_CODE(E_TEMPLATE_INCONSISTENT, "the template contradicts itself or the function")
ASH_CODE(E_ACTION_PROHIBITED, "the object forbids this action")
ASH_CODE(E_CURVE, "the curve is not supported")

/* Keys, mechanisms and operations */
ASH_CODE(E_KEY_HANDLE, "there is no such key")
ASH_CODE(E_KEY_TYPE, "the key's type does not fit the mechanism")
ASH_CODE(E_KEY_SIZE, "the key's size is out of the mechanism's range")
ASH_CODE(E_KEY_USAGE, "the key may not be used for this")
ASH_CODE(E_KEY_INVALID, "the key is not a valid key")
ASH_CODE(E_MECHANISM, "the mechanism is not known, or not for this function")
ASH_CODE(E_MECHANISM_PARAM, "the mechanism's parameter is not valid")
ASH_CODE(E_OPERATION_ACTIVE, "an operation is active already")
ASH_CODE(E_OPERATION_NONE, "no operation is active")
ASH_CODE(E_DATA, "the input data is not valid")
ASH_CODE(E_DATA_LEN, "the input data's length is out of range")
ASH_CODE(E_ENCRYPTED_DATA, "the encrypted data is not valid")
ASH_CODE(E_ENCRYPTED_DATA_LEN, "the encrypted data's length is out of range")
ASH_CODE(E_AUTHENTICATION, "the encrypted data's tag does not match")
ASH_CODE(E_SIGNATURE, "the signature is not valid")
ASH_CODE(E_SIGNATURE_LEN, "the signature's length is out of range")
ASH_CODE(E_RANDOM_SEED, "this generator takes no seed")
