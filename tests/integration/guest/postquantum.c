/*
 * The module's post-quantum algorithms in a host that uses the system's libcrypto, which
 * has none of them, before, between and after: neither is in the other's way.
 *
 * This is built twice, with the system's libcrypto linked (HOST_HAS_LIBCRYPTO) and
 * without. Where there is one, the same program is run with a control (second
 * argument): the module with its crypto library's functions in sight, as a build
 * without care would make it. Beside the host's libcrypto it has to fail, and in the
 * host without one it works: so what makes the difference is that the module hides them.
 */
#include "guest.h"

#ifdef HOST_HAS_LIBCRYPTO
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/evp.h>

static bool host_has_libcrypto(void)
{
	guest_note("%s", OpenSSL_version(OPENSSL_VERSION));
	/* Seen by whoever comes later and looks for its name: a leaking module, say. */
	return dlsym(RTLD_DEFAULT, "EVP_DigestSign") != NULL;
}

/* The host's own work: a key pair, a signature. */
static bool host_works(void)
{
	static const unsigned char message[] = "the host's own";
	unsigned char signature[128];
	size_t len = sizeof(signature);
	EVP_PKEY *key = EVP_EC_gen("P-256");
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool good = key != NULL && context != NULL &&
		    EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
		    EVP_DigestSign(context, signature, &len, message, sizeof(message)) == 1;

	EVP_MD_CTX_free(context);
	context = EVP_MD_CTX_new();
	good = good && context != NULL && EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
	       EVP_DigestVerify(context, signature, len, message, sizeof(message)) == 1;
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(key);
	return good;
}

/* It really is another one: this it does not know. */
static bool host_lacks_post_quantum(void)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "ML-DSA-65", NULL);
	bool lacks = context == NULL;

	EVP_PKEY_CTX_free(context);
	return lacks;
}
#else
static bool host_has_libcrypto(void)
{
	return dlsym(RTLD_DEFAULT, "EVP_DigestSign") == NULL; /* as it has to be */
}

static bool host_works(void)
{
	return true;
}

static bool host_lacks_post_quantum(void)
{
	return true;
}
#endif

static CK_SESSION_HANDLE session;

static CK_RV make_pair(CK_MECHANISM_TYPE type, CK_ULONG set, CK_OBJECT_HANDLE *public_key,
		       CK_OBJECT_HANDLE *private_key)
{
	CK_MECHANISM mechanism = { type, NULL, 0 };
	CK_ATTRIBUTE public[] = { { CKA_PARAMETER_SET, &set, sizeof(set) } };

	return guest.p11->C_GenerateKeyPair(session, &mechanism, public, 1, NULL, 0, public_key, private_key);
}

static CK_RV sign(void)
{
	static CK_BYTE message[] = "a message";
	static CK_BYTE signature[5000];
	CK_MECHANISM mechanism = { CKM_ML_DSA, NULL, 0 };
	CK_OBJECT_HANDLE public_key = 0;
	CK_OBJECT_HANDLE private_key = 0;
	CK_ULONG len = sizeof(signature);
	CK_RV rv = make_pair(CKM_ML_DSA_KEY_PAIR_GEN, CKP_ML_DSA_65, &public_key, &private_key);

	if (rv == CKR_OK)
		rv = guest.p11->C_SignInit(session, &mechanism, private_key);
	if (rv == CKR_OK)
		rv = guest.p11->C_Sign(session, message, sizeof(message), signature, &len);
	if (rv == CKR_OK)
		rv = guest.p11->C_VerifyInit(session, &mechanism, public_key);
	if (rv == CKR_OK)
		rv = guest.p11->C_Verify(session, message, sizeof(message), signature, len);
	return rv;
}

static CK_RV read_value(CK_OBJECT_HANDLE key, CK_BYTE *value)
{
	CK_ATTRIBUTE attribute = { CKA_VALUE, value, 32 };

	return guest.p11->C_GetAttributeValue(session, key, &attribute, 1);
}

static CK_RV agree(void)
{
	static CK_BYTE ciphertext[2000];
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_KEY_TYPE type = CKK_GENERIC_SECRET;
	CK_BBOOL yes = CK_TRUE;
	CK_BBOOL no = CK_FALSE;
	CK_ATTRIBUTE secret[] = { { CKA_CLASS, &class, sizeof(class) },
				  { CKA_KEY_TYPE, &type, sizeof(type) },
				  { CKA_SENSITIVE, &no, 1 },
				  { CKA_EXTRACTABLE, &yes, 1 } };
	CK_MECHANISM mechanism = { CKM_ML_KEM, NULL, 0 };
	CK_OBJECT_HANDLE public_key = 0;
	CK_OBJECT_HANDLE private_key = 0;
	CK_OBJECT_HANDLE theirs = 0;
	CK_OBJECT_HANDLE ours = 0;
	CK_BYTE first[32] = { 0 };
	CK_BYTE second[32] = { 1 };
	CK_ULONG len = sizeof(ciphertext);
	CK_RV rv = make_pair(CKM_ML_KEM_KEY_PAIR_GEN, CKP_ML_KEM_768, &public_key, &private_key);

	if (rv == CKR_OK)
		rv = guest.p11->C_EncapsulateKey(session, &mechanism, public_key, secret, COUNT(secret),
						 ciphertext, &len, &theirs);
	if (rv == CKR_OK)
		rv = guest.p11->C_DecapsulateKey(session, &mechanism, private_key, secret, COUNT(secret),
						 ciphertext, len, &ours);
	if (rv == CKR_OK)
		rv = read_value(theirs, first);
	if (rv == CKR_OK)
		rv = read_value(ours, second);
	return rv == CKR_OK && memcmp(first, second, sizeof(first)) != 0 ? CKR_GENERAL_ERROR : rv;
}

static bool module_begins(void)
{
	return guest_load() && guest.p11->C_Initialize(NULL) == CKR_OK;
}

static bool module_works(void)
{
	return guest_make_token() == CKR_OK && guest_open(&session) == CKR_OK && sign() == CKR_OK &&
	       agree() == CKR_OK;
}

/*
 * The control in a child. Beside a libcrypto of the host it may fail in any way, also
 * by a signal, once it is loaded; it must not work.
 */
static void check_control(const char *control, const char *name)
{
	enum {
		WORKS = 10,
		FAILS,
		DOES_NOT_LOAD
	};
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		guest.module = control;
		if (!guest_load())
			_exit(DOES_NOT_LOAD);
		_exit(guest.p11->C_Initialize(NULL) == CKR_OK && module_works() ? WORKS : FAILS);
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		guest_bail("fork");
	if (WIFSIGNALED(status))
		guest_note("the control: signal %d", WTERMSIG(status));
	else
		guest_note("the control: %s", WEXITSTATUS(status) == WORKS   ? "works"
					      : WEXITSTATUS(status) == FAILS ? "fails"
									     : "does not load");
#ifdef HOST_HAS_LIBCRYPTO
	guest_check(name, WIFSIGNALED(status) || WEXITSTATUS(status) == FAILS);
#else
	guest_check(name, WIFEXITED(status) && WEXITSTATUS(status) == WORKS);
#endif
}

int main(int argc, char **argv)
{
	const char *control = argc == 3 ? argv[2] : NULL;

	guest_begin(argc == 3 ? 2 : argc, argv);
	guest_check("the host has the libcrypto that it should have", host_has_libcrypto());
	guest_check("the host's libcrypto has no post-quantum algorithms", host_lacks_post_quantum());
	guest_check("the host works before", host_works());
	/* Before the module: what it keeps for good is not to be the control's. */
	if (control != NULL)
#ifdef HOST_HAS_LIBCRYPTO
		check_control(control, "a module that leaks its crypto library fails in this host");
#else
		check_control(control, "a module that leaks its crypto library works in this host");
#endif
	else
		(void)fprintf(guest.tap, "ok %u - # SKIP no control on this machine\n", ++guest.count);
	guest_check("the module begins", module_begins());
	guest_check("the host works between", host_works());
	guest_check_rv("a token", CKR_OK, guest_make_token());
	guest_check_rv("a session", CKR_OK, guest_open(&session));
	for (unsigned i = 0; i < 3; i++) {
		guest_check_rv("ML-DSA signs and verifies", CKR_OK, sign());
		guest_check("the host goes on", host_works());
		guest_check_rv("ML-KEM agrees", CKR_OK, agree());
		guest_check("the host goes on", host_works());
	}
	guest_check_rv("ECDSA too", CKR_OK, guest_sign(session, CK_TRUE));
	guest_check_rv("C_Finalize", CKR_OK, guest.p11->C_Finalize(NULL));
	guest_check("the host works after", host_works());
	guest_check("the host's libcrypto is as before", host_lacks_post_quantum());
	return guest_end();
}
