# shellcheck shell=bash
# One hearth and its data directory: configuration, password, start, stop. Needs common.sh.
# Layout of a data directory: hearth.conf, admin-password (0600), run/hearth.pid, logs/, and what hearth keeps.

HEARTH_BIN=${HEARTH_BIN:-$HEARTH_ROOT/build/release/gateway/hearth}

port_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

next_free_port() {
  local port=$1
  while port_taken "$port"; do
    port=$((port + 1))
    ((port < 65536)) || die "no free port from $1 on"
  done
  printf '%s\n' "$port"
}

# deployment_name DATA: workspaces of different data directories must not see each other's containers.
deployment_name() {
  if [ "$1" = "$(default_data_dir)" ]; then printf 'main\n'
  else printf 'd%s\n' "$(printf '%s' "$1" | cksum | cut -d' ' -f1)"; fi
}

# write_configuration DATA PORT
write_configuration() {
  local data=$1 port=$2
  sed -e "s|@DATA@|$data|g" -e "s|@PORT@|$port|g" -e "s|@DEPLOYMENT@|$(deployment_name "$data")|g" \
    -e "s|@MODULES@|${HEARTH_BIN%/gateway/hearth}/modules|g" \
    "$HEARTH_ROOT/scripts/lib/hearth.conf.in" >"$data/hearth.conf.new"
  mv "$data/hearth.conf.new" "$data/hearth.conf"
}

configured_port() { sed -n 's/^ *listen  *127\.0\.0\.1:\([0-9]*\);.*/\1/p' "$1/hearth.conf" | head -1; }

# admin_password DATA: made once. The server stores only a hash, so this file is where a second run finds it.
admin_password() {
  local file=$1/admin-password
  if [ ! -s "$file" ]; then
    (umask 077 && head -c 15 /dev/urandom | base64 | tr '+/' '-_' >"$file.new" && mv "$file.new" "$file")
  fi
  cat "$file"
}

# running_pid DATA: prints the pid of the hearth that serves this data directory, or fails.
running_pid() {
  local pid
  pid=$(cat "$1/run/hearth.pid" 2>/dev/null) || return 1
  [ -n "$pid" ] && [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = hearth ] || return 1
  tr '\0' '\n' <"/proc/$pid/cmdline" | grep -qxF -- "$1" || return 1
  printf '%s\n' "$pid"
}

is_ready() { curl -fsS -m 2 -o /dev/null "http://127.0.0.1:$1/readyz"; }

# start_instance DATA PORT: returns when /readyz answers 200.
start_instance() {
  local data=$1 port=$2 pid deadline=$((SECONDS + 90))
  "$HEARTH_BIN" -t -c "$data/hearth.conf" -p "$data"
  HEARTH_ADMIN_PASSWORD=$(admin_password "$data") setsid nohup \
    "$HEARTH_BIN" -c "$data/hearth.conf" -p "$data" >"$data/logs/start.log" 2>&1 </dev/null 9>&- &
  pid=$!
  until is_ready "$port" 2>/dev/null; do
    if ! kill -0 "$pid" 2>/dev/null && ! running_pid "$data" >/dev/null; then
      tail -20 "$data/logs/start.log"; echo "hearth ended instead of serving"; return 1
    fi
    if ((SECONDS > deadline)); then
      curl -sS -m 2 "http://127.0.0.1:$port/readyz" || true
      tail -20 "$data/logs/error.log" "$data/logs/start.log"; echo "hearth is not ready after 90 s"; return 1
    fi
    sleep 0.1
  done
}

gone() { ! kill -0 "$1" 2>/dev/null; }

# stop_instance DATA PID: asks, insists, and only then kills; workspaces and data stay.
stop_instance() {
  local data=$1 pid=$2
  "$HEARTH_BIN" -s quit -c "$data/hearth.conf" -p "$data" || kill -QUIT "$pid"
  wait_until 10 gone "$pid" && return 0
  say "    connections are still open; stopping without them"
  kill -TERM "$pid" 2>/dev/null || true
  wait_until 20 gone "$pid" && return 0
  say "    no reaction to TERM; killing $pid"
  kill -KILL "$pid" 2>/dev/null || true
  wait_until 5 gone "$pid"
}
