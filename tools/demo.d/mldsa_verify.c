/*
 * Verifies an ML-DSA-65 signature with nothing but OpenSSL 3.5: never loads the
 * module, shares no code with Ashlar.
 *
 * usage: mldsa-verify PUBLIC-KEY SIGNATURE FILE
 */
#include <stdio.h>
#include <stdlib.h>

#include <openssl/evp.h>

struct bytes {
	unsigned char *data;
	size_t len;
};

static struct bytes read_file(const char *path)
{
	struct bytes bytes = { NULL, 0 };
	FILE *file = fopen(path, "rb");
	long size = 0;

	if (file == NULL || fseek(file, 0, SEEK_END) != 0 || (size = ftell(file)) < 0 ||
	    fseek(file, 0, SEEK_SET) != 0) {
		perror(path);
		exit(2);
	}
	bytes.len = (size_t)size;
	bytes.data = malloc(bytes.len + 1);
	if (bytes.data == NULL || fread(bytes.data, 1, bytes.len, file) != bytes.len) {
		perror(path);
		exit(2);
	}
	fclose(file);
	return bytes;
}

int main(int argc, char **argv)
{
	if (argc != 4) {
		fprintf(stderr, "usage: mldsa-verify PUBLIC-KEY SIGNATURE FILE\n");
		return 2;
	}

	struct bytes public_key = read_file(argv[1]), signature = read_file(argv[2]),
		     message = read_file(argv[3]);
	EVP_PKEY *key =
		EVP_PKEY_new_raw_public_key_ex(NULL, "ML-DSA-65", NULL, public_key.data, public_key.len);
	EVP_PKEY_CTX *context = key != NULL ? EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL) : NULL;
	EVP_SIGNATURE *algorithm = EVP_SIGNATURE_fetch(NULL, "ML-DSA-65", NULL);
	int good = 0;

	if (context != NULL && algorithm != NULL &&
	    EVP_PKEY_verify_message_init(context, algorithm, NULL) == 1)
		good = EVP_PKEY_verify(context, signature.data, signature.len, message.data, message.len) ==
		       1;
	puts(good ? "Verified OK" : "Verification failure");
	EVP_SIGNATURE_free(algorithm);
	EVP_PKEY_CTX_free(context);
	EVP_PKEY_free(key);
	free(public_key.data);
	free(signature.data);
	free(message.data);
	return good ? 0 : 1;
}
