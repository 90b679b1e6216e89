#include "tar/tar_writer.h"

#include <archive.h>
#include <archive_entry.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "tar/acl_entry.h"
#include "tar/sparse_name.h"

namespace hearth::tar {
namespace {

constexpr std::size_t kHoleStep = 1u << 30;

// A gigabyte of zeros that takes no memory. libarchive only counts the bytes of a hole, but it wants a pointer.
const void* zeros() {
  static const void* const region =
      ::mmap(nullptr, kHoleStep, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  HEARTH_CHECK(region != MAP_FAILED);
  return region;
}

unsigned type_bits(Type type) {
  if (type == Type::folder) return S_IFDIR;
  if (type == Type::symlink) return S_IFLNK;
  return S_IFREG;
}

struct FreeEntry {
  void operator()(archive_entry* entry) const { archive_entry_free(entry); }
};

void fill(archive_entry* entry, const Item& item) {
  // Everything lies below "./", so that no name begins with a dash or a slash, and the root has one.
  const std::string path = item.path.empty() ? "./" : "./" + item.path + (item.type == Type::folder ? "/" : "");
  archive_entry_copy_pathname(entry, path.c_str());
  archive_entry_set_mode(entry, type_bits(item.type) | item.mode);
  archive_entry_set_uid(entry, static_cast<la_int64_t>(item.uid));
  archive_entry_set_gid(entry, static_cast<la_int64_t>(item.gid));
  archive_entry_set_mtime(entry, item.mtime, item.mtime_nsec);
  archive_entry_set_size(entry, item.type == Type::file ? static_cast<la_int64_t>(item.size) : 0);
  if (item.type == Type::symlink) archive_entry_copy_symlink(entry, item.target.c_str());
  if (item.type == Type::hardlink) archive_entry_copy_hardlink(entry, ("./" + item.target).c_str());
  for (const auto& [name, value] : item.xattrs)
    archive_entry_xattr_add_entry(entry, name.c_str(), value.data(), value.size());
  add_acl(entry, item.access_acl, false);
  add_acl(entry, item.default_acl, true);
  if (!item.sparse) return;
  for (const Extent& extent : item.extents)
    archive_entry_sparse_add_entry(entry, static_cast<la_int64_t>(extent.offset), static_cast<la_int64_t>(extent.size));
  if (item.extents.empty()) archive_entry_sparse_add_entry(entry, 0, 0);  // nothing but a hole
}

}  // namespace

TarWriter::TarWriter(Output output) : output_(std::move(output)), archive_(archive_write_new()) {
  HEARTH_CHECK(archive_ != nullptr);
  HEARTH_CHECK(archive_write_set_format_pax(archive_) == ARCHIVE_OK);
  HEARTH_CHECK(archive_write_set_options(archive_, "hdrcharset=BINARY,xattrheader=SCHILY") == ARCHIVE_OK);
  archive_write_set_bytes_per_block(archive_, 0);
  archive_write_set_bytes_in_last_block(archive_, 1);
  HEARTH_CHECK(archive_write_open(archive_, this, nullptr, on_write, nullptr) == ARCHIVE_OK);
}

TarWriter::~TarWriter() { archive_write_free(archive_); }

long TarWriter::on_write(archive* self, void* client, const void* data, std::size_t size) {
  auto& writer = *static_cast<TarWriter*>(client);
  if (writer.held_) {
    writer.held_->append(static_cast<const char*>(data), size);
    return static_cast<long>(size);
  }
  if (!writer.error_)
    if (auto done = writer.output_({static_cast<const char*>(data), size}); !done) writer.error_ = done.error();
  if (writer.error_) {
    archive_set_error(self, EIO, "output failed");
    return -1;
  }
  writer.written_ += size;
  return static_cast<long>(size);
}

Result<void> TarWriter::check(long outcome) {
  if (error_) return fail(*error_);
  if (outcome >= ARCHIVE_OK) return {};
  const char* text = archive_error_string(archive_);
  error_ = Error{ErrorCode::internal, ErrorSource::us, false, 0,
                 std::string("writing tar: ") + (text != nullptr ? text : "unknown error")};
  return fail(*error_);
}

Result<void> TarWriter::begin(const Item& item) {
  if (error_) return fail(*error_);
  const std::unique_ptr<archive_entry, FreeEntry> entry(archive_entry_new());
  fill(entry.get(), item);
  const std::string path = "./" + item.path;
  if (item.sparse && path.size() >= kShortenedName) held_.emplace();
  auto done = check(archive_write_header(archive_, entry.get()));
  if (const auto held = std::exchange(held_, std::nullopt); held && done) {
    const std::string header = with_sparse_name(*held, path);
    if (done = output_(header); !done) error_ = done.error();
    written_ += header.size();
  }
  if (!done && done.error().source == ErrorSource::us) done.error().message += " (" + item.path + ")";
  return done;
}

Result<void> TarWriter::data(std::string_view bytes) {
  while (!bytes.empty()) {
    const la_ssize_t taken = archive_write_data(archive_, bytes.data(), bytes.size());
    if (auto done = check(taken); !done) return done;
    HEARTH_CHECK(taken > 0);
    bytes.remove_prefix(static_cast<std::size_t>(taken));
  }
  return {};
}

Result<void> TarWriter::hole(std::uint64_t size) {
  while (size > 0) {
    const std::size_t step = std::min<std::uint64_t>(size, kHoleStep);
    if (auto done = data({static_cast<const char*>(zeros()), step}); !done) return done;
    size -= step;
  }
  return {};
}

Result<void> TarWriter::end() { return check(archive_write_finish_entry(archive_)); }
Result<void> TarWriter::finish() { return check(archive_write_close(archive_)); }

}  // namespace hearth::tar
