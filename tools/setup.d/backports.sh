# shellcheck shell=bash disable=SC2154 # $cache and the functions are those of tools/setup
# Clients that Debian 12 has in its backports only, or there alone in a version that knows
# tokens: unpacked into the cache, so that this machine's packages and their sources stay as
# they are. Sourced by tools/setup.

backports_suite=bookworm-backports

# A name, and the packages unpacked under it; the first one's version counts.
backports='
pkcs11-provider pkcs11-provider
bind9           bind9-utils bind9-libs
'

backport_folder() { printf '%s/client-%s' "$cache" "$1"; } # NAME

print_backports() {
	local name packages
	while read -r name packages; do
		[ -z "$name" ] || [ ! -e "$(backport_folder "$name")/version" ] ||
			printf '%s = %s\n' "$name" "$(backport_folder "$name")"
	done <<<"$backports"
}

missing_backports() {
	local name packages
	while read -r name packages; do
		[ -z "$name" ] || [ -e "$(backport_folder "$name")/version" ] || printf '%s ' "$name"
	done <<<"$backports"
}

unpack_backport() { # NAME PACKAGE..., in a folder of its own that has ./apt
	local name=$1 package
	shift
	rm -rf out ./*.deb
	apt-get -q download "$@" </dev/null >fetch.log 2>&1 || {
		sed -n 's/^E: /  /p' fetch.log >&2
		say "could not get $name from $backports_suite: its test will fail"
		return 0
	}
	mkdir out
	for package in ./*.deb; do
		dpkg-deb -x "$package" out
	done
	dpkg-deb -f "$(compgen -G "./$1_*.deb")" Version >out/version
	rm -rf "$(backport_folder "$name")"
	mv -T out "$(backport_folder "$name")"
	say "$(backport_folder "$name") is ready"
}

setup_backports() { # in a folder of its own
	local name packages
	debian_open deb "$backports_suite"
	while read -r name packages; do
		# shellcheck disable=SC2086 # a list of words
		[ -z "$name" ] || [ -e "$(backport_folder "$name")/version" ] || unpack_backport "$name" $packages
	done <<<"$backports"
}
