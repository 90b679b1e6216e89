#include "orchestrator/gate/pages.h"

#include "orchestrator/web/pages.h"

namespace hearth::orchestrator::gate {

Reply page(int status, std::string html) { return {status, page_headers(), std::move(html)}; }

Reply redirect(int status, std::string location) {
  return {status, {{"Location", std::move(location)}, {"Cache-Control", "no-store"}}, {}};
}

}  // namespace hearth::orchestrator::gate
