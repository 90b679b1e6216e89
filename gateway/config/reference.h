#pragma once

#include <string>
#include <vector>

#include "config/loader.h"

namespace hearth::config {

// The directive reference as Markdown: the gateway's directives, then each module's, by context; the same rows the
// loader obeys. Printed by `hearth --directives`, kept as docs/directives.md.
std::string directive_reference(const std::vector<ModuleDirectives>& modules);

}  // namespace hearth::config
