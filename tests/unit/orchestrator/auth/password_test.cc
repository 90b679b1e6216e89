#include "orchestrator/auth/password.h"

#include <gtest/gtest.h>

#include "support/loop_until.h"

namespace hearth::orchestrator {
namespace {

TEST(Password, IsArgon2idWithTheParametersOfTheContractAndItsOwnSalt) {
  const std::string first = hash_password("correct horse");
  EXPECT_TRUE(first.starts_with("$argon2id$v=19$m=19456,t=2,p=1$")) << first;
  EXPECT_NE(first, hash_password("correct horse"));
  EXPECT_TRUE(verify_password(first, "correct horse"));
  EXPECT_FALSE(verify_password(first, "correct horsf"));
  EXPECT_FALSE(verify_password(first, ""));
  EXPECT_FALSE(verify_password("", "anything"));
  EXPECT_FALSE(verify_password("not a hash", "anything"));
}

TEST(Password, NoPasswordMatchesTheDummy) { EXPECT_FALSE(verify_password(dummy_password_hash(), "")); }

TEST(PasswordPool, RefusesWhatIsBeyondTwoRunningAndSixteenQueued) {
  Loop loop;
  PasswordPool pool(loop);
  int verified = 0;
  int refused = 0;
  constexpr int kAll = static_cast<int>(PasswordPool::kRunning + PasswordPool::kQueued) + 3;
  for (int i = 0; i < kAll; ++i) {
    pool.verify("", "guess", [&](const Result<bool>& right) {
      if (right) {
        EXPECT_FALSE(*right);
        ++verified;
      } else {
        EXPECT_EQ(right.error().code, ErrorCode::limit);
        ++refused;
      }
    });
  }
  EXPECT_EQ(refused, 3);
  EXPECT_TRUE(test::run_until(
      loop, [&] { return verified == kAll - 3; }, Milliseconds(60000)));
}

TEST(PasswordPool, DestroyedWithWorkUnderWayCallsNobody) {
  Loop loop;
  bool called = false;
  {
    PasswordPool pool(loop);
    for (int i = 0; i < 4; ++i) pool.hash("secret", [&called](const Result<std::string>&) { called = true; });
  }
  test::run_for(loop, Milliseconds(300));
  EXPECT_FALSE(called);
}

}  // namespace
}  // namespace hearth::orchestrator
