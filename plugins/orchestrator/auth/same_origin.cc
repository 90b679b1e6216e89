#include "orchestrator/auth/same_origin.h"

#include "base/strings.h"

namespace hearth::orchestrator {

namespace {
// Without the port that the scheme implies, as browsers write it.
std::string_view without_default_port(std::string_view authority, bool tls) {
  const std::string_view port = tls ? ":443" : ":80";
  if (authority.ends_with(port)) authority.remove_suffix(port.size());
  return authority;
}
}  // namespace

bool origin_is_host(std::string_view origin, std::string_view host) {
  bool tls = false;
  if (istarts_with(origin, "https://")) {
    tls = true;
    origin.remove_prefix(8);
  } else if (istarts_with(origin, "http://")) {
    origin.remove_prefix(7);
  } else {
    return false;
  }
  if (origin.empty() || host.empty() || origin.find_first_of("/@ ") != std::string_view::npos) return false;
  return iequals(without_default_port(origin, tls), without_default_port(host, tls));
}

bool same_origin(std::string_view origin, std::string_view sec_fetch_site, std::string_view host, bool required) {
  if (!sec_fetch_site.empty() && sec_fetch_site != "same-origin" && sec_fetch_site != "none") return false;
  if (!origin.empty() && !origin_is_host(origin, host)) return false;
  return !required || !sec_fetch_site.empty() || !origin.empty();
}

}  // namespace hearth::orchestrator
