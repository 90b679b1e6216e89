// HeaderCheck: a second look at a tar stream's headers, stricter than libarchive's, which passes over what it does not
// understand: it cuts a PAX path at a NUL, takes an entry of an unknown type for a file, and goes on after a PAX record
// whose length lies. An archive that needs such mercy was not written by us, or is not what we wrote.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace hearth::tar {

class HeaderCheck {
 public:
  // The stream's next bytes, in pieces of any size. Error{corrupt, storage}; afterwards the stream is not to be read
  // on.
  Result<void> feed(std::string_view bytes);

 private:
  Result<void> header();
  Result<void> records();
  Result<void> record(std::string_view key, std::string_view value);

  std::string held_;  // the header, or the PAX records, that is being collected
  std::uint64_t wanted_ = 512, skip_ = 0;
  char special_ = '\0';                // 'x' or 'g' while records are collected
  std::uint64_t records_size_ = 0;     // without padding
  std::optional<std::uint64_t> size_;  // by PAX, of the next entry
  bool ended_ = false;
};

}  // namespace hearth::tar
