#include "tar/header_check.h"

#include <algorithm>

#include "base/strings.h"

namespace hearth::tar {
namespace {

constexpr std::uint64_t kBlock = 512;
constexpr std::uint64_t kSpecialLimit = 1u << 20;  // libarchive's as well
constexpr std::string_view kFiles(
    "\0"
    "07",
    3);
constexpr std::string_view kWithoutData = "123456";

tl::unexpected<Error> broken(std::string_view what) {
  return fail(ErrorCode::corrupt, ErrorSource::storage, "the archive is damaged: " + std::string(what));
}

std::uint64_t padded(std::uint64_t size) { return (size + kBlock - 1) / kBlock * kBlock; }

// Octal with blanks around it, or base 256; never negative.
std::optional<std::uint64_t> number(std::string_view field) {
  std::uint64_t out = 0;
  if ((static_cast<unsigned char>(field.front()) & 0x80) != 0) {
    if (static_cast<unsigned char>(field.front()) != 0x80) return std::nullopt;
    for (const char c : field.substr(1)) {
      if (out >> 55 != 0) return std::nullopt;
      out = out << 8 | static_cast<unsigned char>(c);
    }
    return out;
  }
  const std::size_t first = field.find_first_not_of(' ');
  if (first == std::string_view::npos) return 0;
  for (const char c : field.substr(first)) {
    if (c == '\0' || c == ' ') break;
    if (c < '0' || c > '7') return std::nullopt;
    out = out << 3 | static_cast<unsigned>(c - '0');
  }
  return out;
}

}  // namespace

Result<void> HeaderCheck::feed(std::string_view bytes) {
  while (!bytes.empty() && !ended_) {
    if (skip_ > 0) {
      const std::size_t passed = std::min<std::uint64_t>(skip_, bytes.size());
      skip_ -= passed;
      bytes.remove_prefix(passed);
      continue;
    }
    const std::size_t take = std::min<std::uint64_t>(wanted_ - held_.size(), bytes.size());
    held_.append(bytes.substr(0, take));
    bytes.remove_prefix(take);
    if (held_.size() < wanted_) break;
    if (auto done = special_ != '\0' ? records() : header(); !done) return done;
    held_.clear();
  }
  return {};
}

Result<void> HeaderCheck::header() {
  if (held_.find_first_not_of('\0') == std::string::npos) {
    ended_ = true;  // what follows is the reader's to judge
    return {};
  }
  const auto size = number(std::string_view(held_).substr(124, 12));
  if (!size) return broken("a size that is none");
  const char type = held_[156];
  if (type == 'x' || type == 'g' || type == 'L' || type == 'K') {
    if (*size > kSpecialLimit) return broken("a header of more than 1 MiB");
    if (type == 'L' || type == 'K') {
      skip_ = padded(*size);
      return {};
    }
    if (*size == 0) return {};
    special_ = type;
    records_size_ = *size;
    wanted_ = padded(*size);
    return {};
  }
  const std::uint64_t data = size_.value_or(*size);
  size_.reset();
  if (kWithoutData.find(type) != std::string_view::npos)
    return data == 0 ? Result<void>() : broken("a link, folder or device with content");
  if (kFiles.find(type) == std::string_view::npos) return broken("an entry of a type that is not known");
  skip_ = padded(data);
  return {};
}

Result<void> HeaderCheck::records() {
  std::string_view text = std::string_view(held_).substr(0, records_size_);
  while (!text.empty()) {
    const std::size_t blank = text.find(' ');
    const auto size = parse_decimal<std::uint32_t>(text.substr(0, std::min<std::size_t>(blank, 8)));
    if (!size || *size > text.size() || *size < blank + 3 || text[*size - 1] != '\n')
      return broken("a PAX record whose length lies");
    const std::string_view pair = text.substr(blank + 1, *size - blank - 2);
    const std::size_t equals = pair.find('=');
    if (equals == 0 || equals == std::string_view::npos) return broken("a PAX record without a name");
    if (auto done = record(pair.substr(0, equals), pair.substr(equals + 1)); !done) return done;
    text.remove_prefix(*size);
  }
  special_ = '\0';
  wanted_ = kBlock;
  return {};
}

Result<void> HeaderCheck::record(std::string_view key, std::string_view value) {
  const bool name = key == "path" || key == "linkpath" || key == "GNU.sparse.name";
  if (special_ == 'g' && (name || key == "size" || key.starts_with("GNU.sparse.")))
    return broken("a name or size for all entries");
  if (name && value.find('\0') != std::string_view::npos) return broken("a name with a NUL in it");
  if (key != "size") return {};
  size_ = parse_decimal<std::uint64_t>(value);
  if (!size_ || *size_ > INT64_MAX) return broken("a size that is none");
  return {};
}

}  // namespace hearth::tar
