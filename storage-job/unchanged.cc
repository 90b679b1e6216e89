#include "unchanged.h"

#include "archive_stream.h"

namespace hearth::storage_job {
namespace {

bool in_same_store(const std::string& one, const std::string& other) {
  const auto a = object_store::parse_url(one), b = object_store::parse_url(other);
  return a && b && a->s3 == b->s3 && a->bucket == b->bucket;
}

bool restored_from(const Job& job, const std::string& key, const std::string& tree) {
  if (job.settings.marker_url.empty()) return false;
  const auto place = open_place(job, job.settings.marker_url);
  if (!place) return false;
  const auto text = place->store->get(place->key, kMetaLimit);
  const auto marker = text ? parse_marker(*text) : fail(text.error());
  return marker && marker->archive_key == key && marker->tree == tree;
}

}  // namespace

std::optional<Unchanged> find_unchanged(const Job& job, const Place& target, const std::string& tree) {
  const Settings& settings = job.settings;
  if (tree.empty() || settings.previous_url.empty() || !in_same_store(settings.previous_url, settings.archive_url))
    return std::nullopt;
  const std::string key = object_store::parse_url(settings.previous_url)->key;
  if (key == target.key) return std::nullopt;
  auto previous = find_archive(*target.store, key);
  if (!previous) {
    job.report.step("no-previous", {{"url", settings.previous_url}, {"message", previous.error().message}});
    return std::nullopt;
  }
  if (previous->meta.tree != tree && !restored_from(job, key, tree)) return std::nullopt;
  return Unchanged{key, std::move(previous->meta)};
}

}  // namespace hearth::storage_job
