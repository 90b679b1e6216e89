# shellcheck shell=bash
# Building a CMake preset. Needs common.sh.

configure_preset() { cd "$HEARTH_ROOT" && cmake --preset "$1"; }
compile_preset() { cd "$HEARTH_ROOT" && ninja -C "build/$1"; }

# build_preset NAME: configures once, then lets ninja decide. Nothing is printed when nothing is to be done.
build_preset() {
  [ -f "$HEARTH_ROOT/build/$1/build.ninja" ] || step "configuring build/$1" configure_preset "$1"
  local todo
  todo=$(ninja -C "$HEARTH_ROOT/build/$1" -n 2>/dev/null | tail -1) || todo=unknown
  case $todo in *"no work to do"*) return 0 ;; esac
  step "building build/$1 (a first build takes minutes)" compile_preset "$1"
}
