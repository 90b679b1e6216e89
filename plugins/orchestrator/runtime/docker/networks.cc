#include "orchestrator/runtime/docker/networks.h"

#include "base/encoding.h"
#include "orchestrator/runtime/docker/wire.h"

namespace hearth::orchestrator::docker {
namespace {
constexpr Milliseconds kCreateTimeout{60000};
constexpr int kMaxRounds = 5;
}  // namespace

Networks::Networks(Engine& engine, const RuntimeSettings& settings, const std::string& deployment)
    : engine_(engine),
      deployment_(deployment),
      name_(network_name(settings, deployment)),
      own_(settings.network.empty()) {}

void Networks::ensure(Done done) {
  waiting_.push_back(std::move(done));
  if (waiting_.size() > 1) return;
  rounds_ = 0;
  own_ ? look() : look_for_given();
}

void Networks::answer(Result<void> result) {
  for (Done& done : std::exchange(waiting_, {})) done(result);
}

template <class Next>
void Networks::call(Request request, Next next) {
  engine_.call(std::move(request), [this, next = std::move(next)](Result<HttpResponse> got) mutable {
    if (!got) return answer(tl::unexpected(std::move(got.error())));
    next(*got);
  });
}

// By name or id, as the settings have it.
void Networks::look_for_given() {
  call({"GET", "/networks/" + name_, ""}, [this](const HttpResponse& got) {
    if (is_success(got)) return answer({});
    answer(tl::unexpected(error_of(got, "network " + name_)));
  });
}

void Networks::look() {
  if (++rounds_ > kMaxRounds) {
    return answer(fail(ErrorCode::internal, ErrorSource::runtime,
                       "there are several networks " + name_ + ": remove all but one of them"));
  }
  call({"GET", "/networks?filters=" + percent_encode(R"({"name":[")" + name_ + R"("]})"), ""},
       [this](const HttpResponse& got) { looked(got); });
}

void Networks::looked(const HttpResponse& got) {
  if (!is_success(got)) return answer(tl::unexpected(error_of(got, "network " + name_)));
  Result<std::vector<ListedNetwork>> found = read_networks(got.body, name_, deployment_);
  if (!found) return answer(tl::unexpected(std::move(found.error())));
  if (found->empty()) return create();
  std::vector<std::string> ids;
  for (const ListedNetwork& network : *found) {
    if (!network.ours) {
      return answer(fail(ErrorCode::conflict, ErrorSource::runtime,
                         "network " + name_ +
                             " exists and was not made for this deployment (its labels differ): rename or remove it"));
    }
    ids.push_back(network.id);
  }
  if (ids.size() == 1) return answer({});
  const std::size_t left = ids.size();
  remove_surplus(std::move(ids), left);
}

void Networks::create() {
  call({"POST", "/networks/create", network_body(deployment_, name_), kCreateTimeout}, [this](const HttpResponse& got) {
    // Somebody else may have made it just now: 409. Or made one as well: the next look sees both.
    if (!is_success(got) && got.status != 409) {
      return answer(tl::unexpected(error_of(got, "creating network " + name_)));
    }
    look();
  });
}

// One after the other, until one is left; the engine keeps those that something is attached to.
void Networks::remove_surplus(std::vector<std::string> ids, std::size_t left) {
  if (ids.empty() || left == 1) return look();
  const std::string id = std::move(ids.back());
  ids.pop_back();
  call({"DELETE", "/networks/" + id, ""}, [this, ids = std::move(ids), left](const HttpResponse& got) mutable {
    const bool gone = is_success(got) || got.status == 404;
    remove_surplus(std::move(ids), gone ? left - 1 : left);
  });
}

}  // namespace hearth::orchestrator::docker
