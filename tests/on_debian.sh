#!/usr/bin/env bash
# on_debian.sh bookworm|trixie [PART...]: tries the two commands of README.md, and the packages, in a bare Debian of that
# release, made with debootstrap. All parts, or those that are named:
#   root: as root, apps/quickstart.sh, and tests/run.sh;
#   user: as a user with sudo, where LibTorch is no package (as in Ubuntu 24.04): apps/quickstart.sh, which builds without it;
#   packages: makes them, and installs, uses and removes them in another bare system.
# Clones what is committed, and says how long each took. To be run as root. Its folders, of some GB, are made in
# SOUNDER_DEBIAN_FOLDER (by default /tmp/sounder_on_debian), which keeps the bare system, the packages and the logs.
set -euo pipefail
source=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
suite=${1:-}
folder=${SOUNDER_DEBIAN_FOLDER:-/tmp/sounder_on_debian}
parts=("${@:2}")
[ $# -gt 1 ] || parts=(root user packages)
if [[ ! $suite =~ ^(bookworm|trixie)$ ]] || [[ ! " ${parts[*]}" =~ ^(" "(root|user|packages))+$ ]]; then
  echo "expected bookworm or trixie, and parts to try: root, user, packages; got '$*'" >&2
  exit 2
fi
if [ "$(id -u)" -ne 0 ] || ! command -v debootstrap >/dev/null; then
  echo "expected root, and debootstrap (apt install debootstrap): a system is made and entered with chroot" >&2
  exit 2
fi
bare=$folder/$suite-bare
packages=$folder/$suite-packages
mkdir -p "$packages/partial"
exec 9>"$folder/$suite.lock" # held by what runs inside, too
flock --nonblock 9 || {
  echo "another run of $suite uses $folder" >&2
  exit 1
}

# Where this system's own packages come from, and by way of which proxy: the new one asks there, too.
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' 2>/dev/null |
  head -n 1 || true)
mirror=${mirror:-http://deb.debian.org/debian}
settings=$(apt-config dump 2>/dev/null | grep -E '^Acquire::(https?::Proxy|Retries|Check-Valid-Until|Check-Date) ' || true)
proxies=()
for name in http_proxy https_proxy no_proxy; do [ -z "${!name:-}" ] || proxies+=("$name=${!name}"); done

if [ ! -e "$bare/etc/debian_version" ]; then
  echo "Making a bare $suite in $bare, from $mirror"
  rm -rf "$bare" "$bare.partial"
  debootstrap --variant=minbase --include=ca-certificates "$suite" "$bare.partial" "$mirror" >"$folder/$suite-debootstrap.log" || {
    tail -n 20 "$folder/$suite-debootstrap.log" >&2
    exit 1
  }
  echo force-unsafe-io >"$bare.partial/etc/dpkg/dpkg.cfg.d/unsafe-io" # it need not outlive a power failure
  rm -rf "$bare.partial"/var/lib/apt/lists/* "$bare.partial"/var/cache/apt/archives/*.deb
  mv "$bare.partial" "$bare"
fi

# inside SYSTEM COMMAND...: runs a command in a system, with mounts and processes of its own, which end with it.
inside() {
  # shellcheck disable=SC2016 # expanded by the inner shell
  unshare --mount --pid --fork --kill-child bash -c '
    system=$0 packages=$1
    shift
    mount -t proc proc "$system/proc" && mount --rbind /sys "$system/sys" && mount --rbind /dev "$system/dev" &&
      mount --bind "$packages" "$system/var/cache/apt/archives" && exec chroot "$system" "$@"' \
    "$1" "$packages" env -i HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    "${proxies[@]}" "${@:2}"
}

# make_system SYSTEM: a copy of the bare one, with the project in /opt/sounder.
make_system() {
  rm -rf "$1"
  cp -a --reflink=auto "$bare" "$1"
  cp -L /etc/resolv.conf "$1/etc/resolv.conf"
  echo "127.0.0.1 localhost $(hostname)" >"$1/etc/hosts"
  printf '%s\n' "$settings" >"$1/etc/apt/apt.conf.d/90host"
  git clone --quiet "$source" "$1/opt/sounder"
}

commit=$(git -C "$source" log -1 --format='%h on %cs')
report=()
status=0
# timed LABEL SYSTEM COMMAND...: runs a command inside, keeps its time for the report and its output in a log.
timed() {
  local began=$SECONDS label=$1 log outcome
  log=$folder/$suite-$(tr -c 'a-z0-9\n' '-' <<<"${label,,}").log
  shift
  echo "=== $suite, $label"
  if inside "$@" </dev/null 2>&1 | tee "$log"; then outcome=passed; else outcome=FAILED status=1; fi
  report+=("$suite, $label: $outcome in $((SECONDS - began)) s; its last line: $(tail -n 1 "$log")")
}

as_root() {
  make_system "$system"
  timed "as root, apps/quickstart.sh" "$system" bash /opt/sounder/apps/quickstart.sh
  timed "as root, tests/run.sh" "$system" bash /opt/sounder/tests/run.sh
}

as_user() {
  make_system "$system"
  inside "$system" sh -c 'apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq sudo &&
    useradd --create-home somebody && echo "somebody ALL=(ALL) NOPASSWD: ALL" >/etc/sudoers.d/somebody &&
    chown -R somebody /opt/sounder && printf "Package: libtorch-dev\nPin: version *\nPin-Priority: -1\n" >/etc/apt/preferences.d/none &&
    rm -rf /var/lib/apt/lists/*' >"$folder/$suite-sudo.log" 2>&1
  timed "as a user with sudo and without LibTorch, apps/quickstart.sh" "$system" \
    setpriv --reuid somebody --regid somebody --init-groups env HOME=/home/somebody bash /opt/sounder/apps/quickstart.sh
}

as_packages() {
  make_system "$system"
  timed "its packages made" "$system" sh -c 'cd /opt/sounder && bash apps/install_dependencies.sh dpkg-dev file &&
    cmake --preset release -DSOUNDER_TESTS=OFF && cmake --build --preset release && cpack --config build/CPackConfig.cmake'
  rm -rf "$folder/$suite-made"
  compgen -G "$system/opt/sounder/build/packages/*.deb" >/dev/null || return 0 # told as failed
  mv "$system/opt/sounder/build/packages" "$folder/$suite-made"
  make_system "$system"
  mv "$system/opt/sounder" "$system/opt/source" # nothing is to be found there
  mkdir "$system/opt/made"
  cp "$folder/$suite-made"/*.deb "$system/opt/made"
  timed "its packages installed, used and removed" "$system" bash /opt/source/tests/package/installed_packages.sh /opt/made
}

system=$folder/$suite
for part in "${parts[@]}"; do
  "as_$part"
  rm -rf "$system"
done

printf '\nThe commit %s, with %d processors:\n' "$commit" "$(nproc)"
printf '%s\n' "${report[@]}"
exit "$status"
