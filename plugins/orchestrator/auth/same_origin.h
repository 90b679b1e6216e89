// Does a request come from our own pages? Pure functions.
#pragma once

#include <string_view>

namespace hearth::orchestrator {

// `origin` (RFC 6454 serialisation) names the host the request was sent to. "null" and anything unparsable do not. The
// scheme is not compared: behind a TLS proxy ours differs from the browser's.
bool origin_is_host(std::string_view origin, std::string_view host);

// CSRF rule for a state-changing request that a cookie vouches for: what the browser says about its source must be
// there and must be us. With `required` false (login: no cookie yet) saying nothing is fine.
bool same_origin(std::string_view origin, std::string_view sec_fetch_site, std::string_view host, bool required);

}  // namespace hearth::orchestrator
