#include "orchestrator/archives/inventory.h"

namespace hearth::orchestrator {
namespace {

using object_store::ObjectStore;

constexpr std::size_t kMarkLimit = 256;

tl::unexpected<Error> other_store(const std::string& what) {
  return fail(ErrorCode::conflict, ErrorSource::storage, "this is not the archive store that the database knows: " + what);
}

// nullopt: there is none.
Result<std::optional<Uuid>> read_mark(ObjectStore& store, const std::string& key) {
  auto text = store.get(key, kMarkLimit);
  if (!text && text.error().code == ErrorCode::not_found) return std::nullopt;
  if (!text) return fail(text.error());
  while (!text->empty() && (text->back() == '\n' || text->back() == '\r')) text->pop_back();
  const auto mark = Uuid::parse(*text);
  if (!mark) return other_store(key + " holds no UUID");
  return mark;
}

}  // namespace

Result<StoreMark> identify_store(ObjectStore& store, const std::string& prefix, const std::string& deployment,
                                 bool holds_archives) {
  const std::string key = store_mark_key(prefix, deployment);
  auto mark = read_mark(store, key);
  if (!mark) return fail(mark.error());
  if (*mark) return StoreMark{**mark, false};
  if (holds_archives) {
    auto archives = list_archives(store, prefix, deployment);
    if (!archives) return fail(archives.error());
    if (archives->empty()) {
      return other_store("there are archived workspaces, and below " + archive_folder(prefix, deployment) +
                         " there is no archive. Is its file system mounted, its bucket the right one?");
    }
  }
  const Uuid fresh = Uuid::random();
  // Somebody else's that came first is as good; what is there now counts.
  if (auto put = store.put(key, fresh.text() + "\n", true); !put && put.error().code != ErrorCode::already_exists)
    return fail(put.error());
  mark = read_mark(store, key);
  if (!mark) return fail(mark.error());
  if (!*mark) return fail(ErrorCode::protocol, ErrorSource::storage, key + " was stored and is absent");
  return StoreMark{**mark, **mark == fresh};
}

Result<void> check_store_mark(ObjectStore& store, const std::string& prefix, const std::string& deployment,
                              const Uuid& expected) {
  const std::string key = store_mark_key(prefix, deployment);
  const auto mark = read_mark(store, key);
  if (!mark) return fail(mark.error());
  if (*mark && **mark == expected) return {};
  const std::string remedy = ". Is its file system mounted, its bucket the right one? If this is the one that holds the "
                             "archives of the database, store " + expected.text() + " as " + key;
  return other_store(key + (*mark ? " says " + (*mark)->text() + ", not " + expected.text() : " is missing") + remedy);
}

}  // namespace hearth::orchestrator
