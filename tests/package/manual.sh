#!/usr/bin/env bash
# manual.sh BUILD: the installed manual page renders without a warning, and has every command, and every option of each, that
# --help lists.
set -euo pipefail
build=$1
prefix=$(mktemp -d)
trap 'rm -rf "$prefix"' EXIT
cmake --install "$build" --prefix "$prefix" >/dev/null
sounder=$prefix/bin/sounder
page=$prefix/share/man/man1/sounder.1
status=0

# The words that help begins its lines with: options with their dashes, and arguments.
words() { sed -nE 's/^  (-[^ ]+|[A-Z]+\b).*/\1/p' | tr ',' '\n' | sort -u; }
# As text, without roff's escapes.
plain() { sed -E 's/\\f[A-Z]//g; s/\\-/-/g; s/\\&//g'; }
require() {
  if ! grep -qE -e "$2" <<<"$3"; then
    status=1
    echo "the manual's section on $1 lacks $2"
  fi
}

text=$(plain <"$page")
configuration=$(sed -n '/^\.SH CONFIGURATION/,/^\.SH EXIT/p' <<<"$text")
for option in $("$sounder" --help | words); do require "the program" "^(-., )?$option(,| |\$)" "$text"; done
commands=$("$sounder" --help | sed -n '/^Subcommands:/,$s/^  \([a-z]*\) .*/\1/p')
[ "$(wc -w <<<"$commands")" -ge 9 ]
for command in $commands; do
  require "$command" "^\.SS sounder $command( |\$)" "$text"
  section=$(awk -v begins="^\\\\.SS sounder $command " '$0 ~ begins { inside = 1; print; next } /^\.S[SH]/ { inside = 0 } inside' <<<"$text")
  for option in $("$sounder" "$command" --help | words | grep -vE '^(-h|--help)$'); do
    # A key of the configuration stands in the section that train and sweep share.
    [[ $command == train || $command == sweep ]] && where=$section$'\n'$configuration || where=$section
    require "$command" "^(-., )?$option(,| |\$)" "$where"
  done
done

if command -v man >/dev/null; then
  warnings=$(MANWIDTH=80 man --warnings -E UTF-8 -l "$page" 2>&1 >/dev/null)
  if [ -n "$warnings" ]; then
    status=1
    printf 'the manual does not render cleanly:\n%s\n' "$warnings"
  fi
else
  echo "man is not here: the manual is not rendered"
fi
exit "$status"
