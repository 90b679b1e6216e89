/* The module entry as a C program sees it. */
#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hearth/module_abi.h"

extern const struct CMUnitTest c_module_tests[];
extern const size_t c_module_test_count;

static int open_module(void** state) {
  *state = dlopen(TEST_MODULES "/c_module.so", RTLD_NOW | RTLD_LOCAL);
  return *state == NULL;
}

static int close_module(void** state) { return dlclose(*state); }

static const hearth_module_descriptor* descriptor_of(void** state) {
  return (const hearth_module_descriptor*)dlsym(*state, HEARTH_MODULE_SYMBOL);
}

static void entry_is_found_by_its_name(void** state) {
  assert_non_null(descriptor_of(state));
  assert_string_equal(HEARTH_MODULE_SYMBOL, "hearth_module");
}

static void entry_carries_version_and_fingerprint(void** state) {
  const hearth_module_descriptor* descriptor = descriptor_of(state);
  assert_int_equal(descriptor->abi_version, HEARTH_MODULE_ABI_VERSION);
  assert_string_equal(descriptor->build_fingerprint, HEARTH_BUILD_FINGERPRINT);
  assert_string_equal(descriptor->name, "c-module");
}

static void entry_creates_and_destroys(void** state) {
  const hearth_module_descriptor* descriptor = descriptor_of(state);
  int (*created)(void);
  int (*destroyed)(void);
  void* object = descriptor->create();
  assert_non_null(object);
  descriptor->destroy(object);
  *(void**)&created = dlsym(*state, "c_module_created");
  *(void**)&destroyed = dlsym(*state, "c_module_destroyed");
  assert_int_equal(created(), destroyed());
}

static void layout_starts_with_the_version(void** state) {
  (void)state;
  assert_int_equal(offsetof(hearth_module_descriptor, abi_version), 0); /* readable whatever comes behind it */
}

const struct CMUnitTest c_module_tests[] = {
    cmocka_unit_test_setup_teardown(entry_is_found_by_its_name, open_module, close_module),
    cmocka_unit_test_setup_teardown(entry_carries_version_and_fingerprint, open_module, close_module),
    cmocka_unit_test_setup_teardown(entry_creates_and_destroys, open_module, close_module),
    cmocka_unit_test(layout_starts_with_the_version),
};
const size_t c_module_test_count = sizeof c_module_tests / sizeof c_module_tests[0];
