#include "base/arena.h"

#include <algorithm>
#include <cstring>

namespace hearth {

void* Arena::allocate(std::size_t size, std::size_t align) {
  if (!blocks_.empty()) {
    const std::size_t start = (used_ + align - 1) & ~(align - 1);
    if (start + size <= blocks_.back().size) {
      used_ = start + size;
      return blocks_.back().data.get() + start;
    }
  }
  const std::size_t block = std::max(size, block_size_);
  blocks_.push_back(Block{std::unique_ptr<char[]>(new char[block]), block});
  reserved_ += block;
  used_ = size;
  return blocks_.back().data.get();
}

std::string_view Arena::copy(std::string_view text) {
  if (text.empty()) return {};
  char* to = static_cast<char*>(allocate(text.size(), 1));
  std::memcpy(to, text.data(), text.size());
  return {to, text.size()};
}

void Arena::reset() {
  if (blocks_.size() > 1) blocks_.resize(1);
  reserved_ = blocks_.empty() ? 0 : blocks_.front().size;
  used_ = 0;
}

void Arena::release() {
  blocks_.clear();
  reserved_ = 0;
  used_ = 0;
}

}  // namespace hearth
