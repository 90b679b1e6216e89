#include "orchestrator/auth/password.h"

#include <argon2.h>

#include <array>

#include "base/check.h"
#include "base/random.h"

namespace hearth::orchestrator {

namespace {
constexpr std::uint32_t kPasses = 2;
constexpr std::uint32_t kMemoryKib = 19 * 1024;
constexpr std::uint32_t kLanes = 1;
constexpr std::size_t kSaltSize = 16;
constexpr std::size_t kHashSize = 32;
}  // namespace

std::string hash_password(std::string_view password) {
  std::array<unsigned char, kSaltSize> salt{};
  random_bytes(salt.data(), salt.size());
  std::string encoded(argon2_encodedlen(kPasses, kMemoryKib, kLanes, kSaltSize, kHashSize, Argon2_id), '\0');
  const int status = argon2id_hash_encoded(kPasses, kMemoryKib, kLanes, password.data(), password.size(), salt.data(),
                                           salt.size(), kHashSize, encoded.data(), encoded.size());
  HEARTH_CHECK(status == ARGON2_OK);
  encoded.resize(std::char_traits<char>::length(encoded.c_str()));
  return encoded;
}

bool verify_password(std::string_view encoded, std::string_view password) {
  return argon2id_verify(std::string(encoded).c_str(), password.data(), password.size()) == ARGON2_OK;
}

const std::string& dummy_password_hash() {
  static const std::string hash = [] {
    std::array<char, 32> unknown{};
    random_bytes(unknown.data(), unknown.size());
    return hash_password({unknown.data(), unknown.size()});
  }();
  return hash;
}

struct PasswordPool::State {
  Loop& loop;
  std::deque<Job> queue;
  std::size_t running = 0;
  bool closed = false;
};

PasswordPool::PasswordPool(Loop& loop) : state_(std::make_shared<State>(State{loop, {}, 0, false})) {}

PasswordPool::~PasswordPool() {
  state_->closed = true;
  state_->queue.clear();
}

void PasswordPool::submit(Job job) {
  if (state_->queue.size() >= kQueued) return job.done(false);
  state_->queue.push_back(std::move(job));
  run_next(state_);
}

void PasswordPool::run_next(const std::shared_ptr<State>& state) {
  while (!state->closed && state->running < kRunning && !state->queue.empty()) {
    Job job = std::move(state->queue.front());
    state->queue.pop_front();
    ++state->running;
    state->loop.queue_work(std::move(job.work), [state, done = std::move(job.done)]() mutable {
      --state->running;
      if (!state->closed) done(true);
      run_next(state);
    });
  }
}

namespace {
tl::unexpected<Error> busy() {
  return fail(ErrorCode::limit, ErrorSource::us, "too many passwords are being checked at once; try again shortly",
              true);
}
}  // namespace

void PasswordPool::hash(std::string password, UniqueFunction<void(Result<std::string>)> done) {
  auto result = std::make_shared<std::string>();
  submit({[result, password = std::move(password)] { *result = hash_password(password); },
          [result, done = std::move(done)](bool ran) mutable {
            if (ran) return done(std::move(*result));
            done(busy());
          }});
}

void PasswordPool::verify(std::string encoded, std::string password, UniqueFunction<void(Result<bool>)> done) {
  auto result = std::make_shared<bool>(false);
  submit({[result, encoded = std::move(encoded), password = std::move(password)] {
            *result = verify_password(encoded.empty() ? dummy_password_hash() : encoded, password);
          },
          [result, done = std::move(done)](bool ran) mutable {
            if (ran) return done(*result);
            done(busy());
          }});
}

}  // namespace hearth::orchestrator
