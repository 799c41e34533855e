# shellcheck shell=sh
# Sourced by the checks of the tree: which files it has.

# tree_files PATTERN...: by name, without what was built; sorted.
tree_files() {
	for tree_pattern in "$@"; do
		find . \( -path ./.git -o -path ./build \) -prune -o \
			-type f -name "$tree_pattern" -print
	done | sed 's|^\./||' | sort
}

# Every file that is text, for checks of form and words.
tree_texts() {
	tree_files '*' | grep -vE '^tests/(fuzz/corpus|data)/' |
		tr '\n' '\0' | xargs -0 grep -lI '' | sort
}

# Shell scripts, by suffix or by first line.
tree_scripts() {
	tree_texts | while IFS= read -r tree_file; do
		case $tree_file in
		*.sh) echo "$tree_file" ;;
		*)
			head -n 1 "$tree_file" | grep -qE '^#!.*/(ba)?sh' &&
				echo "$tree_file"
			;;
		esac
	done
}

# none NAME REASON <LINES: a check that passes if nothing comes in.
none() {
	if tree_found=$(cat) && [ -z "$tree_found" ]; then
		ok "$1"
	else
		echo "$tree_found"
		tree_count=$(echo "$tree_found" | wc -l)
		not_ok "$1" "$2 ($tree_count): $(echo "$tree_found" | head -n 1)"
	fi
}
