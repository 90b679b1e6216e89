// ObjectArchiveStore: an ArchiveStore over any ObjectStore (storage-job/object_store), a directory as well as a bucket.
//
// That store's calls block, so they are made on the loop's thread pool, two at a time. One that has not returned at its
// deadline is answered `timeout`, told to stop, and left behind; until it has returned nothing new is begun, so that a
// dead filesystem takes at most those two threads of the pool. Thread: the loop's.
#pragma once

#include <atomic>
#include <deque>
#include <functional>

#include "orchestrator/archives/archive_store.h"
#include "orchestrator/settings.h"
#include "runtime/loop.h"
#include "runtime/timer.h"

namespace hearth::object_store {
class ObjectStore;
}

namespace hearth::orchestrator {

class ObjectArchiveStore final : public ArchiveStore {
 public:
  static constexpr Milliseconds kDeadline{5000};
  static constexpr unsigned kParallel = 2;

  // Makes the store, on a thread of the pool; `cancel` ends its calls and outlives it. Called again after a deadline
  // was missed and after a refusal: credentials may have changed.
  using Open = std::function<Result<std::unique_ptr<object_store::ObjectStore>>(const std::atomic<bool>* cancel)>;

  struct Options {
    std::string deployment;
    std::string prefix;      // of every key
    std::string job_folder;  // what storage jobs put before a key of this store (job_access.h); empty for a bucket
    Milliseconds deadline = kDeadline;
  };

  ObjectArchiveStore(Loop& loop, Options options, Open open);
  ~ObjectArchiveStore() override;

  void identify(bool holds_archives, UniqueFunction<void(Result<StoreMark>)> done) override;
  void expect(const Uuid& mark) override { mark_ = mark; }
  void observe(std::vector<Uuid> markers_of, UniqueFunction<void(Result<ArchiveSnapshot>)> done) override;
  void list_all(UniqueFunction<void(Result<std::vector<StoredArchive>>)> done) override;
  void list_uploads(UniqueFunction<void(Result<std::vector<StoredUpload>>)> done) override;
  void remove(const std::string& key, UniqueFunction<void(Result<void>)> done) override;
  void abort_upload(const StoredUpload& upload, UniqueFunction<void(Result<void>)> done) override;
  std::string unready_reason() const override { return unready_; }
  const std::string& prefix() const override { return options_.prefix; }

 private:
  struct Session;
  struct Call;

  template <class T, class Work>
  void run(Work work, UniqueFunction<void(Result<T>)> done);
  template <class T, class Work>
  void run_on_marked(Work work, UniqueFunction<void(Result<T>)> done);
  void begin(std::shared_ptr<Call> call);
  void returned(const std::shared_ptr<Call>& call);
  void overdue(const std::shared_ptr<Call>& call);
  void begin_waiting();
  void answered(const Error* error);
  void new_session();

  Loop& loop_;
  const Options options_;
  const Open open_;
  std::optional<Uuid> mark_;  // what the store must bear
  std::string unready_ = "the archive store has not answered yet";
  std::shared_ptr<Session> session_;
  std::vector<std::shared_ptr<Call>> running_;  // in the pool
  std::deque<std::shared_ptr<Call>> waiting_;
  std::shared_ptr<char> alive_ = std::make_shared<char>();
};

// "<folder><workspace>/<operation>/home.tar.zst[.meta]"; nullopt for every other key. `folder` ends with a slash.
struct ArchiveKey {
  Uuid workspace;
  Uuid operation;
  bool meta = false;
};
std::optional<ArchiveKey> parse_archive_key(std::string_view key, std::string_view folder);
// "<folder><workspace>/.restore_marker"; nullopt for every other key.
std::optional<Uuid> parse_marker_key(std::string_view key, std::string_view folder);
// {"restore_op_id", "archive_key"} as storage-job writes them; nullopt when it says nothing usable. `job_folder` as
// above.
std::optional<RestoreMarker> read_restore_marker(std::string_view text, const std::string& job_folder);

// The store that the configuration names: a directory (made when it is missing, unless `make` says otherwise) or a
// bucket.
std::unique_ptr<ArchiveStore> open_archive_store(Loop& loop, const OrchestratorSettings& settings, bool make = true);

}  // namespace hearth::orchestrator
