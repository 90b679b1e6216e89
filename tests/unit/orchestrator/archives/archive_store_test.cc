// ObjectArchiveStore over a real directory, and over a store that fails, pages and hangs as told.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>

#include "object_store/object_store.h"
#include "orchestrator/archives/object_archive_store.h"
#include "support/loop_until.h"

namespace hearth::orchestrator {
namespace {

namespace fs = std::filesystem;
using object_store::ListPage;
using object_store::ObjectStore;

// A store of keys; only what ArchiveStore needs does anything.
class ScriptedStore final : public ObjectStore {
 public:
  struct Script {
    std::vector<ListPage> pages;
    std::size_t fails_on = 100;  // this page is an error
    std::mutex mutex;
    std::condition_variable changed;
    bool hang = false;  // guarded by mutex; list() waits while it is set
    int lists = 0;
    int opened = 0;
    std::vector<std::string> removed;
    std::vector<object_store::OpenUpload> uploads;
    std::vector<std::string> aborted;
  };
  explicit ScriptedStore(std::shared_ptr<Script> script) : script_(std::move(script)) {}

  Result<ListPage> list(const std::string&, const std::string& from) override {
    std::unique_lock lock(script_->mutex);
    ++script_->lists;
    script_->changed.wait(lock, [&] { return !script_->hang; });
    const std::size_t page = from.empty() ? 0 : std::stoul(from);
    if (page == script_->fails_on) return fail(ErrorCode::unavailable, ErrorSource::storage, "503 SlowDown", true);
    return script_->pages.at(page);
  }
  Result<void> remove(const std::string& key) override {
    const std::lock_guard lock(script_->mutex);
    script_->removed.push_back(key);
    return {};
  }
  Result<std::string> get(const std::string&, std::size_t) override { return absent(); }
  Result<object_store::ObjectStat> head(const std::string&) override { return absent(); }
  Result<std::string> get_range(const std::string&, std::uint64_t, std::size_t) override { return absent(); }
  Result<std::unique_ptr<object_store::ObjectReader>> read(const std::string&,
                                                           const object_store::ObjectStat&) override {
    return absent();
  }
  Result<void> put(const std::string&, std::string, bool) override { return absent(); }
  Result<std::unique_ptr<object_store::Upload>> upload(const std::string&,
                                                       const object_store::UploadOptions&) override {
    return absent();
  }
  Result<std::vector<object_store::OpenUpload>> open_uploads(const std::string&) override { return script_->uploads; }
  Result<void> abort_upload(const object_store::OpenUpload& upload) override {
    script_->aborted.push_back(upload.key + " " + upload.id);
    return {};
  }

 private:
  static tl::unexpected<Error> absent() { return fail(ErrorCode::not_found, ErrorSource::storage, "absent"); }
  std::shared_ptr<Script> script_;
};

class ArchiveStoreTest : public testing::Test {
 protected:
  using Script = ScriptedStore::Script;

  ~ArchiveStoreTest() override {
    release();
    store_.reset();
  }
  void release() {
    const std::lock_guard lock(script_->mutex);
    script_->hang = false;
    script_->changed.notify_all();
  }
  void hang() {
    const std::lock_guard lock(script_->mutex);
    script_->hang = true;
  }
  ArchiveStore& scripted(Milliseconds deadline = Milliseconds(5000)) {
    store_ = std::make_unique<ObjectArchiveStore>(
        loop_, ObjectArchiveStore::Options{"main", "pre", "", deadline},
        [script = script_](const std::atomic<bool>*) -> Result<std::unique_ptr<ObjectStore>> {
          const std::lock_guard lock(script->mutex);
          ++script->opened;
          return std::make_unique<ScriptedStore>(script);
        });
    return *store_;
  }
  template <class T, class F>
  Result<T> wait(F&& call) {
    std::optional<Result<T>> result;
    call([&result](Result<T> answer) { result = std::move(answer); });
    EXPECT_FALSE(result) << "answered from within the call";
    if (!test::run_until(loop_, [&] { return result.has_value(); }))
      return fail(ErrorCode::timeout, ErrorSource::us, "never answered");
    return std::move(*result);
  }
  Result<ArchiveSnapshot> observe(ArchiveStore& store, std::vector<Uuid> markers_of = {}) {
    return wait<ArchiveSnapshot>([&](auto done) { store.observe(markers_of, std::move(done)); });
  }
  Result<void> remove(ArchiveStore& store, const std::string& key) {
    return wait<void>([&](auto done) { store.remove(key, std::move(done)); });
  }
  static ListPage page(std::vector<std::string> keys, std::string next) {
    ListPage out;
    for (std::string& key : keys) out.objects.push_back({std::move(key), 1, ""});
    out.next = std::move(next);
    return out;
  }

  Loop loop_;
  std::shared_ptr<Script> script_ = std::make_shared<Script>();
  std::unique_ptr<ArchiveStore> store_;
  const Uuid one_ = Uuid::random(), two_ = Uuid::random(), op_ = Uuid::random(), other_ = Uuid::random();
};

TEST_F(ArchiveStoreTest, CompleteMeansDataAndMetaWhateverPageTheyAreOn) {
  const std::string whole = archive_key("pre", "main", one_, op_);
  const std::string data_only = archive_key("pre", "main", one_, other_);
  const std::string meta_only = archive_key("pre", "main", two_, op_);
  script_->pages = {page({"pre/main/" + one_.text() + "/.restore_marker", whole}, "1"),
                    page({whole + ".meta", data_only, data_only + ".metal", "pre/main/junk"}, "2"),
                    page({meta_only + ".meta", "pre/other/" + one_.text() + "/x"}, "")};
  const auto seen = observe(scripted());
  ASSERT_TRUE(seen) << seen.error().message;
  ASSERT_EQ(seen->size(), 2u);
  ASSERT_EQ(seen->at(one_).archives.size(), 2u);
  for (const ObservedArchive& archive : seen->at(one_).archives) {
    EXPECT_EQ(archive.complete, archive.operation == op_);
    EXPECT_EQ(archive.key, archive.operation == op_ ? whole : data_only);
  }
  ASSERT_EQ(seen->at(two_).archives.size(), 1u);
  EXPECT_FALSE(seen->at(two_).archives[0].complete);
  EXPECT_EQ(seen->at(two_).archives[0].key, meta_only);
  EXPECT_EQ(store_->unready_reason(), "");
}

TEST_F(ArchiveStoreTest, AMissingPageIsNoAnswer) {
  script_->pages = {page({archive_key("pre", "main", one_, op_)}, "1"), page({}, "")};
  script_->fails_on = 1;
  const auto seen = observe(scripted());
  ASSERT_FALSE(seen);
  EXPECT_EQ(seen.error().code, ErrorCode::unavailable);
  EXPECT_EQ(store_->unready_reason(), "503 SlowDown");
  script_->fails_on = 100;
  EXPECT_TRUE(observe(*store_));
  EXPECT_EQ(store_->unready_reason(), "");
}

TEST_F(ArchiveStoreTest, APageThatRepeatsItselfEndsTheListing) {
  script_->pages = {page({}, "1"), page({}, "1")};
  EXPECT_EQ(observe(scripted()).error().code, ErrorCode::protocol);
}

TEST_F(ArchiveStoreTest, TheCommitMarkerGoesFirst) {
  const std::string key = archive_key("pre", "main", one_, op_);
  ASSERT_TRUE(remove(scripted(), key));
  EXPECT_EQ(script_->removed, (std::vector<std::string>{key + ".meta", key}));
}

TEST_F(ArchiveStoreTest, NothingIsRemovedThatIsNotOfThisDeployment) {
  scripted();
  for (const std::string& key :
       {archive_key("pre", "other", one_, op_), archive_key("", "main", one_, op_),
        archive_key("pre", "main", one_, op_) + ".meta", std::string("pre/main/junk"), std::string(),
        "pre/main/" + one_.text() + "/.restore_marker.old", restore_marker_key("pre", "other", one_)}) {
    const auto removed = remove(*store_, key);
    ASSERT_FALSE(removed) << key;
    EXPECT_EQ(removed.error().code, ErrorCode::invalid_argument);
  }
  EXPECT_TRUE(script_->removed.empty());
  ASSERT_TRUE(remove(*store_, restore_marker_key("pre", "main", one_)));
  EXPECT_EQ(script_->removed, std::vector<std::string>{restore_marker_key("pre", "main", one_)});
}

TEST_F(ArchiveStoreTest, ListsEveryArchiveAndMarkerOfThisDeployment) {
  const std::string whole = archive_key("pre", "main", one_, op_);
  const std::string data_only = archive_key("pre", "main", one_, other_);
  const std::string meta_only = archive_key("pre", "main", two_, op_);
  const std::string marker = restore_marker_key("pre", "main", two_);
  script_->pages = {page({whole, whole + ".meta", data_only, "pre/main/junk", marker + "x"}, "1"),
                    page({meta_only + ".meta", marker}, "")};
  const auto list = [&] {
    return wait<std::vector<StoredArchive>>([&](auto done) { store_->list_all(std::move(done)); });
  };
  scripted();
  const auto all = list();
  ASSERT_TRUE(all) << all.error().message;
  for (const StoredArchive& wanted : {StoredArchive{one_, op_, whole}, StoredArchive{one_, other_, data_only},
                                      StoredArchive{two_, op_, meta_only}, StoredArchive{two_, {}, marker}})
    EXPECT_NE(std::find(all->begin(), all->end(), wanted), all->end()) << wanted.key;
  EXPECT_EQ(all->size(), 4u);
  script_->fails_on = 1;
  EXPECT_EQ(list().error().code, ErrorCode::unavailable) << "half a listing is none";
}

TEST_F(ArchiveStoreTest, ListsAndAbortsUploadsOfThisDeployment) {
  const StoredUpload mine{one_, op_, archive_key("pre", "main", one_, op_), "u1", "2026-01-01T00:00:00Z"};
  script_->uploads = {{mine.key, mine.id, mine.initiated},
                      {mine.key + ".meta", "u2", ""},
                      {restore_marker_key("pre", "main", two_), "u3", ""},
                      {"pre/main/junk", "u4", ""},
                      {archive_key("pre", "other", one_, op_), "u5", ""}};
  scripted();
  const auto all = wait<std::vector<StoredUpload>>([&](auto done) { store_->list_uploads(std::move(done)); });
  ASSERT_TRUE(all) << all.error().message;
  ASSERT_EQ(all->size(), 3u);
  EXPECT_EQ(all->front(), mine);
  EXPECT_EQ(all->back().workspace, two_);
  EXPECT_FALSE(all->back().operation);
  ASSERT_TRUE(wait<void>([&](auto done) { store_->abort_upload(mine, std::move(done)); }));
  EXPECT_EQ(script_->aborted, std::vector<std::string>{mine.key + " u1"});
}

TEST_F(ArchiveStoreTest, ACallThatNeverReturnsIsLeftBehind) {
  script_->pages = {page({}, "")};
  hang();
  ArchiveStore& store = scripted(Milliseconds(50));
  EXPECT_EQ(observe(store).error().code, ErrorCode::timeout);
  EXPECT_NE(store.unready_reason(), "");
  for (int i = 0; i < 10; ++i) {
    const auto again = observe(store);
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, ErrorCode::unavailable) << "at once, and without another thread of the pool";
  }
  {
    const std::lock_guard lock(script_->mutex);
    EXPECT_EQ(script_->lists, 1);
  }
  release();
  ASSERT_TRUE(test::run_until(loop_, [&] { return observe(store).has_value(); }));
  EXPECT_EQ(script_->opened, 2) << "the one that hung is not used again";
}

TEST_F(ArchiveStoreTest, DestroyingItSilencesWhatIsUnderWay) {
  script_->pages = {page({}, "")};
  hang();
  int answers = 0;
  scripted(Milliseconds(20)).observe({}, [&](const Result<ArchiveSnapshot>&) { ++answers; });
  ASSERT_TRUE(test::run_until(loop_, [&] {
    const std::lock_guard lock(script_->mutex);
    return script_->lists == 1;
  }));
  store_.reset();
  release();
  test::run_for(loop_, Milliseconds(60));
  EXPECT_EQ(answers, 0);
}

TEST_F(ArchiveStoreTest, AtMostTwoCallsTakeThreadsOfThePool) {
  script_->pages = {page({}, "")};
  hang();
  ArchiveStore& store = scripted();
  int answers = 0;
  for (int i = 0; i < 6; ++i) store.observe({}, [&](const Result<ArchiveSnapshot>& seen) { answers += seen ? 1 : 0; });
  ASSERT_TRUE(test::run_until(loop_, [&] {
    const std::lock_guard lock(script_->mutex);
    return script_->lists == 2;
  }));
  test::run_for(loop_, Milliseconds(30));
  {
    const std::lock_guard lock(script_->mutex);
    EXPECT_EQ(script_->lists, 2);
  }
  release();
  EXPECT_TRUE(test::run_until(loop_, [&] { return answers == 6; }));
}

class DirectoryTest : public ArchiveStoreTest {
 protected:
  DirectoryTest() {
    char name[] = "/tmp/hearth-archives-XXXXXX";
    root_ = mkdtemp(name);
    settings_.archives.directory = root_ / "store";
  }
  ~DirectoryTest() override {
    fs::permissions(root_, fs::perms::owner_all);
    fs::remove_all(root_);
  }
  void write(const std::string& key, const std::string& text = "x") {
    const fs::path path = root_ / "store" / key;
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  std::string key(const Uuid& workspace, const Uuid& operation) {
    return archive_key("", "main", workspace, operation);
  }

  fs::path root_;
  OrchestratorSettings settings_;
};

class StoreMarkTest : public DirectoryTest {
 protected:
  StoreMarkTest() { store_ = open_archive_store(loop_, settings_); }
  Result<StoreMark> identify(bool holds_archives) {
    return wait<StoreMark>([&](auto done) { store_->identify(holds_archives, std::move(done)); });
  }
  fs::path mark() const { return root_ / "store/main/.hearth_store"; }
};

TEST_F(StoreMarkTest, IsPlacedOnceAndFoundAgain) {
  const auto first = identify(false);
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_TRUE(first->placed);
  EXPECT_TRUE(fs::exists(mark()));
  for (const bool holds_archives : {false, true}) {
    const auto again = identify(holds_archives);
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_FALSE(again->placed);
    EXPECT_EQ(again->id, first->id);
  }
}

TEST_F(StoreMarkTest, AnEmptyDirectoryIsNoStoreOfArchives) {
  const auto refused = identify(true);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::conflict);
  EXPECT_FALSE(fs::exists(mark()));
  EXPECT_NE(store_->unready_reason(), "");
  write(key(one_, op_));
  const auto older = identify(true);
  ASSERT_TRUE(older) << "archives of a program that placed no mark: " << older.error().message;
  EXPECT_TRUE(older->placed);
}

TEST_F(StoreMarkTest, WithoutTheExpectedMarkNothingIsListedOrRemoved) {
  const auto placed = identify(false);
  ASSERT_TRUE(placed) << placed.error().message;
  store_->expect(placed->id);
  write(key(one_, op_));
  ASSERT_TRUE(observe(*store_));
  for (const std::string& text : {std::string(), std::string("rubbish"), Uuid::random().text() + "\n"}) {
    fs::remove(mark());
    if (!text.empty()) write("main/.hearth_store", text);
    const auto seen = observe(*store_);
    ASSERT_FALSE(seen) << text;
    EXPECT_EQ(seen.error().code, ErrorCode::conflict);
    EXPECT_NE(store_->unready_reason().find("main/.hearth_store"), std::string::npos);
    EXPECT_FALSE(wait<std::vector<StoredArchive>>([&](auto done) { store_->list_all(std::move(done)); }));
    EXPECT_FALSE(wait<std::vector<StoredUpload>>([&](auto done) { store_->list_uploads(std::move(done)); }));
    EXPECT_FALSE(remove(*store_, key(one_, op_)));
    EXPECT_TRUE(fs::exists(root_ / "store" / key(one_, op_)));
  }
  write("main/.hearth_store", placed->id.text());
  EXPECT_TRUE(observe(*store_)) << "as the message advises";
}

TEST_F(DirectoryTest, ListsRemovesAndReadsMarkersAsStorageJobWritesThem) {
  store_ = open_archive_store(loop_, settings_);
  auto seen = observe(*store_, {one_});
  ASSERT_TRUE(seen) << seen.error().message;
  EXPECT_TRUE(seen->empty());
  EXPECT_TRUE(fs::is_directory(root_ / "store")) << "made at first use";

  write(key(one_, op_));
  write(key(one_, op_) + ".meta");
  write(key(one_, other_));
  write(key(one_, other_) + ".unfinished-0123");
  write("elsewhere/" + key(two_, op_));
  // A job sees the directory at /archives, and its keys are relative to the root.
  write("main/" + one_.text() + "/.restore_marker", R"({"restore_op_id":")" + other_.text() +
                                                        R"(","archive_key":"archives/)" + key(one_, op_) +
                                                        R"(","restored_at":"2026-01-01T00:00:00Z","tree":"t"})"
                                                        "\n");
  write("main/" + two_.text() + "/.restore_marker", "rubbish");
  seen = observe(*store_, {one_, two_, Uuid::random()});
  ASSERT_TRUE(seen) << seen.error().message;
  const WorkspaceArchives& mine = seen->at(one_);
  ASSERT_EQ(mine.archives.size(), 2u);
  for (const ObservedArchive& archive : mine.archives) EXPECT_EQ(archive.complete, archive.operation == op_);
  ASSERT_TRUE(mine.marker);
  EXPECT_EQ(mine.marker->operation, other_);
  EXPECT_EQ(mine.marker->archive_key, key(one_, op_)) << "as the coordinator calls it";
  EXPECT_FALSE(seen->contains(two_));
  EXPECT_FALSE(observe(*store_)->at(one_).marker) << "read only where it was asked for";

  for (int twice = 0; twice < 2; ++twice) ASSERT_TRUE(remove(*store_, key(one_, op_)));
  EXPECT_FALSE(fs::exists(root_ / "store" / key(one_, op_)));
  EXPECT_EQ(observe(*store_)->at(one_).archives.size(), 1u);
}

TEST_F(DirectoryTest, FoldersGoWithWhatWasInThem) {
  store_ = open_archive_store(loop_, settings_);
  for (const Uuid& operation : {op_, other_}) write(key(one_, operation));
  ASSERT_TRUE(remove(*store_, key(one_, op_)));
  EXPECT_FALSE(fs::exists(root_ / "store/main" / one_.text() / op_.text()));
  EXPECT_TRUE(fs::exists(root_ / "store" / key(one_, other_)));
  ASSERT_TRUE(remove(*store_, key(one_, other_)));
  EXPECT_FALSE(fs::exists(root_ / "store/main"));
  EXPECT_TRUE(fs::exists(root_ / "store")) << "the store itself stays";
}

TEST_F(DirectoryTest, AnUnfinishedFileIsAnUploadToAbort) {
  store_ = open_archive_store(loop_, settings_);
  write(key(one_, op_) + ".unfinished-0123");
  const auto uploads = wait<std::vector<StoredUpload>>([&](auto done) { store_->list_uploads(std::move(done)); });
  ASSERT_TRUE(uploads) << uploads.error().message;
  ASSERT_EQ(uploads->size(), 1u);
  EXPECT_EQ(uploads->front().operation, op_);
  ASSERT_TRUE(wait<void>([&](auto done) { store_->abort_upload(uploads->front(), std::move(done)); }));
  EXPECT_TRUE(fs::is_empty(root_ / "store"));
}

TEST_F(DirectoryTest, IsNotMadeForOneWhoOnlyLooks) {
  store_ = open_archive_store(loop_, settings_, false);
  EXPECT_FALSE(observe(*store_));
  EXPECT_FALSE(fs::exists(root_ / "store"));
}

TEST_F(DirectoryTest, ADirectoryThatIsNotThereIsNotAnEmptyOne) {
  store_ = open_archive_store(loop_, settings_);
  write(key(one_, op_));
  ASSERT_TRUE(observe(*store_));
  fs::rename(root_ / "store", root_ / "gone");
  const auto seen = observe(*store_);
  ASSERT_FALSE(seen) << "archives would seem lost";
  EXPECT_EQ(seen.error().code, ErrorCode::unavailable);
  fs::rename(root_ / "gone", root_ / "store");
  EXPECT_TRUE(observe(*store_));
}

TEST_F(DirectoryTest, AFolderThatCannotBeReadFailsTheWholeListing) {
  store_ = open_archive_store(loop_, settings_);
  write(key(one_, op_));
  // A file where a folder should be readable: a link that leads nowhere is not followed, a loop is an error to no one.
  fs::create_symlink("loop", root_ / "store" / "loop");
  ASSERT_TRUE(observe(*store_));
  fs::rename(root_ / "store" / "main", root_ / "store" / "real");
  fs::create_symlink("main", root_ / "store" / "main");
  const auto seen = observe(*store_);
  ASSERT_FALSE(seen) << "a folder that cannot be opened is not an empty one";
}

TEST(RestoreMarkers, SayNothingUnlessTheyAreWhole) {
  const std::string op = "0a0a0a0a-58a4-4d1c-9b2e-0a1b2c3d4e5f";
  EXPECT_TRUE(read_restore_marker(R"({"restore_op_id":")" + op + R"(","archive_key":"p/k"})", ""));
  EXPECT_FALSE(read_restore_marker(R"({"restore_op_id":")" + op + R"(","archive_key":"p/k"})", "archives/"));
  for (const char* text : {"", "[]", "{}", R"({"restore_op_id":"x","archive_key":"k"})", R"({"restore_op_id":7})"})
    EXPECT_FALSE(read_restore_marker(text, "")) << text;
}

}  // namespace
}  // namespace hearth::orchestrator
