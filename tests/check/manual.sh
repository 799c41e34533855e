#!/bin/sh
# manual, --help and parser name the same options
# timeout: 120
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/files.sh"

# The parser and --help share one table (common/opt.h); what --help says is
# compared with the manual, and hidden options must stay out of both.

# Options that a manual page describes: ".It Fl c Ar FILE , Fl -config Ar FILE".
manual_options() {
	sed -n 's/^\.It //p' "$1" | grep -oE 'Fl -?[a-zA-Z][a-z-]*' |
		sed 's/^Fl /-/' | sort -u
}

# Options that the --help of a program and of its commands lists.
help_options() {
	help_program=$1
	shift
	{
		"$help_program" --help
		for command in "$@"; do
			# shellcheck disable=SC2086 # "domain list" is two words
			"$help_program" $command --help
		done
	} 2>&1 </dev/null | sed -n 's/^ *\(-.*\)/\1/p' |
		sed 's/   .*//' | grep -oE '(^|[ ,])--?[a-zA-Z][a-z-]*' |
		tr -d ' ,' | sort -u
}

# same PROGRAM PAGE COMMAND...
same() {
	program=$1 page=man/$2
	shift 2
	if [ ! -f "$page" ]; then
		not_ok "$program has a manual" "$page does not exist"
		return
	fi
	if [ ! -x "$B/$program" ]; then
		not_ok "$program: manual and --help agree" "not built"
		return
	fi
	help_options "$B/$program" "$@" >"$T/help"
	manual_options "$page" >"$T/manual"
	[ -s "$T/help" ] || echo "--help lists nothing" >>"$T/help"
	comm -23 "$T/help" "$T/manual" |
		none "$program: the manual has every option of --help" "lacks"
	comm -13 "$T/help" "$T/manual" |
		none "$program: --help has every option of the manual" "lacks"
}

# The commands of onerngctl, by its --help.
ctl_commands() {
	"$B/onerngctl" --help 2>&1 </dev/null | sed '1,/^commands:/d' |
		sed -E 's/^  ([a-z]+( [a-z-]+)?) .*/\1/'
}

# "COMMAND --option" for each option in its synopsis.
ctl_synopsis() {
	sed -n '/^\.Sh SYNOPSIS/,/^\.Sh DESCRIPTION/p' man/onerngctl.8 | awk '
		function tell(i) {
			for (i = 1; command && i <= options; i++)
				print command " --" option[i]
			command = ""
			options = 0
		}
		/^\.(Nm|Sh)/ { tell() }
		/^\.Cm / { sub(/^\.Cm /, ""); command = $0 }
		match($0, /Fl -[a-z-]+/) {
			option[++options] = substr($0, RSTART + 4, RLENGTH - 4)
		}' | sort
}

ctl_commands >"$T/commands"
set --
while IFS= read -r command; do
	set -- "$@" "$command"
done <"$T/commands"

same onerng-hostd onerng-hostd.8
same onerng-guestd onerng-guestd.8
same onerngctl onerngctl.8 "$@"
same onerng-sim onerng-sim.1 run usbredir ctl

ctl_synopsis >"$T/synopsis"
for command; do
	# shellcheck disable=SC2086 # "domain list" is two words
	"$B/onerngctl" $command --help </dev/null |
		sed -nE 's/^ +(-[a-z], )?--([a-z][a-z-]*).*/\2/p' | grep -vx help |
		sed "s/^/$command --/"
done | sort >"$T/helps"
comm -23 "$T/helps" "$T/synopsis" |
	none "each command's synopsis has its options" "lacks"
comm -13 "$T/helps" "$T/synopsis" |
	none "each command has the options of its synopsis" "lacks"

# Every option but those without a help text is refused or taken by name: the
# tables in the source name nothing that --help does not.
for folder in host-agent guest-agent ctl tests/sim; do
	tree_files '*.c' | grep "^$folder/" | xargs -r -d '\n' \
		grep -hoE '^[[:blank:]]*\{ "[a-z][a-z-]+", ('"'.'"'|0), ' |
		sed 's/.*"\(.*\)".*/--\1/' | sort -u >"$T/table"
	case $folder in
	host-agent) help_options "$B/onerng-hostd" ;;
	guest-agent) help_options "$B/onerng-guestd" ;;
	ctl) help_options "$B/onerngctl" "$@" ;;
	*) help_options "$B/onerng-sim" run usbredir ctl ;;
	esac >"$T/help"
	comm -23 "$T/table" "$T/help" | grep -vxE -- '--(role|port|sandbox)' |
		none "$folder: no option is hidden but those of a role" "hidden"
done

# Keys of the configuration: parser, manual and shipped file.
conf=packaging/hostd.conf
page=man/onerng-hostd.conf.5
if [ -f $conf ] && [ -f $page ]; then
	keys() {
		sed -n 's/^#*\([a-z_]\{1,\}\) *=.*/\1/p' $conf | sort -u
	}
	sed -n 's/^\.It Cm \([a-z_]*\).*/\1/p' $page | sort -u >"$T/manual"
	keys | comm -23 - "$T/manual" |
		none "the manual has every key of $conf" "lacks"
	keys | comm -13 - "$T/manual" |
		none "$conf has every key of the manual" "lacks"
	sed 's/^#\([a-z_]\{1,\} *=\)/\1/; s/^#\(\[[a-z]*.*\]\)$/\1/' $conf \
		>"$T/hostd.conf"
	check "every key of $conf is known to onerng-hostd" \
		"$B/onerng-hostd" -t -c "$T/hostd.conf"
	check "$conf as shipped is valid" "$B/onerng-hostd" -t -c $conf
else
	not_ok "the configuration is shipped and described" \
		"$conf or $page does not exist"
fi
