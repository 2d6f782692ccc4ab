# shellcheck shell=bash
# What the scripts that measure share; for being sourced at the top of the repository. Where the program is not in
# build/bin, SOUNDER names it.
sounder=${SOUNDER:-$PWD/build/bin/sounder}
if [ ! -x "$sounder" ]; then
  echo "there is no program '$sounder': make it with 'bash apps/quickstart.sh'" >&2
  exit 1
fi

readonly never=1e300 # steps or seconds to something that was not reached

# count_of NAME VALUE LEAST: VALUE, if it is a whole number of at least LEAST.
count_of() {
  if [[ ! $2 =~ ^[1-9][0-9]*$ ]] || [ "$2" -lt "$3" ]; then
    echo "expected $1, a whole number of at least $3; got '$2'" >&2
    exit 2
  fi
  echo "$2"
}

# read_arguments LEAST DIR ARGUMENTS...: sets `seeds`, `pattern` and `folder` from [SEEDS] [--only PATTERN] [--dir DIR] in any
# order. Unless told, there are 10 seeds, of which LEAST are needed, the pattern is empty, and the folder is DIR.
# shellcheck disable=SC2034 # the scripts use them
read_arguments() {
  local fewest=$1
  seeds=10
  pattern=
  folder=$2
  shift 2
  while [ $# -gt 0 ]; do
    case $1 in
      --only | --dir)
        [ $# -gt 1 ] || { echo "expected a value after $1" >&2; exit 2; }
        if [ "$1" = --only ]; then pattern=$2; else folder=$2; fi
        shift 2
        ;;
      *)
        seeds=$(count_of SEEDS "$1" "$fewest")
        shift
        ;;
    esac
  done
}

# value KEY: the first value with that key of the JSON object on stdin, without its quotes or brackets.
value() {
  awk -v key="\"$1\":" '{
    at = index($0, key)
    if (at == 0) next
    rest = substr($0, at + length(key))
    if (rest ~ /^\[/) match(rest, /^\[[^]]*\]/)
    else if (rest ~ /^"/) match(rest, /^"[^"]*"/)
    else match(rest, /^[^,}]*/)
    found = substr(rest, 1, RLENGTH)
    gsub(/^["[]|["\]]$/, "", found)
    print found
    exit
  }'
}

# column NAME FILE: a column of a CSV file, without its name; an empty cell is `never`.
column() {
  awk -F , -v name="$1" -v never="$never" '
    NR == 1 { for (i = 1; i <= NF; ++i) if ($i == name) at = i; next }
    { print $at == "" ? never : $at }' "$2"
}

# Of numbers on stdin, one a line.
median() { sort -g | awk '{ x[NR] = $1 } END { m = (NR + 1) / 2; printf "%.17g\n", (x[int(m)] + x[int(m + 0.5)]) / 2 }'; }
least() { sort -g | sed -n '1p'; }
most() { sort -g | sed -n '$p'; }

# shown DECIMALS: the number on stdin for a table: with commas between thousands, "-" for none and never.
shown() {
  awk -v decimals="$1" '
    $1 == "" || $1 == "null" || $1 >= 1e299 { print "-"; next }
    {
      text = sprintf("%.*f", decimals, $1)
      point = index(text ".", ".")
      whole = substr(text, 1, point - 1)
      while (match(whole, /[0-9][0-9][0-9][0-9]($|,)/)) {
        whole = substr(whole, 1, RSTART) "," substr(whole, RSTART + 1)
      }
      print whole substr(text, point)
    }'
}
