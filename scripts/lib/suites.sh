# shellcheck shell=bash
# The suites of scripts/test. Each takes a file to write "PASSED FAILED" into and fails when a test failed.
# Needs common.sh, build.sh, engine.sh, image.sh and ARTIFACTS.

suite_lint() {
  local scripts
  cd "$HEARTH_ROOT" || return
  mapfile -t scripts < <(grep -lE '^#!.*\bbash' scripts/* .ci/* 2>/dev/null)
  run_checks "$1" "shellcheck -x ${scripts[*]} scripts/lib/*.sh" "scripts/check_includes" \
    "node --test tests/scripts/"
}

# run_checks RESULT COMMAND...: each command is one test; its output appears only when it fails.
run_checks() {
  local result=$1 ok=0 bad=0 command output
  shift
  for command in "$@"; do
    if output=$(bash -c "$command" 2>&1); then
      ok=$((ok + 1)); say "ok      ${command:0:100}"
    else
      bad=$((bad + 1)); say "$output"; say "FAILED  ${command:0:100}"
    fi
  done
  echo "$ok $bad" >"$result"
  ((bad == 0))
}

suite_unit() { run_ctest dev unit "$1" -L '^unit$'; }
suite_integration() { run_ctest dev integration "$1" -L '^integration$'; }
suite_storage() { run_ctest dev storage "$1" -L '^storage$'; }
suite_s3() {
  ensure_packages s3
  run_ctest dev s3 "$1" -L '^s3$'
}
suite_dev() { run_ctest dev dev "$1" -LE '^(storage|s3|sim)$'; }
suite_sim() { run_ctest dev sim "$1" -L '^sim$' --verbose; }
suite_asan() {
  export ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1 UBSAN_OPTIONS=print_stacktrace=1
  run_ctest asan asan "$1" -LE '^(s3|sim)$'
}
suite_tsan() {
  export TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1
  run_ctest tsan tsan "$1" -LE '^(s3|sim)$'
}

# run_ctest PRESET REPORT RESULT [CTEST ARGUMENT...]
run_ctest() {
  local preset=$1 result=$3 report=$ARTIFACTS/$2.xml rc=0
  shift 3
  build_preset "$preset"
  ensure_docker_engine # the Docker runtime's tests drive a real one
  rm -f "$report"
  ctest --test-dir "$HEARTH_ROOT/build/$preset" --output-on-failure --no-tests=error -j "$(nproc)" \
    --output-junit "$report" "$@" >&2 || rc=$?
  count_junit "$report" >"$result"
  return "$rc"
}

# count_junit FILE: "PASSED FAILED" from ctest's report.
count_junit() {
  [ -f "$1" ] || { echo "0 0"; return 0; }
  awk '/<testsuite /,/>/ { if (match($0, /tests="[0-9]+"/)) all = substr($0, RSTART + 7, RLENGTH - 8) + 0
         if (match($0, /failures="[0-9]+"/)) bad = substr($0, RSTART + 10, RLENGTH - 11) + 0 }
       END { print all - bad, bad + 0 }' "$1"
}

suite_conformance() {
  cd "$HEARTH_ROOT" || return
  build_preset release
  export HEARTH_BIN=$HEARTH_ROOT/build/release/gateway/hearth HEARTH_ARTIFACTS=$ARTIFACTS/conformance
  rm -rf "${HEARTH_ARTIFACTS:?}"
  run_node_tests conformance "$1" "$HEARTH_ROOT"/tests/conformance/*.test.mjs
}

suite_e2e() {
  ensure_packages s3
  prepare_live_tests e2e
  prepare_crash_build
  run_node_tests e2e "$1" "$HEARTH_ROOT"/tests/e2e/*.test.mjs
}

suite_faults() {
  ensure_packages s3
  prepare_live_tests faults
  prepare_crash_build
  export HEARTH_BIN=$HEARTH_CRASH_BIN HEARTH_MODULES=$HEARTH_CRASH_MODULES
  run_node_tests faults "$1" "$HEARTH_ROOT"/tests/faults/*.test.mjs
}

# The release with crash points (gateway/base/crash_point.h) compiled into four of its libraries.
prepare_crash_build() {
  build_preset crash
  export HEARTH_CRASH_BIN=$HEARTH_ROOT/build/crash/gateway/hearth HEARTH_CRASH_MODULES=$HEARTH_ROOT/build/crash/modules
}

suite_browser() {
  prepare_live_tests browser
  [ tests/browser/package-lock.json -ot tests/browser/node_modules/.package-lock.json ] ||
    step "npm packages of tests/browser" npm ci --prefix "$HEARTH_ROOT/tests/browser" --no-audit --no-fund
  export HEARTH_SCREENSHOTS=$ARTIFACTS/screenshots
  rm -rf "$HEARTH_SCREENSHOTS" && mkdir -p "$HEARTH_SCREENSHOTS"
  run_node_tests browser "$1" "$HEARTH_ROOT"/tests/browser/*.test.mjs
}

# prepare_live_tests NAME: its logs go to artifacts/NAME/logs.
prepare_live_tests() {
  cd "$HEARTH_ROOT" || return
  build_preset release
  ensure_docker_engine
  ensure_workspace_image
  ensure_job_image
  export HEARTH_BIN=$HEARTH_ROOT/build/release/gateway/hearth HEARTH_MODULES=$HEARTH_ROOT/build/release/modules
  export HEARTH_ARTIFACTS=$ARTIFACTS/$1
  rm -rf "${HEARTH_ARTIFACTS:?}"
}

# run_node_tests NAME RESULT FILE...: two files at once; a workspace with its editor takes up to 1 GB and most of a core.
run_node_tests() {
  local result=$2 tap=$ARTIFACTS/$1.tap rc=0
  shift 2
  node --test --test-concurrency=2 --test-reporter=spec --test-reporter-destination=stderr \
    --test-reporter=tap --test-reporter-destination="$tap" "$@" || rc=$?
  awk '/^# pass /{ok = $3} /^# (fail|cancelled) /{bad += $3} END {print ok + 0, bad + 0}' "$tap" >"$result"
  return "$rc"
}
