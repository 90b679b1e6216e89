/* The C entry of a module. Plain C, so that what the loader relies on before it trusts the module is small and fixed.
 */
#ifndef HEARTH_MODULE_ABI_H
#define HEARTH_MODULE_ABI_H

#ifdef __cplusplus
extern "C" {
#endif

#define HEARTH_MODULE_ABI_VERSION 1u

/* Compiler, standard library and build kind: C++ classes cross the border only between equal builds. Defined by the
   build for everything in one build tree. */
#ifndef HEARTH_BUILD_FINGERPRINT
#define HEARTH_BUILD_FINGERPRINT "unknown"
#endif

typedef struct hearth_module_descriptor {
  unsigned abi_version;          /* HEARTH_MODULE_ABI_VERSION */
  const char* build_fingerprint; /* HEARTH_BUILD_FINGERPRINT */
  const char* name;              /* "orchestrator" */
  void* (*create)(void);         /* a hearth::Module*, or NULL on failure; must not throw */
  void (*destroy)(void* module);
} hearth_module_descriptor;

/* Every module defines: const hearth_module_descriptor hearth_module; with default visibility. */
#define HEARTH_MODULE_SYMBOL "hearth_module"

#ifdef __cplusplus
}
#endif

#endif
