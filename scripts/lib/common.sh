# shellcheck shell=bash
# Shared by every script here: messages, visible steps, privilege, paths. Source it; it runs nothing.

HEARTH_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
HEARTH_STARTED=$SECONDS
export HEARTH_ROOT HEARTH_STARTED

# Progress goes to stderr, so that stdout carries results only.
say() { printf '%s\n' "$*" >&2; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

elapsed() { # elapsed SECONDS -> "1 min 5 s"
  local s=$1
  if ((s >= 60)); then printf '%d min %d s' $((s / 60)) $((s % 60)); else printf '%d s' "$s"; fi
}

# print_help FILE: the comment block at the top of a script is its help text.
print_help() { sed -n '2,/^[^#]/{s/^# \{0,1\}//p}' "$1"; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif have sudo; then sudo "$@"
  else die "this needs root: run as root, or install sudo ($*)"; fi
}

cache_dir() {
  if [ -n "${HEARTH_CACHE:-}" ]; then printf '%s\n' "$HEARTH_CACHE"
  elif [ "$(id -u)" = 0 ]; then printf '/var/cache/hearth\n'
  else printf '%s\n' "${XDG_CACHE_HOME:-$HOME/.cache}/hearth"; fi
}

default_data_dir() {
  if [ "$(id -u)" = 0 ]; then printf '/var/lib/hearth\n'
  else printf '%s\n' "${XDG_DATA_HOME:-$HOME/.local/share}/hearth"; fi
}

# step_ticker LOG BEGAN: every 15 s, how long it has taken and what was said last. Ends its sleep when it ends, because
# whoever reads our output waits for every process that holds it.
step_ticker() {
  trap 'kill $! 2>/dev/null; exit 0' TERM
  while sleep 15 & wait $!; do
    say "    ... $(elapsed $((SECONDS - $2))) $(tail -c 300 "$1" | tr '\r' '\n' | grep . | tail -1 | cut -c1-90)"
  done
}

# step TITLE COMMAND...: runs the command with its output in a log, shows that time passes, and shows the
# end of the log when it fails. Never call it where bash ignores errors (if, &&, ||): set -e would be off inside.
step() {
  local title=$1 began=$SECONDS log rc ticker
  shift
  log=$(mktemp "${TMPDIR:-/tmp}/hearth-step.XXXXXX")
  say "==> $title"
  step_ticker "$log" "$began" &
  ticker=$!
  set +e
  (set -e; "$@") >"$log" 2>&1
  rc=$?
  set -e
  kill "$ticker" 2>/dev/null
  wait "$ticker" 2>/dev/null || true
  if ((rc != 0)); then
    tail -40 "$log" | sed 's/^/    | /' >&2
    say "    failed after $(elapsed $((SECONDS - began))): $title (whole output: $log)"
    return "$rc"
  fi
  rm -f "$log"
  say "    done in $(elapsed $((SECONDS - began)))"
}

# wait_until SECONDS COMMAND...: polls until the command succeeds; fails when the time is over.
wait_until() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < deadline)) || return 1
    sleep 0.1
  done
}
