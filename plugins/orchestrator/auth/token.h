// Secrets that stand for a user: session cookies and API tokens. Pure functions, any thread.
#pragma once

#include <string>
#include <string_view>

namespace hearth::orchestrator {

// 256 random bits, base64url (43 characters).
std::string new_secret();
// SHA-256 in lower-case hex: what is stored and compared. The secret itself is kept nowhere.
std::string secret_hash(std::string_view secret);

inline constexpr std::string_view kTokenPrefix = "hearth_";  // API tokens, so that a leaked one is recognised

// "hearth_session"; over TLS "__Host-hearth_session", which browsers accept only Secure, host-only and with Path=/.
std::string_view session_cookie_name(std::string_view scheme);
// The Set-Cookie value. The cookie outlives the session on purpose: the server ends it 24 h after its last use, and
// traffic below /w/ renews it there without a chance to renew the cookie.
std::string session_cookie(std::string_view scheme, std::string_view secret);
std::string cleared_session_cookie(std::string_view scheme);

}  // namespace hearth::orchestrator
