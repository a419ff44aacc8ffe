# shellcheck shell=bash disable=SC2154 # $here, $variant and the functions are those of tools/setup
# AWS-LC: its source is in the Debian package of its Rust crate, with the assembly and
# the prefix headers already generated; nothing of Rust is used. Sourced by tools/setup.

aws_lc_package=librust-aws-lc-sys-dev

setup_aws_lc() {
	local version file crate

	debian_open deb sid
	version=$(apt-cache madison "$aws_lc_package" | cut -d'|' -f2 | tr -d ' ' | sort -Vr | head -n 1)
	[ -n "$version" ] || aws_lc_die "Debian sid's index does not list $aws_lc_package"
	[ -z "$(find_entry aws-lc "$version")" ] || return 0

	say "fetching the source of AWS-LC ($aws_lc_package $version)"
	apt-get -q download "$aws_lc_package=$version" </dev/null >fetch.log 2>&1 ||
		aws_lc_die "$(sed -n 's/^E: //p' fetch.log)"
	file=$(compgen -G "${aws_lc_package}_*.deb")
	dpkg-deb -x "$file" package
	crate=$(compgen -G "$PWD/package/usr/share/cargo/registry/aws-lc-sys-*") ||
		aws_lc_die "its source is not where it used to be in $file"

	say "building AWS-LC (about a minute of CPU time)"
	logged aws-lc.log "$here/setup.d/build-aws-lc" "$variant" "$crate" "$PWD/out"
	write_origin AWS-LC \
		"$(sed -n 's/^#define AWSLC_VERSION_NUMBER_STRING "\(.*\)"$/\1/p' out/include/openssl/base.h)" \
		"Debian sid package $aws_lc_package $version" "$file"
	add_entry aws-lc "$version"
}

aws_lc_die() { die "could not get AWS-LC: $* (ASHLAR_AWS_LC=disabled builds without it)"; }
