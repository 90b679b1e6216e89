#include "orchestrator/auth/token.h"

#include <gtest/gtest.h>

namespace hearth::orchestrator {
namespace {

TEST(Token, SecretsAreLongAndDifferAndOnlyTheirDigestIsStored) {
  const std::string secret = new_secret();
  EXPECT_EQ(secret.size(), 43u);
  EXPECT_NE(secret, new_secret());
  EXPECT_EQ(secret_hash("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");  // FIPS 180-2
}

TEST(Token, CookiesAreHostOnlyAndUnreadableForScripts) {
  EXPECT_EQ(session_cookie("http", "s"), "hearth_session=s; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax");
  EXPECT_EQ(session_cookie("https", "s"),
            "__Host-hearth_session=s; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax; Secure");
  EXPECT_EQ(cleared_session_cookie("http"), "hearth_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
}

}  // namespace
}  // namespace hearth::orchestrator
