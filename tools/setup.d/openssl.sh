# shellcheck shell=bash disable=SC2154 # $here, $variant and the functions are those of tools/setup
# OpenSSL: the system's libcrypto.a if it is new enough and can go into a shared object,
# else Debian's newest obtainable source, of a stable suite (the long-term series) if
# possible, with Debian's patches. Sourced by tools/setup.

openssl_at_least=3.5

setup_openssl() {
	local suites version suite

	if [ "$variant" = default ] && openssl_system_fits; then
		openssl_take_system
		return
	fi
	for suites in 'trixie trixie-updates trixie-security' 'sid'; do
		# shellcheck disable=SC2086 # a list of words
		debian_open deb-src $suites
		debian_sources openssl "$openssl_at_least" >versions
		while read -r version suite <&3; do
			[ -z "$(find_entry openssl "$version")" ] || return 0
			if openssl_fetch "$version" "$suite"; then
				openssl_add "$version" "$suite"
				return
			fi
		done 3<versions
	done
	die "could not get OpenSSL $openssl_at_least or newer: no source package that Debian lists could be fetched"
}

openssl_system_fits() {
	local probe folder

	pkg-config --atleast-version="$openssl_at_least" libcrypto 2>/dev/null || return 1
	folder=$(pkg-config --variable=libdir libcrypto)
	probe='#include <openssl/evp.h>
		EVP_MD *probe(void);
		EVP_MD *probe(void) { return EVP_MD_fetch(NULL, "SHA256", NULL); }'
	# shellcheck disable=SC2046 # lists of words
	cc -shared -fPIC -o probe.so $(pkg-config --cflags libcrypto) -x c - -x none <<<"$probe" "$folder/libcrypto.a" \
		-Wl,--exclude-libs,ALL,-z,text,-z,defs $(openssl_system_libs) 2>probe.log || {
		say "the system's OpenSSL can't be linked statically into a shared object"
		return 1
	}
}

openssl_system_libs() { pkg-config --static --libs libcrypto | sed 's/-lcrypto//'; }

openssl_take_system() {
	local version library folder key

	version=$(pkg-config --modversion libcrypto)
	library=$(pkg-config --variable=libdir libcrypto)/libcrypto.a
	key=$version-system-$(date -u -r "$library" +%Y%m%d%H%M%S)
	[ -z "$(find_entry openssl "$key")" ] || return 0

	say "using the system's OpenSSL $version"
	mkdir -p out/include/openssl out/lib
	folder=$(pkg-config --variable=includedir libcrypto)
	for folder in "$folder" "$folder/$(cc -print-multiarch)"; do
		[ ! -d "$folder/openssl" ] || cp "$folder"/openssl/*.h out/include/openssl/
	done
	cp "$library" out/lib/
	write_origin OpenSSL "$version" "this system's $library"
	printf 'libs = %s\n' "$(openssl_system_libs)" >>out/origin
	add_entry openssl "$key"
}

openssl_fetch() { # VERSION SUITE
	say "fetching the source of OpenSSL $1 ($2)"
	apt-get -q source "openssl=$1" </dev/null >fetch.log 2>&1 && return
	sed -n 's/^E: /  /p' fetch.log >&2
	say "OpenSSL $1 is listed but can't be had: trying the next"
	return 1
}

openssl_add() { # VERSION SUITE
	say "building OpenSSL $1 (about two minutes of CPU time)"
	logged openssl.log "$here/setup.d/build-openssl" "$variant" openssl-*/ "$PWD/out"
	write_origin OpenSSL "$1" "Debian $2 source package openssl $1" \
		openssl_*.dsc openssl_*.orig.tar.* openssl_*.debian.tar.*
	add_entry openssl "$1"
}
