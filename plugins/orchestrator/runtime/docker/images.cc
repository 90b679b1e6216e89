#include "orchestrator/runtime/docker/images.h"

#include "base/encoding.h"
#include "log/log.h"
#include "orchestrator/runtime/docker/wire.h"

namespace hearth::orchestrator::docker {
namespace {
constexpr Milliseconds kPullTimeout{280000};  // within the 300 s that STARTING has
}

void Images::ensure(const std::string& image, Done done) {
  if (policy_ == RuntimeSettings::Pull::always) return pull(image, std::move(done));
  engine_.call({"GET", "/images/" + image + "/json", "", Milliseconds(10000)},
               [this, image, done = std::move(done)](Result<HttpResponse> answer) mutable {
                 if (!answer) return done(tl::unexpected(std::move(answer.error())));
                 if (is_success(*answer)) return done({});
                 if (answer->status != 404) return done(tl::unexpected(error_of(*answer, "image " + image)));
                 if (policy_ == RuntimeSettings::Pull::missing) return pull(image, std::move(done));
                 done(fail(ErrorCode::not_found, ErrorSource::runtime,
                           "image " + image + " does not exist here and pull is set to never"));
               });
}

void Images::pull(const std::string& image, Done done) {
  Pull& state = pulls_[image];
  state.waiting.push_back(std::move(done));
  if (state.waiting.size() > 1) return;
  log::info("image {}: pulling", image);
  const ImageName parsed = parse_image(image);
  const std::string path = "/images/create?fromImage=" + percent_encode(parsed.name) +
                           (parsed.tag.empty() ? "" : "&tag=" + percent_encode(parsed.tag));
  engine_.stream(
      {"POST", path, "", kPullTimeout}, [this, image](std::string_view bytes) { progress(pulls_[image], bytes); },
      [this, image](Result<HttpResponse> answer) { pulled(image, std::move(answer)); });
}

void Images::progress(Pull& pull, std::string_view bytes) {
  pull.partial += bytes;
  const std::size_t end = pull.partial.rfind('\n');
  if (end == std::string::npos) return;
  const std::string error = pull_error(std::string_view(pull.partial).substr(0, end));
  if (!error.empty()) pull.error = error;
  pull.partial.erase(0, end + 1);
}

void Images::pulled(const std::string& image, Result<HttpResponse> answer) {
  auto found = pulls_.extract(image);
  Pull& pull = found.mapped();
  if (pull.error.empty()) pull.error = pull_error(pull.partial);
  Result<void> result;
  if (!answer && answer.error().code == ErrorCode::unavailable) {
    result = tl::unexpected(answer.error());  // the engine went away, not the image
  } else if (!answer) {
    result =
        fail(ErrorCode::not_found, ErrorSource::runtime, "cannot pull image " + image + ": " + answer.error().message);
  } else if (!pull.error.empty() || !is_success(*answer)) {
    if (pull.error.empty()) pull.error = message_of(*answer);
    result = fail(ErrorCode::not_found, ErrorSource::runtime, "cannot pull image " + image + ": " + pull.error);
  }
  if (result)
    log::info("image {}: pulled", image);
  else
    log::warn("{}", result.error().message);
  for (Done& done : pull.waiting) done(result);
}

}  // namespace hearth::orchestrator::docker
