# shellcheck shell=bash disable=SC2154 # $cache and the functions are those of tools/setup
# pkcs11-provider, which Debian 12 has in its backports only: unpacked into the cache, so that
# this machine's list of package sources stays as it is. Sourced by tools/setup.

provider_suites='bookworm-backports'

provider_folder() { printf '%s/client-pkcs11-provider' "$cache"; }

provider_here() { [ -e "$(provider_folder)/pkcs11.so" ] || dpkg-query -W pkcs11-provider >/dev/null 2>&1; }

setup_pkcs11_provider() { # in a folder of its own
	local package module

	debian_open deb $provider_suites
	apt-get -q download pkcs11-provider </dev/null >fetch.log 2>&1 || {
		sed -n 's/^E: /  /p' fetch.log >&2
		say 'could not get pkcs11-provider: its test will fail'
		return 0
	}
	package=$(compgen -G 'pkcs11-provider_*.deb')
	dpkg-deb -x "$package" tree
	module=$(find tree -name pkcs11.so)
	mkdir out
	cp "$module" out/
	dpkg-deb -f "$package" Version >out/version
	rm -rf "$(provider_folder)"
	mv -T out "$(provider_folder)"
	say "$(provider_folder) is ready"
}
