/*
 * Certificates that OpenSSL 3.0 made: an authority (P-256, valid until 2059, serial number
 * 0xff01, two common names) and what it issued (Ed25519, a name outside ASCII); as PEM, both
 * in PKCS#7, and the second with OpenSSL's own word on what it is trusted for.
 */
#pragma once

#include "unit/test.h"

#include "crypto/openssl/certfile.h"

#define ROOT_PEM                                                             \
	"-----BEGIN CERTIFICATE-----\n"                                      \
	"MIIByTCCAW6gAwIBAgIDAP8BMAoGCCqGSM49BAMCMEExCzAJBgNVBAYTAkRFMRUw\n" \
	"EwYDVQQKDAxFeGFtcGxlLCBMdGQxDDAKBgNVBAMMA09sZDENMAsGA1UEAwwEUm9v\n" \
	"dDAgFw0yNjExMjYwNTIzMDBaGA8yMDU5MTAwNDA1MjMwMFowQTELMAkGA1UEBhMC\n" \
	"REUxFTATBgNVBAoMDEV4YW1wbGUsIEx0ZDEMMAoGA1UEAwwDT2xkMQ0wCwYDVQQD\n" \
	"DARSb290MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE1VNlYnxiDSF5ICuSSlMx\n" \
	"N5SQOoL9vGg645ytVQBR1D243UzQjTNrbLLJy2JVEGE3venKp+rN4+1oSPExrlEt\n" \
	"s6NTMFEwHQYDVR0OBBYEFORhKzA3zUvULMZJ1HuFNOQXOQrcMB8GA1UdIwQYMBaA\n" \
	"FORhKzA3zUvULMZJ1HuFNOQXOQrcMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0E\n" \
	"AwIDSQAwRgIhAM3SsoW32s47NPhB7UteB3KmGa9XIsxZ8neTiMAZEhW5AiEA+jb+\n" \
	"jwrxvP75n1TvOWnusXbF/ZNr3vWfNUyRp6fQJ7E=\n"                         \
	"-----END CERTIFICATE-----\n"

#define LEAF_PEM                                                             \
	"-----BEGIN CERTIFICATE-----\n"                                      \
	"MIIBbTCCAROgAwIBAgIBBzAKBggqhkjOPQQDAjBBMQswCQYDVQQGEwJERTEVMBMG\n" \
	"A1UECgwMRXhhbXBsZSwgTHRkMQwwCgYDVQQDDANPbGQxDTALBgNVBAMMBFJvb3Qw\n" \
	"HhcNMjYxMTI2MDUyMzAwWhcNMjcxMjMxMDUyMzAwWjARMQ8wDQYDVQQDDAbDnGJ1\n" \
	"bmcwKjAFBgMrZXADIQDyNmrWMvEKUG0kNjFgLBP8SmqekY1kk6Rflj4XNbnapaNb\n" \
	"MFkwFwYDVR0RBBAwDoIMbGVhZi5leGFtcGxlMB0GA1UdDgQWBBSA+97HFTieo54Z\n" \
	"QYS730Q8V4N8AjAfBgNVHSMEGDAWgBTkYSswN81L1CzGSdR7hTTkFzkK3DAKBggq\n" \
	"hkjOPQQDAgNIADBFAiBZiCe8Qnd8zh6PL0IqxhO0aEX7tHFAG7qKSfy/gaA0mQIh\n" \
	"AK96FsV295b9nDB2CRSB32nWUWXGd1zU+fjgDkO1yWB/\n"                     \
	"-----END CERTIFICATE-----\n"

#define BOTH_PKCS7                                                           \
	"-----BEGIN PKCS7-----\n"                                            \
	"MIIDaQYJKoZIhvcNAQcCoIIDWjCCA1YCAQExADALBgkqhkiG9w0BBwGgggM+MIIB\n" \
	"yTCCAW6gAwIBAgIDAP8BMAoGCCqGSM49BAMCMEExCzAJBgNVBAYTAkRFMRUwEwYD\n" \
	"VQQKDAxFeGFtcGxlLCBMdGQxDDAKBgNVBAMMA09sZDENMAsGA1UEAwwEUm9vdDAg\n" \
	"Fw0yNjExMjYwNTIzMDBaGA8yMDU5MTAwNDA1MjMwMFowQTELMAkGA1UEBhMCREUx\n" \
	"FTATBgNVBAoMDEV4YW1wbGUsIEx0ZDEMMAoGA1UEAwwDT2xkMQ0wCwYDVQQDDARS\n" \
	"b290MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE1VNlYnxiDSF5ICuSSlMxN5SQ\n" \
	"OoL9vGg645ytVQBR1D243UzQjTNrbLLJy2JVEGE3venKp+rN4+1oSPExrlEts6NT\n" \
	"MFEwHQYDVR0OBBYEFORhKzA3zUvULMZJ1HuFNOQXOQrcMB8GA1UdIwQYMBaAFORh\n" \
	"KzA3zUvULMZJ1HuFNOQXOQrcMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwID\n" \
	"SQAwRgIhAM3SsoW32s47NPhB7UteB3KmGa9XIsxZ8neTiMAZEhW5AiEA+jb+jwrx\n" \
	"vP75n1TvOWnusXbF/ZNr3vWfNUyRp6fQJ7EwggFtMIIBE6ADAgECAgEHMAoGCCqG\n" \
	"SM49BAMCMEExCzAJBgNVBAYTAkRFMRUwEwYDVQQKDAxFeGFtcGxlLCBMdGQxDDAK\n" \
	"BgNVBAMMA09sZDENMAsGA1UEAwwEUm9vdDAeFw0yNjExMjYwNTIzMDBaFw0yNzEy\n" \
	"MzEwNTIzMDBaMBExDzANBgNVBAMMBsOcYnVuZzAqMAUGAytlcAMhAPI2atYy8QpQ\n" \
	"bSQ2MWAsE/xKap6RjWSTpF+WPhc1udqlo1swWTAXBgNVHREEEDAOggxsZWFmLmV4\n" \
	"YW1wbGUwHQYDVR0OBBYEFID73scVOJ6jnhlBhLvfRDxXg3wCMB8GA1UdIwQYMBaA\n" \
	"FORhKzA3zUvULMZJ1HuFNOQXOQrcMAoGCCqGSM49BAMCA0gAMEUCIFmIJ7xCd3zO\n" \
	"Ho8vQirGE7RoRfu0cUAbuopJ/L+BoDSZAiEAr3oWxXb3lv2cMHYJFIHfadZRZcZ3\n" \
	"XNT5+OAOQ7XJYH8xAA==\n"                                             \
	"-----END PKCS7-----\n"

#define LEAF_TRUSTED                                                         \
	"-----BEGIN TRUSTED CERTIFICATE-----\n"                              \
	"MIIBbTCCAROgAwIBAgIBBzAKBggqhkjOPQQDAjBBMQswCQYDVQQGEwJERTEVMBMG\n" \
	"A1UECgwMRXhhbXBsZSwgTHRkMQwwCgYDVQQDDANPbGQxDTALBgNVBAMMBFJvb3Qw\n" \
	"HhcNMjYxMTI2MDUyMzAwWhcNMjcxMjMxMDUyMzAwWjARMQ8wDQYDVQQDDAbDnGJ1\n" \
	"bmcwKjAFBgMrZXADIQDyNmrWMvEKUG0kNjFgLBP8SmqekY1kk6Rflj4XNbnapaNb\n" \
	"MFkwFwYDVR0RBBAwDoIMbGVhZi5leGFtcGxlMB0GA1UdDgQWBBSA+97HFTieo54Z\n" \
	"QYS730Q8V4N8AjAfBgNVHSMEGDAWgBTkYSswN81L1CzGSdR7hTTkFzkK3DAKBggq\n" \
	"hkjOPQQDAgNIADBFAiBZiCe8Qnd8zh6PL0IqxhO0aEX7tHFAG7qKSfy/gaA0mQIh\n" \
	"AK96FsV295b9nDB2CRSB32nWUWXGd1zU+fjgDkO1yWB/MAwwCgYIKwYBBQUHAwE=\n" \
	"-----END TRUSTED CERTIFICATE-----\n"

struct certificates_wanted {
	struct ash_buf *der;
	size_t index, seen;
};

static struct ash_status certificates_take(void *context, struct ash_span der)
{
	struct certificates_wanted *wanted = context;

	return wanted->seen++ == wanted->index ? ash_buf_add(wanted->der, der) : ASH_DONE;
}

/* Appends the DER of one certificate of a file, and says how many there are. */
ASH_UNUSED static size_t certificate_of(const char *file, size_t index, struct ash_buf *der)
{
	struct certificates_wanted wanted = { der, index, 0 };

	EXPECT_OK(ash_certfile_each(ash_span_text(file), certificates_take, &wanted));
	return wanted.seen;
}
