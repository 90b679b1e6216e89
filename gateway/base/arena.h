// Arena: bump allocation for one exchange. Nothing is freed alone; reset() keeps one block so that a warm keep-alive
// connection allocates nothing. Not thread-safe. Destructors of what is placed here do not run: trivial types only.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

namespace hearth {

class Arena {
 public:
  explicit Arena(std::size_t block_size = 4096) : block_size_(block_size) {}
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  void* allocate(std::size_t size, std::size_t align = alignof(std::max_align_t));
  // A copy of `text` that lives until reset().
  std::string_view copy(std::string_view text);
  void reset();    // forgets everything, keeps the first block
  void release();  // forgets everything, keeps nothing
  std::size_t bytes_reserved() const { return reserved_; }

 private:
  struct Block {
    std::unique_ptr<char[]> data;
    std::size_t size;
  };
  std::size_t block_size_;
  std::vector<Block> blocks_;
  std::size_t used_ = 0;  // in the last block
  std::size_t reserved_ = 0;
};

}  // namespace hearth
