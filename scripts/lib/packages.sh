# shellcheck shell=bash
# What has to be installed, by distribution package name (Debian 12 and 13, Ubuntu). Needs common.sh.
# A tool that is already there from elsewhere (a newer node, another Docker) is used as it is.

build_packages() {
  printf '%s\n' g++ cmake ninja-build ccache pkg-config libuv1-dev libssl-dev libpq-dev libhiredis-dev libcurl4-openssl-dev \
    libargon2-dev libsystemd-dev libfmt-dev libspdlog-dev nlohmann-json3-dev libcli11-dev libexpected-dev \
    libarchive-dev libzstd-dev zlib1g-dev libpcre2-dev
  first_known libllhttp-dev node-llhttp
}

run_packages() {
  printf '%s\n' ca-certificates curl util-linux
  compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null || printf 'postgresql\n'
  have dockerd || docker info >/dev/null 2>&1 || printf 'docker.io\n'
  have docker || first_known docker-cli docker.io
}

image_packages() {
  printf '%s\n' debootstrap debian-archive-keyring python3 make libkrb5-dev
  { have node && have npm; } || printf '%s\n' nodejs npm
}

test_packages() {
  printf '%s\n' libgtest-dev libgmock-dev libcmocka-dev shellcheck redis-server \
    tar libarchive-tools python3 python3-h11 zstd
  { have node && have npm; } || printf '%s\n' nodejs npm
  have chromium || first_known chromium chromium-browser
}

# A real S3 server to test against, started by scripts/s3-server. As a service only ceph-crash comes along, which is idle.
s3_packages() { printf '%s\n' radosgw ceph-mon ceph-osd curl; }

check_packages() { printf '%s\n' clang clang-format clang-tidy; }

perf_packages() {
  printf '%s\n' nginx-light haproxy nghttp2-proxy awscli tar time zstd
  have perf || first_known linux-perf linux-tools-generic # for perf/syscalls
}

# first_known NAME...: the first of several names for one thing that is installed or that apt can install.
first_known() {
  local name
  for name in "$@"; do
    if [ -n "$(missing_of "$name")" ] && ! apt-cache show "$name" >/dev/null 2>&1; then continue; fi
    printf '%s\n' "$name"
    return 0
  done
  printf '%s\n' "$1" # unknown to apt: let apt say so
}

# missing_of NAME...: those that dpkg does not have installed.
missing_of() {
  local installed name
  (($#)) || return 0
  installed=$(dpkg-query -W -f '${db:Status-Abbrev}${Package}\n' "$@" 2>/dev/null | sed -n 's/^ii *//p') || true
  for name in "$@"; do
    grep -qx -- "$name" <<<"$installed" || printf '%s\n' "$name"
  done
}

apt_get() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -y -q -o DPkg::Lock::Timeout=900 \
    -o Acquire::Retries=3 "$@"
}

apt_install() {
  # Debian's postgresql package would also create and start a server of its own; Hearth needs only the programs.
  local no_cluster=/etc/postgresql-common/createcluster.d/hearth-setup.conf rc=0
  as_root mkdir -p "${no_cluster%/*}"
  printf 'create_main_cluster = false\n' | as_root tee "$no_cluster" >/dev/null
  apt_get install --no-install-recommends "$@" || rc=$?
  as_root rm -f "$no_cluster"
  return "$rc"
}

# wanted_of GROUP...: the packages of some groups, each once.
wanted_of() {
  local group
  for group in "$@"; do "${group}_packages"; done | sort -u
}

# ensure_packages GROUP...: installs what is missing of the groups above; says nothing when all is there.
ensure_packages() {
  if ! have dpkg-query || ! have apt-get; then
    die "packages are installed with apt-get, which this system lacks; scripts/lib/packages.sh lists what is needed"
  fi
  local wanted missing
  mapfile -t wanted < <(wanted_of "$@")
  mapfile -t missing < <(missing_of "${wanted[@]}")
  if ((${#missing[@]} == 0)); then return 0; fi
  # Some names depend on what apt knows, so its lists come first.
  step "package lists" apt_get update
  mapfile -t wanted < <(wanted_of "$@")
  mapfile -t missing < <(missing_of "${wanted[@]}")
  if ((${#missing[@]} == 0)); then return 0; fi
  step "installing ${#missing[@]} packages: ${missing[*]}" apt_install "${missing[@]}"
}
