#include "orchestrator/gc/search.h"

namespace hearth::orchestrator::gc {
namespace {

// Lives in the callback that it waits for.
class Search : public std::enable_shared_from_this<Search> {
 public:
  Search(const SearchLinks& links, const Lifeline& lifeline, UniqueFunction<void(Result<Found>)> done)
      : links_(links), lifeline_(lifeline), done_(std::move(done)) {}

  void list_volumes() {
    if (!links_.volumes) return list_archives();
    links_.runtime.list_volumes(
        lifeline_.guard([this, self = shared_from_this()](Result<WorkspaceRuntime::Volumes> volumes) {
          if (listed(Kind::volume, volumes)) {
            for (const auto& [workspace, list] : *volumes) {
              for (const ObservedVolume& volume : list)
                if (!volume.foreign) resources_.push_back(volume_resource(workspace, volume.name));
            }
          }
          list_archives();
        }));
  }

 private:
  void list_archives() {
    if (!links_.archived) return read_rows();
    links_.archives.list_all(
        lifeline_.guard([this, self = shared_from_this()](Result<std::vector<StoredArchive>> archives) {
          add(Kind::archive, archives);
          list_uploads();
        }));
  }

  void list_uploads() {
    links_.archives.list_uploads(
        lifeline_.guard([this, self = shared_from_this()](Result<std::vector<StoredUpload>> uploads) {
          add(Kind::upload, uploads);
          read_rows();
        }));
  }

  void read_rows() {
    std::vector<Uuid> ids;
    for (const Resource& resource : resources_) ids.push_back(resource.workspace);
    links_.store.rows(std::move(ids), lifeline_.guard([this, self = shared_from_this()](Result<GcStore::Rows> rows) {
      if (!rows) return done_(fail(std::move(rows.error())));
      for (Resource& resource : resources_) {
        const auto found = rows->find(resource.workspace);
        const Row* row = found == rows->end() ? nullptr : &found->second;
        const std::string_view why = why_orphan(resource, row);
        if (why.empty()) continue;
        std::string proof = proof_of(resource, row);
        unneeded_.push_back({std::move(resource), why, std::move(proof)});
      }
      read_proofs();
    }));
  }

  void read_proofs() {
    std::vector<std::string> names;
    for (const Orphan& orphan : unneeded_)
      if (!orphan.proof.empty()) names.push_back(orphan.proof);
    links_.store.released(
        std::move(names), lifeline_.guard([this, self = shared_from_this()](Result<GcStore::Names> released) {
          if (!released) return done_(fail(std::move(released.error())));
          for (Orphan& orphan : unneeded_) {
            const bool proven = orphan.proof.empty() || released->contains(orphan.proof);
            (proven ? found_.orphans : found_.unknown)[orphan.resource.kind].push_back(std::move(orphan));
          }
          done_(std::move(found_));
        }));
  }

  template <class T>
  bool listed(Kind kind, const Result<T>& list) {
    if (list)
      found_.orphans[kind];
    else
      found_.failed[kind] = list.error();
    return list.has_value();
  }

  template <class T>
  void add(Kind kind, const Result<std::vector<T>>& list) {
    if (!listed(kind, list)) return;
    for (const T& entry : *list) resources_.push_back(resource_of(entry));
  }

  const SearchLinks links_;
  const Lifeline& lifeline_;
  UniqueFunction<void(Result<Found>)> done_;
  std::vector<Resource> resources_;
  std::vector<Orphan> unneeded_;
  Found found_;
};

}  // namespace

void search(const SearchLinks& links, const Lifeline& lifeline, UniqueFunction<void(Result<Found>)> done) {
  std::make_shared<Search>(links, lifeline, std::move(done))->list_volumes();
}

}  // namespace hearth::orchestrator::gc
