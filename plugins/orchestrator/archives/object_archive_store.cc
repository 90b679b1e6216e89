#include "orchestrator/archives/object_archive_store.h"

#include <algorithm>
#include <mutex>
#include <nlohmann/json.hpp>

#include "object_store/object_store.h"
#include "orchestrator/archives/inventory.h"

namespace hearth::orchestrator {
namespace {

using object_store::ObjectStore;

constexpr std::size_t kMarkerLimit = 64u << 10;

struct Parts {
  bool data = false;
  bool meta = false;
};

Result<ArchiveSnapshot> observe_all(ObjectStore& store, const ObjectArchiveStore::Options& options,
                                    const std::vector<Uuid>& markers_of) {
  const std::string folder = archive_folder(options.prefix, options.deployment);
  std::unordered_map<Uuid, std::unordered_map<Uuid, Parts>> found;
  auto listed = for_each_object(store, folder, [&](const std::string& name) {
    const auto key = parse_archive_key(name, folder);
    if (!key) return;
    Parts& parts = found[key->workspace][key->operation];
    (key->meta ? parts.meta : parts.data) = true;
  });
  if (!listed) return fail(listed.error());
  ArchiveSnapshot snapshot;
  for (const auto& [workspace, operations] : found) {
    for (const auto& [operation, parts] : operations) {
      snapshot[workspace].archives.push_back(
          {operation, archive_key(options.prefix, options.deployment, workspace, operation), parts.data && parts.meta});
    }
  }
  for (auto& [workspace, archives] : snapshot) {
    // Equal listings are equal snapshots.
    std::sort(archives.archives.begin(), archives.archives.end(),
              [](const ObservedArchive& a, const ObservedArchive& b) { return a.operation < b.operation; });
  }
  for (const Uuid& workspace : markers_of) {
    auto text = store.get(restore_marker_key(options.prefix, options.deployment, workspace), kMarkerLimit);
    if (!text && text.error().code == ErrorCode::not_found) continue;
    if (!text) return fail(text.error());
    if (auto marker = read_restore_marker(*text, options.job_folder)) snapshot[workspace].marker = std::move(marker);
  }
  return snapshot;
}

}  // namespace

// One opened store, and the word that ends its calls.
struct ObjectArchiveStore::Session {
  std::atomic<bool> cancel{false};
  std::mutex mutex;
  std::unique_ptr<ObjectStore> store;  // guarded by mutex until it is there

  Result<ObjectStore*> open(const Open& how) {
    const std::lock_guard lock(mutex);
    if (store == nullptr) {
      auto opened = how(&cancel);
      if (!opened) return fail(opened.error());
      store = std::move(*opened);
    }
    return store.get();
  }
};

struct ObjectArchiveStore::Call {
  std::shared_ptr<Session> session;
  UniqueFunction<void(Session&)> work;         // in the pool
  UniqueFunction<const Error*()> error;        // of the work, once it has returned
  UniqueFunction<void(const Error*)> deliver;  // once: what the work brought, or this error instead
  std::unique_ptr<Timer> deadline;
  bool ended = false;  // answered; the work may still be in the pool
};

ObjectArchiveStore::ObjectArchiveStore(Loop& loop, Options options, Open open)
    : loop_(loop), options_(std::move(options)), open_(std::move(open)) {
  new_session();
}

ObjectArchiveStore::~ObjectArchiveStore() {
  session_->cancel = true;
  for (const auto& call : running_) {
    call->session->cancel = true;
    call->deadline.reset();  // the call itself lives until its work has returned
    call->deliver = nullptr;
  }
}

void ObjectArchiveStore::new_session() { session_ = std::make_shared<Session>(); }

template <class T, class Work>
void ObjectArchiveStore::run(Work work, UniqueFunction<void(Result<T>)> done) {
  struct State {
    Result<T> result = fail(ErrorCode::cancelled, ErrorSource::us, "not run");
  };
  auto state = std::make_shared<State>();
  auto call = std::make_shared<Call>();
  call->work = [state, work = std::move(work), open = open_](Session& session) mutable {
    auto store = session.open(open);
    if (store)
      state->result = work(**store);
    else
      state->result = fail(store.error());
  };
  call->error = [state]() -> const Error* { return state->result ? nullptr : &state->result.error(); };
  call->deliver = [state, done = std::move(done)](const Error* instead) mutable {
    if (instead != nullptr) return done(fail(*instead));
    done(std::move(state->result));
  };
  waiting_.push_back(std::move(call));
  // Never answered from within the call that asks.
  loop_.post([this, alive = std::weak_ptr<char>(alive_)] {
    if (!alive.expired()) begin_waiting();
  });
}

template <class T, class Work>
void ObjectArchiveStore::run_on_marked(Work work, UniqueFunction<void(Result<T>)> done) {
  run<T>(
      [options = options_, mark = mark_, work = std::move(work)](ObjectStore& store) mutable -> Result<T> {
        if (mark) {
          if (auto known = check_store_mark(store, options.prefix, options.deployment, *mark); !known)
            return fail(known.error());
        }
        return work(store);
      },
      std::move(done));
}

void ObjectArchiveStore::begin_waiting() {
  const bool stuck = std::any_of(running_.begin(), running_.end(), [](const auto& call) { return call->ended; });
  const std::weak_ptr<char> alive(alive_);
  while (!waiting_.empty() && (stuck || running_.size() < kParallel)) {
    auto call = std::move(waiting_.front());
    waiting_.pop_front();
    if (!stuck) {
      begin(std::move(call));
      continue;
    }
    const Error error{ErrorCode::unavailable, ErrorSource::storage, true, 0,
                      "the archive store has not answered an earlier call yet"};
    auto deliver = std::move(call->deliver);
    deliver(&error);
    if (alive.expired()) return;
  }
}

void ObjectArchiveStore::begin(std::shared_ptr<Call> call) {
  call->session = session_;
  call->deadline = std::make_unique<Timer>(loop_);
  call->deadline->start(options_.deadline, [this, watched = std::weak_ptr<Call>(call)] {
    if (const auto late = watched.lock()) overdue(late);
  });
  running_.push_back(call);
  loop_.queue_work([call] { call->work(*call->session); },
                   [this, call, alive = std::weak_ptr<char>(alive_)] {
                     if (!alive.expired()) returned(call);
                   });
}

void ObjectArchiveStore::returned(const std::shared_ptr<Call>& call) {
  std::erase(running_, call);
  const std::weak_ptr<char> alive(alive_);
  if (!call->ended) {
    call->ended = true;
    call->deadline.reset();
    const Error* error = call->error();
    answered(error);
    // Credentials that were refused may have been replaced meanwhile: read them again for the next call.
    if (error != nullptr && error->code == ErrorCode::permission_denied && call->session == session_) new_session();
    auto deliver = std::move(call->deliver);
    deliver(nullptr);
    if (alive.expired()) return;
  }
  begin_waiting();
}

void ObjectArchiveStore::overdue(const std::shared_ptr<Call>& call) {
  call->ended = true;
  call->session->cancel = true;
  if (call->session == session_) new_session();
  const Error error{ErrorCode::timeout, ErrorSource::storage, true, 0, "the archive store took too long to answer"};
  answered(&error);
  const std::weak_ptr<char> alive(alive_);
  auto deliver = std::move(call->deliver);
  deliver(&error);
  if (!alive.expired()) begin_waiting();
}

void ObjectArchiveStore::answered(const Error* error) { unready_ = error != nullptr ? error->message : std::string(); }

void ObjectArchiveStore::identify(bool holds_archives, UniqueFunction<void(Result<StoreMark>)> done) {
  run<StoreMark>(
      [options = options_, holds_archives](ObjectStore& store) {
        return identify_store(store, options.prefix, options.deployment, holds_archives);
      },
      std::move(done));
}

void ObjectArchiveStore::observe(std::vector<Uuid> markers_of, UniqueFunction<void(Result<ArchiveSnapshot>)> done) {
  run_on_marked<ArchiveSnapshot>([options = options_, markers_of = std::move(markers_of)](
                           ObjectStore& store) { return observe_all(store, options, markers_of); },
                       std::move(done));
}

void ObjectArchiveStore::list_all(UniqueFunction<void(Result<std::vector<StoredArchive>>)> done) {
  run_on_marked<std::vector<StoredArchive>>(
      [options = options_](ObjectStore& store) { return list_archives(store, options.prefix, options.deployment); },
      std::move(done));
}

void ObjectArchiveStore::list_uploads(UniqueFunction<void(Result<std::vector<StoredUpload>>)> done) {
  run_on_marked<std::vector<StoredUpload>>(
      [options = options_](ObjectStore& store) { return list_open_uploads(store, options.prefix, options.deployment); },
      std::move(done));
}

void ObjectArchiveStore::remove(const std::string& key, UniqueFunction<void(Result<void>)> done) {
  run_on_marked<void>([options = options_,
             key](ObjectStore& store) { return remove_archive(store, options.prefix, options.deployment, key); },
            std::move(done));
}

void ObjectArchiveStore::abort_upload(const StoredUpload& upload, UniqueFunction<void(Result<void>)> done) {
  run_on_marked<void>(
      [upload](ObjectStore& store) {
        return store.abort_upload({upload.key, upload.id, upload.initiated});
      },
      std::move(done));
}

std::optional<RestoreMarker> read_restore_marker(std::string_view text, const std::string& job_folder) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  const auto field = [&](const char* name) {
    const auto found = json.find(name);
    return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  const auto operation = Uuid::parse(field("restore_op_id"));
  std::string key = field("archive_key");
  if (!operation || !key.starts_with(job_folder)) return std::nullopt;
  key.erase(0, job_folder.size());
  return RestoreMarker{*operation, std::move(key)};
}

}  // namespace hearth::orchestrator
