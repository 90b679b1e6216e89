// TarWriter: a PAX archive (POSIX 1003.1-2001) with names as bytes, nanosecond times, numeric owners, extended
// attributes and ACLs in the SCHILY keywords, and sparse files as GNU.sparse 1.0; GNU tar and bsdtar read it. One
// thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "tar/item.h"

struct archive;

namespace hearth::tar {

class TarWriter {
 public:
  using Output = std::function<Result<void>(std::string_view)>;
  explicit TarWriter(Output output);
  ~TarWriter();
  TarWriter(const TarWriter&) = delete;
  TarWriter& operator=(const TarWriter&) = delete;

  // begin, then exactly item.size bytes by data() and hole() for a file, then end. A failed writer stays failed.
  Result<void> begin(const Item& item);
  Result<void> data(std::string_view bytes);
  Result<void> hole(std::uint64_t size);  // only where the item's extents have none
  Result<void> end();                     // every byte of the entry has been given to the output
  Result<void> finish();
  std::uint64_t written() const { return written_; }

 private:
  static long on_write(archive* self, void* client, const void* data, std::size_t size);
  Result<void> check(long outcome);

  Output output_;
  archive* archive_;
  std::optional<Error> error_;
  std::optional<std::string> held_;  // the header being written, while it is to be corrected
  std::uint64_t written_ = 0;
};

}  // namespace hearth::tar
