# shellcheck shell=bash disable=SC2154 # $here, $variant and the functions are those of tools/setup
# Fetching from Debian suites other than this machine's, without touching its apt: own
# lists, state and cache. apt's signed chain checks what arrives. Sourced by tools/setup.

debian_mirror=${ASHLAR_DEBIAN_MIRROR:-http://deb.debian.org}
debian_keyring=/usr/share/keyrings/debian-archive-keyring.gpg

if [ "$(apt-config shell check Acquire::Check-Valid-Until/b 2>/dev/null)" = "check='false'" ]; then
	say "note: this machine's apt is told not to mind the age of an index"
fi

# debian_open TYPE SUITE...: a private apt in ./apt that knows these suites' packages (deb)
# or sources (deb-src). Sets APT_CONFIG, so that the apt commands that follow use it.
debian_open() {
	local top=$PWD/apt type=$1 suite archive
	shift
	command -v apt-get >/dev/null || die 'the crypto libraries come from Debian, and this machine has no apt-get'
	mkdir -p "$top/parts" "$top/lists/partial" "$top/archives/partial"
	: >"$top/status"

	{
		# How this machine reaches the network is its own affair: proxies, time-outs, checks of dates.
		env -u APT_CONFIG apt-config dump Acquire
		cat <<-EOF
			#clear Acquire::Languages;
			Acquire::Languages "none";
			Acquire::AllowInsecureRepositories "false";
			Acquire::AllowWeakRepositories "false";
			Acquire::AllowDowngradeToInsecureRepositories "false";
			APT::Get::AllowUnauthenticated "false";
			APT::Sandbox::User "root";
			APT::Architecture "$(dpkg --print-architecture)";
			Dir::Etc::parts "$top/parts";
			Dir::Etc::main "/dev/null";
			Dir::Etc::sourcelist "$top/sources.list";
			Dir::Etc::sourceparts "$top/parts";
			Dir::Etc::preferences "/dev/null";
			Dir::Etc::preferencesparts "$top/parts";
			Dir::State "$top";
			Dir::State::lists "$top/lists";
			Dir::State::status "$top/status";
			Dir::Cache "$top";
			Dir::Cache::archives "$top/archives";
		EOF
	} >"$top/apt.conf"

	for suite; do
		archive=debian
		[ "${suite%-security}" = "$suite" ] || archive=debian-security
		printf '%s [signed-by=%s] %s/%s %s main\n' "$type" "$debian_keyring" "$debian_mirror" "$archive" "$suite"
	done >"$top/sources.list"

	export APT_CONFIG=$top/apt.conf
	apt-get -q --error-on=any update </dev/null >"$top/update.log" 2>&1 || {
		sed -n 's/^[EW]: /  /p' "$top/update.log" >&2
		say "could not read all of Debian's indexes"
	}
}

# debian_sources PACKAGE AT_LEAST: prints "VERSION SUITE" of its sources, newest first.
debian_sources() {
	apt-cache madison "$1" | sed -n 's/^[^|]*| *\([^ ]*\) *| *[^ ]* \([^ /]*\)[^ ]* Sources$/\1 \2/p' |
		sort -Vru | while read -r version suite; do
		! dpkg --compare-versions "$version" ge "$2" || printf '%s %s\n' "$version" "$suite"
	done
}
