/* A module entry in plain C: what the loader looks at before it trusts anything C++. Built several times, each time
   with something else wrong. */
#include "hearth/module_abi.h"

#include <stddef.h>

#ifndef TEST_ABI_VERSION
#define TEST_ABI_VERSION HEARTH_MODULE_ABI_VERSION
#endif
#ifndef TEST_FINGERPRINT
#define TEST_FINGERPRINT HEARTH_BUILD_FINGERPRINT
#endif

static int created;
static int destroyed;

int c_module_created(void) { return created; }
int c_module_destroyed(void) { return destroyed; }

static void* create(void) {
  ++created;
#ifdef TEST_CREATE_FAILS
  return NULL;
#else
  static int object;
  return &object;
#endif
}

static void destroy(void* module) {
  (void)module;
  ++destroyed;
}

#ifndef TEST_NO_SYMBOL
const hearth_module_descriptor hearth_module = {TEST_ABI_VERSION, TEST_FINGERPRINT, "c-module",
#ifdef TEST_NULL_CREATE
                                                NULL,
#else
                                                create,
#endif
                                                destroy};
#else
void* (*const unused_create)(void) = create;
void (*const unused_destroy)(void*) = destroy;
#endif
