/* The samples as a folder of SoftHSM's tokens. */
#pragma once

#include <ftw.h>
#include <sys/stat.h>

#include "unit/app/foreign/softhsm_samples.h"
#include "unit/test.h"

#define SOFTHSM_PIN   "soft-pin"
#define SOFTHSM_TOKEN "a token"

static void softhsm_write(const char *folder, const char *name, struct ash_span bytes)
{
	char path[200];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "we");
	EXPECT(file != NULL && fwrite(bytes.data, 1, bytes.len, file) == bytes.len);
	EXPECT(fclose(file) == 0);
}

/* A new folder with one token in it; its name goes to `folder`. */
ASH_UNUSED static void softhsm_folder(char folder[64])
{
	char token[100];

	strcpy(folder, "/tmp/ashlar-test-XXXXXX");
	EXPECT(mkdtemp(folder) != NULL);
	snprintf(token, sizeof(token), "%s/b4df9c50", folder);
	EXPECT(mkdir(token, 0700) == 0);
	softhsm_write(token, "token.object", SPAN(softhsm_token));
	softhsm_write(token, "token.lock", ASH_SPAN_NONE);
	softhsm_write(token, "generation", TEXT("\0\0\0\0\0\0\0\3"));
	softhsm_write(token, "2c1bf13b.object", SPAN(softhsm_data));
	softhsm_write(token, "2c1bf13b.lock", ASH_SPAN_NONE);
	softhsm_write(token, "9ed90f82.object", SPAN(softhsm_aes));
}

static int softhsm_remove_one(const char *path, ASH_UNUSED const struct stat *info, ASH_UNUSED int kind,
			      ASH_UNUSED struct FTW *where)
{
	return remove(path);
}

ASH_UNUSED static void softhsm_remove(const char *folder)
{
	EXPECT(nftw(folder, softhsm_remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0);
}
