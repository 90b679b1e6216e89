// TarReader: the entries of a tar stream that nobody vouches for. One thread.
//
// Strict where tar programs are lax (header_check.h): the stream must end with its end blocks, and nothing but zeros
// may follow them. Errors: corrupt (not a tar stream, damaged, cut, followed by garbage) or what the input answered.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "tar/header_check.h"
#include "tar/item.h"

struct archive;
struct archive_entry;

namespace hearth::tar {

class TarReader {
 public:
  using Input = std::function<Result<std::string_view>()>;  // the next bytes, empty at the end
  explicit TarReader(Input input);
  ~TarReader();
  TarReader(const TarReader&) = delete;
  TarReader& operator=(const TarReader&) = delete;

  // False at the clean end. A path that is absolute or has "..", "." or empty parts is returned as it stands: see
  // path_is_safe(). Device nodes, fifos and what is unknown have Type::other.
  Result<bool> next(Item& item);
  struct Block {
    std::uint64_t offset = 0;
    std::string_view bytes;
  };
  // The next piece of the current file's data, offsets ascending; nullopt at its end.
  Result<std::optional<Block>> block();
  std::uint64_t bytes() const { return total_; }  // of the stream, so far
  std::uint64_t position() const;                 // of the current entry's header in the stream

 private:
  static long on_read(archive* self, void* client, const void** data);
  Result<std::string_view> pull();
  tl::unexpected<Error> broken(std::string_view what);
  Result<void> check_end();

  Input input_;
  HeaderCheck check_;
  archive* archive_;
  std::optional<Error> error_;  // of the input
  std::uint64_t total_ = 0;
  std::uint64_t trailing_zeros_ = 0;
  bool ended_ = false;
};

// May this be the path of an entry, or the target of a hard link? No absolute path, no "..", ".", empty part or NUL,
// no part over 255 bytes.
bool path_is_safe(std::string_view path);

}  // namespace hearth::tar
