#include "tar/tar_reader.h"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>

#include "base/check.h"
#include "base/encoding.h"
#include "base/strings.h"
#include "tar/acl_entry.h"

namespace hearth::tar {
namespace {

constexpr std::uint64_t kEndBlocks = 1024;

// "./a/b/" is "a/b", "./" and "." are the root.
std::string plain(const char* text) {
  std::string_view path(text);
  while (path.starts_with("./")) path.remove_prefix(2);
  while (path.ends_with('/') && path.size() > 1) path.remove_suffix(1);
  return std::string(path == "." ? "" : path);
}

Type type_of(archive_entry* entry) {
  if (archive_entry_hardlink(entry) != nullptr) return Type::hardlink;
  switch (archive_entry_filetype(entry)) {
    case AE_IFREG:
      return Type::file;
    case AE_IFDIR:
      return Type::folder;
    case AE_IFLNK:
      return Type::symlink;
    default:
      return Type::other;
  }
}

void take_xattrs(archive_entry* entry, Item& item) {
  archive_entry_xattr_reset(entry);
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  while (archive_entry_xattr_next(entry, &name, &value, &size) == ARCHIVE_OK)
    if (name != nullptr)
      // A PAX keyword ends at its first '=', so writers escape it in the name; libarchive leaves it escaped.
      item.xattrs.emplace_back(percent_decode(name).value_or(name), std::string(static_cast<const char*>(value), size));
}

}  // namespace

bool path_is_safe(std::string_view path) {
  if (path.find('\0') != std::string_view::npos) return false;
  for (const std::string_view part : split(path, '/'))
    if (part.empty() || part == "." || part == ".." || part.size() > 255) return false;
  return true;
}

TarReader::TarReader(Input input) : input_(std::move(input)), archive_(archive_read_new()) {
  HEARTH_CHECK(archive_ != nullptr && archive_read_support_format_tar(archive_) == ARCHIVE_OK);
}

TarReader::~TarReader() { archive_read_free(archive_); }

std::uint64_t TarReader::position() const { return static_cast<std::uint64_t>(archive_read_header_position(archive_)); }

tl::unexpected<Error> TarReader::broken(std::string_view what) {
  if (error_) return fail(*error_);
  return fail(ErrorCode::corrupt, ErrorSource::storage, fmt::format("the archive is damaged: {}", what));
}

Result<std::string_view> TarReader::pull() {
  auto bytes = input_();
  if (!bytes) return bytes;
  total_ += bytes->size();
  if (auto sound = check_.feed(*bytes); !sound) return fail(sound.error());
  const std::size_t last = bytes->find_last_not_of('\0');
  if (last == std::string_view::npos)
    trailing_zeros_ += bytes->size();
  else
    trailing_zeros_ = bytes->size() - last - 1;
  return bytes;
}

long TarReader::on_read(archive* self, void* client, const void** data) {
  auto& reader = *static_cast<TarReader*>(client);
  auto bytes = reader.pull();
  if (!bytes) {
    reader.error_ = bytes.error();
    archive_set_error(self, EIO, "input failed");
    return ARCHIVE_FATAL;
  }
  *data = bytes->data();
  return static_cast<long>(bytes->size());
}

Result<bool> TarReader::next(Item& item) {
  if (!ended_ && archive_format(archive_) == 0 && total_ == 0)
    if (archive_read_open(archive_, this, nullptr, on_read, nullptr) != ARCHIVE_OK)
      return broken("it is no tar stream");
  archive_entry* entry = nullptr;
  const int outcome = archive_read_next_header(archive_, &entry);
  if (outcome == ARCHIVE_EOF) {
    ended_ = true;
    if (auto end = check_end(); !end) return fail(end.error());
    return false;
  }
  if (outcome != ARCHIVE_OK && outcome != ARCHIVE_WARN) {
    const char* text = archive_error_string(archive_);
    return broken(text != nullptr ? text : "an entry cannot be read");
  }
  const char* path = archive_entry_pathname(entry);
  if (path == nullptr || *path == '\0') return broken("an entry has no name");
  item = {};
  item.path = plain(path);
  item.type = type_of(entry);
  item.mode = archive_entry_perm(entry);
  const la_int64_t size = archive_entry_size(entry), uid = archive_entry_uid(entry), gid = archive_entry_gid(entry);
  if (size < 0 || uid < 0 || gid < 0 || uid > 0xfffffffe || gid > 0xfffffffe) return broken("a number out of range");
  item.size = item.type == Type::file ? static_cast<std::uint64_t>(size) : 0;
  item.uid = static_cast<std::uint64_t>(uid);
  item.gid = static_cast<std::uint64_t>(gid);
  item.mtime = archive_entry_mtime(entry);
  item.mtime_nsec = archive_entry_mtime_nsec(entry);
  if (item.type == Type::hardlink) item.target = plain(archive_entry_hardlink(entry));
  if (item.type == Type::symlink) {
    const char* target = archive_entry_symlink(entry);
    if (target == nullptr || *target == '\0') return broken("a link without target");
    item.target = target;
  }
  item.sparse = archive_entry_sparse_count(entry) > 0;
  take_xattrs(entry, item);
  item.access_acl = take_acl(entry, false);
  item.default_acl = take_acl(entry, true);
  return true;
}

Result<std::optional<TarReader::Block>> TarReader::block() {
  const void* data = nullptr;
  std::size_t size = 0;
  la_int64_t offset = 0;
  const int outcome = archive_read_data_block(archive_, &data, &size, &offset);
  if (outcome == ARCHIVE_EOF) return std::optional<Block>();
  if (outcome != ARCHIVE_OK || offset < 0) {
    const char* text = archive_error_string(archive_);
    return broken(text != nullptr ? text : "a file's data cannot be read");
  }
  return std::optional<Block>(Block{static_cast<std::uint64_t>(offset), {static_cast<const char*>(data), size}});
}

Result<void> TarReader::check_end() {
  const std::uint64_t end = position();
  while (true) {
    auto bytes = pull();
    if (!bytes) return fail(bytes.error());
    if (bytes->empty()) break;
  }
  if (total_ < end + kEndBlocks || total_ % 512 != 0) return broken("it has no end");
  if (total_ - trailing_zeros_ > end) return broken("something follows its end");
  return {};
}

}  // namespace hearth::tar
