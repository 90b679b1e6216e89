#include "job.h"

namespace hearth::storage_job {

Outcome<Place> open_place(const Job& job, const std::string& url) {
  auto location = object_store::parse_url(url);
  if (!location) return fail_with(location.error());
  auto store = object_store::open_store(*location, job.settings.s3);
  if (!store) return fail_with(store.error());
  return Place{std::move(*store), location->key};
}

Outcome<void> check_cancel(const Job& job) {
  if (job.cancel) return fail_with(Exit::terminated, "terminated");
  return {};
}

}  // namespace hearth::storage_job
