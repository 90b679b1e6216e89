# shellcheck shell=bash
# The images. Needs common.sh, packages.sh.
# ensure_workspace_image: present > pulled > built here. A local build takes debootstrap (root) and npm; it needs no
# container registry and takes 3 to 5 minutes.
# ensure_job_image: the storage-job of build/release with what it links to; made again whenever that changed.

HEARTH_IMAGE=hearth/code-server:latest
HEARTH_UPSTREAM_IMAGE=codercom/code-server:latest
HEARTH_BASE_IMAGE=hearth/workspace-base:bookworm
HEARTH_JOB_IMAGE=hearth/storage-job:latest
CODE_SERVER_VERSION=4.139.1
NODE_MAJOR=24 # code-server's postinstall insists on this major version

image_present() { docker image inspect "$1" >/dev/null 2>&1; }

# base_packages: one comma-separated list, as debootstrap wants it.
base_packages() { grep -v '^#' "$HEARTH_ROOT/conf/workspace-image/packages.txt" | paste -sd,; }

# build_base DIR: a minimal Debian root, security updates applied, imported as an image.
build_base() {
  local root=$1/root
  as_root rm -rf "$root"
  as_root debootstrap --variant=minbase --include="$(base_packages)" bookworm "$root"
  local mirror # the mirror debootstrap used also carries the updates and, beside it, the security suite
  mirror=$(awk '/^deb / {print $2; exit}' "$root/etc/apt/sources.list")
  printf 'deb %s bookworm-updates main\ndeb %s-security bookworm-security main\n' "$mirror" "$mirror" |
    as_root tee -a "$root/etc/apt/sources.list"
  as_root cp -L /etc/resolv.conf "$root/etc/resolv.conf"
  as_root chroot "$root" apt-get update
  as_root env DEBIAN_FRONTEND=noninteractive chroot "$root" apt-get -y upgrade
  as_root rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/* "$root"/usr/share/{doc,man,info}/*
  as_root tar -C "$root" --one-file-system -c . | docker import - "$HEARTH_BASE_IMAGE"
  as_root rm -rf "$root"
}

# fetch_code_server DIR: node and code-server into DIR/context. Every native module is compiled against the
# headers that come with the node package; ripgrep comes inside its npm package.
fetch_code_server() {
  local tools=$1/tools context=$1/context
  rm -rf "$tools" "$context"
  mkdir -p "$tools" "$context/code-server"
  npm install --no-save --no-audit --no-fund --prefix "$tools" "node@$NODE_MAJOR" npm@11
  local node headers
  node=$(readlink -f "$tools/node_modules/node/bin/node")
  headers=$(find "$tools/node_modules/node" -type f -path '*/include/node/node_api.h' -print -quit)
  export PATH=$tools/node_modules/.bin:${node%/*}:$PATH
  export npm_config_nodedir=${headers%/include/node/node_api.h}
  npm install --no-audit --no-fund --prefix "$context/code-server" "code-server@$CODE_SERVER_VERSION"
  cp "$node" "$context/node"
}

# prune_code_server DIR: drops other platforms' binaries, build leftovers, source maps and the Copilot
# extension: 617 MB become 284 MB. Workbench, terminal, editor, language servers and previews keep working.
prune_code_server() {
  cd "$1/context/code-server/node_modules/code-server/lib/vscode" || return
  local platform
  platform=$("$1/context/node" -p 'process.platform+"-"+process.arch')
  find node_modules/@vscode/ripgrep-universal/bin node_modules/node-pty/prebuilds -mindepth 1 -maxdepth 1 \
    ! -name "$platform" -exec rm -rf {} +
  find node_modules -type d -path '*/build/Release/obj.target' -prune -exec rm -rf {} +
  rm -rf node_modules/node-pty/third_party node_modules/node-pty/deps node_modules/@microsoft/mxc-sdk/bin \
    node_modules/@github/copilot-sdk-* extensions/copilot
  find . -name '*.map' -type f -delete
}

build_image() {
  cp "$HEARTH_ROOT"/conf/workspace-image/{Dockerfile,settings.json} "$1/context/"
  docker build --build-arg BASE="$HEARTH_BASE_IMAGE" -t "$HEARTH_IMAGE" "$1/context"
}

ensure_workspace_image() {
  if image_present "$HEARTH_IMAGE"; then return 0; fi
  say "==> no workspace image yet: trying to pull $HEARTH_UPSTREAM_IMAGE"
  if image_present "$HEARTH_UPSTREAM_IMAGE" ||
    timeout "${HEARTH_PULL_TIMEOUT:-600}" docker pull "$HEARTH_UPSTREAM_IMAGE" >&2; then
    docker tag "$HEARTH_UPSTREAM_IMAGE" "$HEARTH_IMAGE"
    return 0
  fi
  say "    cannot pull it; building $HEARTH_IMAGE from Debian packages and npm instead (3 to 5 minutes)"
  ensure_packages image
  local work
  work=$(cache_dir)/workspace-image
  mkdir -p "$work"
  exec 9>"$work/lock"
  flock 9 # two runs at once would build into the same folder
  if image_present "$HEARTH_IMAGE"; then return 0; fi
  image_present "$HEARTH_BASE_IMAGE" ||
    step "Debian base for workspaces (debootstrap)" build_base "$work"
  step "code-server $CODE_SERVER_VERSION and node $NODE_MAJOR (npm)" fetch_code_server "$work"
  step "dropping what a workspace does not need" prune_code_server "$work"
  step "docker build $HEARTH_IMAGE" build_image "$work"
  as_root rm -rf "$work/context" "$work/tools"
  exec 9>&-
}

# job_files BINARY: what the program needs beside itself: libraries, certificates, and the locale in which libarchive
# understands names that are not ASCII.
job_files() {
  ldd "$1" | grep -o '/[^ ]*'
  local file
  for file in /etc/ssl/certs/ca-certificates.crt /usr/lib/locale/C.utf8/LC_CTYPE; do
    [ ! -e "$file" ] || printf '%s\n' "$file"
  done
}

job_fingerprint() { # BINARY
  { cat "$1"; job_files "$1" | xargs cat; } | sha256sum | cut -d' ' -f1
}

# import_job_image BINARY NAME
import_job_image() {
  local root file
  root=$(mktemp -d)
  mkdir -p "$root/data" "$root/archives" "$root/usr/local/bin"
  install -m 0755 "$1" "$root/usr/local/bin/storage-job"
  job_files "$1" | while read -r file; do install -D "$file" "$root$file"; done
  tar -C "$root" --owner=0 --group=0 --numeric-owner -c . |
    docker import --change 'ENTRYPOINT ["/usr/local/bin/storage-job"]' \
      --change "LABEL hearth.fingerprint=$(job_fingerprint "$1")" - "$2"
  rm -rf "$root"
}

ensure_job_image() {
  local binary=$HEARTH_ROOT/build/release/storage-job/storage-job there old
  there=$(docker image inspect -f '{{index .Config.Labels "hearth.fingerprint"}}' "$HEARTH_JOB_IMAGE" 2>/dev/null) || there=''
  [ "$there" != "$(job_fingerprint "$binary")" ] || return 0
  old=$(docker image inspect -f '{{.Id}}' "$HEARTH_JOB_IMAGE" 2>/dev/null) || old=''
  step "image $HEARTH_JOB_IMAGE" import_job_image "$binary" "$HEARTH_JOB_IMAGE"
  [ -z "$old" ] || docker rmi "$old" >/dev/null 2>&1 || true # without a name now; a job may still run from it
}
