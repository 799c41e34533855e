#!/bin/sh
# onerngctl container as root where a folder is another user's, who lays links,
# hard links and words for liblxc
# timeout: 60
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/hostd.sh"
. "$(dirname "$0")/../lib/said.sh"
need lxc-start setpriv
[ "$(id -u)" -eq 0 ] || skip_all "needs root"

chmod 755 "$T"
his=$T/his
mkdir -p "$his/web" "$T/run"
chown -R nobody "$his"

# container VERB WORD...
container() {
	verb=$1
	shift
	set -- "$verb" "$@" --includes "$T/inc"
	case $verb in
	attach | detach) set -- "$@" --drop-ins "$T/drop-ins" ;;
	esac
	hostd_ctl container "$@" >"$T/said" 2>&1
}

attach() {
	container attach web --path "${1:-$his}"
}

as_him() {
	setpriv --reuid nobody --clear-groups "$@"
}

printf 'lxc.uts.name = secret\n' >"$T/secret"
chmod 600 "$T/secret"
before=$(cksum <"$T/secret")

# untouched NAME
untouched() {
	equal "$1: what it leads to is as before" "$before 600 0" \
		"$(cksum <"$T/secret") $(stat -c '%a %u' "$T/secret")"
	equal "$1: nothing is made" "" "$(ls -d "$T/inc" "$T/drop-ins" 2>/dev/null)"
}

as_him ln -s "$T/secret" "$his/web/config"
refuse "a configuration that is a link of his" 1 attach
says "and why" "a link that somebody else may have put there"
untouched "a link"
rm "$his/web/config"

mkdir "$T/roots" "$T/roots/web"
cp -p "$T/secret" "$T/roots/web/config"
as_him mv "$his/web" "$his/aside"
as_him ln -s "$T/roots/web" "$his/web"
refuse "a container that is a link of his" 1 attach
refuse "a way up behind his folder" 1 attach "$his/../roots"
as_him ln -s "$T/roots" "$his/all"
refuse "a folder of containers that is a link of his" 1 attach "$his/all"
refuse "the same by a relative path" 1 attach "../${T##*/}/his/all"
(cd "$his" && attach all)
equal "the same from within it" "1" "$?"
equal "root's container is as before" "$before" "$(cksum <"$T/roots/web/config")"
untouched "links to folders"
rm "$his/web" "$his/all"
as_him mv "$his/aside" "$his/web"

ln "$T/secret" "$his/web/config"
refuse "a configuration that is a hard link to a file of root's" 1 attach
says "and why" "has another name elsewhere"
untouched "a hard link"
rm "$his/web/config"

# A link of root's to his folder is root's word.
cat >"$his/web/config" <<END
lxc.uts.name = web
lxc.log.level = DEBUG
lxc.log.file = $T/made
END
chown nobody "$his/web/config"
ln -s "$his" "$T/linked"
check "his own configuration, behind a link of root's" attach "$T/linked"
says "whether it runs is not asked of liblxc" "can be changed by somebody else"
equal "which so makes no file as root" "" "$(ls "$T/made" 2>/dev/null)"
equal "the configuration stays his" "nobody" "$(stat -c %U "$his/web/config")"
check "and has the line" grep -q "^lxc.include = $T/inc/web.d/" \
	"$his/web/config"
equal "nothing else is left in his folder" "config" "$(ls -A "$his/web")"
check "list" container list --path "$his"
check "show" container show web --path "$his"
container check web --path "$his"
check "refresh" container refresh web
says "which says why it does not look" "can be changed by somebody else"
equal "none of them makes a file as root" "" "$(ls "$T/made" 2>/dev/null)"

as_him mv "$his/web/config" "$his/web/mine"
as_him ln -s "$T/secret" "$his/web/config"
refuse "detach behind a link" 1 container detach web --path "$his"
refuse "refresh behind a link" 1 container refresh web
equal "what it leads to is as before" "$before" "$(cksum <"$T/secret")"
as_him mv "$his/web/mine" "$his/web/config"
check "detach" container detach web --path "$his"
equal "leaves nothing" "" "$(find "$T/inc" "$T/drop-ins" -type f)"

# Where includes are his, root's hooks would be.
as_him mkdir "$his/inc"
said_includes() {
	hostd_ctl container attach web --path "$his" --includes "$his/inc" \
		--no-register >"$T/said" 2>&1
}
refuse "a folder of includes that is his" 1 said_includes
says "and why" "LXC runs hooks that stand there"
as_him rm -r "$his/inc"
as_him ln -s "$T/roots" "$his/inc"
refuse "or a link of his" 1 said_includes
equal "in which nothing is made" "web" "$(ls "$T/roots")"

# A file that reading changes, included by him.
as_him sh -c "echo 'lxc.include = $T/private.conf' >>'$his/web/config'"
mkfifo "$T/private.conf"
check "a FIFO that he includes is not waited for" attach
check "detach again" container detach web --path "$his"
