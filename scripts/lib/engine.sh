# shellcheck shell=bash
# A Docker engine: the one that runs, else one we start. Needs common.sh. Call ensure_docker_engine.

ensure_docker_engine() {
  if docker info >/dev/null 2>&1; then return 0; fi
  if [ -z "${DOCKER_HOST:-}" ] && [ -S /var/run/docker.sock ] && [ ! -w /var/run/docker.sock ]; then
    die "a Docker engine runs but $(id -un) may not use it: add the user to the group docker, or run as root"
  fi
  [ -z "${DOCKER_HOST:-}" ] || die "no Docker engine answers at DOCKER_HOST=$DOCKER_HOST"
  have dockerd || die "no Docker engine: install docker.io (scripts/install-deps run does it)"
  step "starting a Docker engine" start_docker_engine
}

start_docker_engine() {
  if [ -d /run/systemd/system ]; then
    as_root systemctl start docker
  else
    local log=/var/log/hearth-dockerd.log
    as_root bash -c "setsid nohup dockerd >>$log 2>&1 </dev/null 9>&- & "
    wait_until 60 as_root docker info || { tail -20 "$log"; echo "the Docker engine did not start"; return 1; }
  fi
  wait_until 60 docker info || {
    echo "the Docker engine runs, but $(id -un) may not use it: add the user to the group docker, or run as root"
    return 1
  }
}
