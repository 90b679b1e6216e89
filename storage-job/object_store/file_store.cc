#include "object_store/file_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/fd.h"
#include "base/strings.h"
#include "object_store/file_paths.h"
#include "object_store/sigv4.h"

namespace hearth::object_store {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t kPage = 100'000;  // each page walks the folder anew

class FileReader final : public ObjectReader {
 public:
  FileReader(Fd fd, std::string path, const std::atomic<bool>* cancel)
      : fd_(std::move(fd)), path_(std::move(path)), cancel_(cancel), buffer_(1u << 20, '\0') {}

  Result<std::string_view> next() override {
    if (cancel_ != nullptr && *cancel_) return fail(ErrorCode::cancelled, ErrorSource::us, "cancelled");
    const ssize_t size = ::read(fd_.get(), buffer_.data(), buffer_.size());
    if (size < 0) return fail(storage_error(errno, path_));
    return std::string_view(buffer_.data(), static_cast<std::size_t>(size));
  }

 private:
  Fd fd_;
  std::string path_;
  const std::atomic<bool>* cancel_;
  std::string buffer_;
};

class FileUpload final : public Upload {
 public:
  FileUpload(std::string path, bool if_absent, const std::atomic<bool>* cancel)
      : path_(std::move(path)), temporary_(unfinished_name(path_)), if_absent_(if_absent), cancel_(cancel) {}
  ~FileUpload() override {
    if (!finished_ && fd_) ::unlink(temporary_.c_str());
  }

  Result<void> write(std::string_view bytes) override {
    if (!fd_)
      if (auto opened = open(); !opened) return opened;
    while (!bytes.empty()) {
      if (cancel_ != nullptr && *cancel_) return fail(ErrorCode::cancelled, ErrorSource::us, "cancelled");
      const ssize_t size = ::write(fd_.get(), bytes.data(), bytes.size());
      if (size < 0 && errno == EINTR) continue;
      if (size < 0) return fail(storage_error(errno, temporary_));
      bytes.remove_prefix(static_cast<std::size_t>(size));
    }
    return {};
  }

  Result<ObjectStat> finish() override {
    if (auto opened = write({}); !opened) return fail(opened.error());
    struct stat st {};
    if (::fsync(fd_.get()) != 0 || ::fstat(fd_.get(), &st) != 0) return fail(storage_error(errno, temporary_));
    if (auto placed = place(temporary_, path_, if_absent_); !placed) return fail(placed.error());
    finished_ = true;
    return stat_of(st);
  }

 private:
  Result<void> open() {
    // Again when remove() took the empty folder away in between.
    for (int attempt = 0; !fd_ && attempt < 3; ++attempt) {
      if (auto made = make_parents(path_); !made) return made;
      fd_ = Fd(::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640));
      if (!fd_ && errno != ENOENT) break;
    }
    if (!fd_) return fail(storage_error(errno, temporary_));
    return {};
  }

  const std::string path_, temporary_;
  const bool if_absent_;
  const std::atomic<bool>* cancel_;
  Fd fd_;
  bool finished_ = false;
};

}  // namespace

FileStore::FileStore(std::string root, const std::atomic<bool>* cancel) : root_(std::move(root)), cancel_(cancel) {}

Result<std::string> FileStore::path_of(const std::string& key) const {
  for (const std::string_view part : split(key, '/'))
    if (part == ".." || part == "." || part.empty())
      return fail(ErrorCode::invalid_argument, ErrorSource::us, "not a key of a folder: " + key);
  return root_ + "/" + key;
}

Result<ObjectStat> FileStore::head(const std::string& key) {
  auto path = path_of(key);
  if (!path) return fail(path.error());
  struct stat st {};
  if (::stat(path->c_str(), &st) != 0) return fail(storage_error(errno, *path));
  if (!S_ISREG(st.st_mode)) return fail(ErrorCode::not_found, ErrorSource::storage, *path + " is no file");
  return stat_of(st);
}

Result<std::string> FileStore::get(const std::string& key, std::size_t limit) {
  auto stat = head(key);
  if (!stat) return fail(stat.error());
  if (stat->size > limit) return fail(ErrorCode::limit, ErrorSource::storage, key + " is too large");
  return get_range(key, 0, stat->size);
}

Result<std::string> FileStore::get_range(const std::string& key, std::uint64_t offset, std::size_t size) {
  auto path = path_of(key);
  if (!path) return fail(path.error());
  const Fd fd(::open(path->c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return fail(storage_error(errno, *path));
  std::string out(size, '\0');
  std::size_t got = 0;
  while (got < size) {
    const ssize_t n = ::pread(fd.get(), out.data() + got, size - got, static_cast<off_t>(offset + got));
    if (n < 0) return fail(storage_error(errno, *path));
    if (n == 0) return fail(ErrorCode::corrupt, ErrorSource::storage, *path + " is shorter than expected");
    got += static_cast<std::size_t>(n);
  }
  return out;
}

Result<std::unique_ptr<ObjectReader>> FileStore::read(const std::string& key, const ObjectStat&) {
  auto path = path_of(key);
  if (!path) return fail(path.error());
  Fd fd(::open(path->c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return fail(storage_error(errno, *path));
  ::posix_fadvise(fd.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
  return std::make_unique<FileReader>(std::move(fd), *path, cancel_);
}

Result<void> FileStore::put(const std::string& key, std::string bytes, bool if_absent) {
  auto target = upload(key, {.if_absent = if_absent});
  if (!target) return fail(target.error());
  if (auto written = (*target)->write(bytes); !written) return written;
  auto done = (*target)->finish();
  if (!done) return fail(done.error());
  return {};
}

Result<std::unique_ptr<Upload>> FileStore::upload(const std::string& key, const UploadOptions& options) {
  auto path = path_of(key);
  if (!path) return fail(path.error());
  return std::make_unique<FileUpload>(*path, options.if_absent, cancel_);
}

// A second name for the same file: objects are replaced, never written to.
Result<ObjectStat> FileStore::copy(const std::string& from, const std::string& to, const UploadOptions& options) {
  auto source = path_of(from), target = path_of(to);
  if (!source) return fail(source.error());
  if (!target) return fail(target.error());
  if (auto made = make_parents(*target); !made) return fail(made.error());
  const std::string temporary = unfinished_name(*target);
  if (::link(source->c_str(), temporary.c_str()) != 0) return fail(storage_error(errno, *source));
  auto placed = place(temporary, *target, options.if_absent);
  if (!placed) ::unlink(temporary.c_str());
  if (!placed) return fail(placed.error());
  return head(to);
}

Result<void> FileStore::remove(const std::string& key) {
  auto path = path_of(key);
  if (!path) return fail(path.error());
  if (::unlink(path->c_str()) != 0 && errno != ENOENT) return fail(storage_error(errno, *path));
  // A folder is there for what is in it.
  for (std::size_t end = path->rfind('/'); end > root_.size(); end = path->rfind('/', end - 1)) {
    if (::rmdir(path->substr(0, end).c_str()) != 0 && errno != ENOENT) break;
  }
  return {};
}

namespace {

// Keys of all files below `folder`, which may be gone by now. Whatever else keeps it from being read is an error: a
// listing with a hole would say that archives are lost.
Result<void> add_keys(const std::string& folder, const std::string& key, std::vector<std::string>& out) {
  std::error_code error;
  fs::directory_iterator it(folder, error);
  for (const fs::directory_iterator end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    std::error_code unknown;
    const fs::file_type type = it->symlink_status(unknown).type();
    if (type == fs::file_type::directory) {
      if (auto below = add_keys(folder + "/" + name, key + name + "/", out); !below) return below;
    } else if (type == fs::file_type::regular) {
      out.push_back(key + name);
    } else if (unknown && unknown != std::errc::no_such_file_or_directory) {
      return fail(storage_error(unknown.value(), folder + "/" + name));
    }
  }
  if (error && error != std::errc::no_such_file_or_directory) return fail(storage_error(error.value(), folder));
  return {};
}

}  // namespace

Result<std::vector<std::string>> FileStore::keys_below(const std::string& prefix, bool unfinished) const {
  struct stat st {};
  if (::stat(root_.empty() ? "/" : root_.c_str(), &st) != 0) {
    Error error = storage_error(errno, root_);
    if (error.code == ErrorCode::not_found) error.code = ErrorCode::unavailable;  // not mounted, perhaps
    return fail(std::move(error));
  }
  const std::size_t slash = prefix.rfind('/');
  const std::string folder = slash == std::string::npos ? std::string() : prefix.substr(0, slash);
  std::vector<std::string> out;
  if (auto read = add_keys(root_ + "/" + folder, folder.empty() ? "" : folder + "/", out); !read)
    return fail(read.error());
  std::erase_if(out,
                [&](const std::string& key) { return !key.starts_with(prefix) || is_unfinished(key) != unfinished; });
  std::sort(out.begin(), out.end());
  return out;
}

Result<ListPage> FileStore::list(const std::string& prefix, const std::string& from) {
  auto keys = keys_below(prefix, false);
  if (!keys) return fail(keys.error());
  ListPage page;
  for (const std::string& key : *keys) {
    if (!from.empty() && key <= from) continue;
    if (page.objects.size() == kPage) {
      page.next = page.objects.back().key;
      break;
    }
    struct stat st {};
    if (::stat((root_ + "/" + key).c_str(), &st) != 0) continue;
    page.objects.push_back({key, static_cast<std::uint64_t>(st.st_size), amz_date(st.st_mtim.tv_sec)});
  }
  return page;
}

Result<std::vector<OpenUpload>> FileStore::open_uploads(const std::string& prefix) {
  auto keys = keys_below(prefix, true);
  if (!keys) return fail(keys.error());
  std::vector<OpenUpload> out;
  for (const std::string& path : *keys) {
    struct stat st {};
    if (::stat((root_ + "/" + path).c_str(), &st) != 0) continue;
    out.push_back({path.substr(0, path.rfind(kUnfinished)), path, amz_date(st.st_mtim.tv_sec)});
  }
  return out;
}

Result<void> FileStore::abort_upload(const OpenUpload& upload) { return remove(upload.id); }

}  // namespace hearth::object_store
