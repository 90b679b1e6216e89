// Passwords: argon2id with OWASP's parameters (19 MiB, 2 passes, 1 lane), about 35 ms each.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_function.h"
#include "runtime/loop.h"

namespace hearth::orchestrator {

inline constexpr std::size_t kPasswordMin = 8;
inline constexpr std::size_t kPasswordMax = 1024;  // bytes; longer ones are refused before any hashing

// Blocking; the encoded form ("$argon2id$v=19$m=19456,t=2,p=1$…") holds its parameters and salt.
std::string hash_password(std::string_view password);
// Blocking, constant time in the password. An encoded text that is none verifies nothing.
bool verify_password(std::string_view encoded, std::string_view password);
// A hash no password matches: verifying against it costs an unknown user the same time as a known one.
const std::string& dummy_password_hash();

// Runs the above away from the loop: at most kRunning at once, kQueued waiting, then Error{limit}.
// Thread: the loop's. Destroying it drops callbacks that have not run.
class PasswordPool {
 public:
  static constexpr std::size_t kRunning = 2;
  static constexpr std::size_t kQueued = 16;

  explicit PasswordPool(Loop& loop);
  ~PasswordPool();
  PasswordPool(const PasswordPool&) = delete;
  PasswordPool& operator=(const PasswordPool&) = delete;

  void hash(std::string password, UniqueFunction<void(Result<std::string>)> done);
  void verify(std::string encoded, std::string password, UniqueFunction<void(Result<bool>)> done);

 private:
  struct Job {
    UniqueFunction<void()> work;
    UniqueFunction<void(bool ran)> done;
  };
  struct State;
  void submit(Job job);
  static void run_next(const std::shared_ptr<State>& state);

  std::shared_ptr<State> state_;  // work in libuv's pool may end after us
};

}  // namespace hearth::orchestrator
