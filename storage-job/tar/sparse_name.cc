#include "tar/sparse_name.h"

#include <fmt/format.h>

#include "base/check.h"

namespace hearth::tar {
namespace {

constexpr std::size_t kBlock = 512, kSizeAt = 124, kSumAt = 148, kTypeAt = 156;
constexpr std::string_view kKey = "GNU.sparse.name=";

std::size_t number(std::string_view text, std::size_t base) {
  std::size_t out = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') break;
    out = out * base + static_cast<std::size_t>(c - '0');
  }
  return out;
}

std::size_t padded(std::size_t size) { return (size + kBlock - 1) / kBlock * kBlock; }

// "length key=value\n", where the length counts its own digits.
std::string record(std::string_view text) {
  std::size_t size = text.size() + 3;
  while (fmt::formatted_size("{} {}\n", size, text) != size) ++size;
  return fmt::format("{} {}\n", size, text);
}

}  // namespace

std::string with_sparse_name(std::string_view header, std::string_view name) {
  HEARTH_CHECK(header.size() > kBlock && header[kTypeAt] == 'x');
  const std::size_t size = number(header.substr(kSizeAt, 12), 8);
  HEARTH_CHECK(header.size() >= kBlock + padded(size));
  std::string_view left = header.substr(kBlock, size);
  std::string records;
  bool found = false;
  while (!left.empty()) {
    const std::string_view one = left.substr(0, number(left, 10));
    HEARTH_CHECK(!one.empty());
    left.remove_prefix(one.size());
    const bool is_name = one.substr(one.find(' ') + 1).starts_with(kKey);
    found |= is_name;
    records += is_name ? record(std::string(kKey) + std::string(name)) : std::string(one);
  }
  HEARTH_CHECK(found);
  std::string block(header.substr(0, kBlock));
  block.replace(kSizeAt, 12, fmt::format("{:011o} ", records.size()));
  block.replace(kSumAt, 8, 8, ' ');
  unsigned sum = 0;
  for (const char c : block) sum += static_cast<unsigned char>(c);
  block.replace(kSumAt, 8, fmt::format("{:06o}", sum) + std::string("\0 ", 2));
  records.resize(padded(records.size()), '\0');
  return block + records + std::string(header.substr(kBlock + padded(size)));
}

}  // namespace hearth::tar
