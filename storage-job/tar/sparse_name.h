// What libarchive (3.6, 3.7) gets wrong about the name of a file with holes.
#pragma once

#include <string>
#include <string_view>

namespace hearth::tar {

// libarchive puts the name into GNU.sparse.name, the record that every reader believes, only after it has shortened it
// for the old header: a name of this many bytes would be lost.
inline constexpr std::size_t kShortenedName = 100;

// `header`: all that was written for a sparse entry before its data, beginning with the PAX header block. Returns it
// with `name` as its GNU.sparse.name.
std::string with_sparse_name(std::string_view header, std::string_view name);

}  // namespace hearth::tar
