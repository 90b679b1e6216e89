#include "orchestrator/auth/token.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>

#include "base/check.h"
#include "base/encoding.h"
#include "base/random.h"

namespace hearth::orchestrator {

std::string new_secret() {
  std::array<char, 32> bytes{};
  random_bytes(bytes.data(), bytes.size());
  return to_base64url({bytes.data(), bytes.size()});
}

std::string secret_hash(std::string_view secret) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  HEARTH_CHECK(EVP_Digest(secret.data(), secret.size(), digest.data(), &size, EVP_sha256(), nullptr) == 1);
  return to_hex(digest.data(), size);
}

std::string_view session_cookie_name(std::string_view scheme) {
  return scheme == "https" ? "__Host-hearth_session" : "hearth_session";
}

std::string session_cookie(std::string_view scheme, std::string_view secret) {
  constexpr int kThirtyDays = 30 * 24 * 3600;
  return fmt::format("{}={}; Path=/; Max-Age={}; HttpOnly; SameSite=Lax{}", session_cookie_name(scheme), secret,
                     kThirtyDays, scheme == "https" ? "; Secure" : "");
}

std::string cleared_session_cookie(std::string_view scheme) {
  return fmt::format("{}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax{}", session_cookie_name(scheme),
                     scheme == "https" ? "; Secure" : "");
}

}  // namespace hearth::orchestrator
