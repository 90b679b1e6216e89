// Answers of the gate and the dashboard: an HTML page for people, JSON for programs.
#pragma once

#include <string>
#include <string_view>

#include "hearth/exchange.h"
#include "orchestrator/api/reply.h"

namespace hearth::orchestrator::gate {

// A page of web/pages.h with its headers.
Reply page(int status, std::string html);
Reply redirect(int status, std::string location);

}  // namespace hearth::orchestrator::gate
