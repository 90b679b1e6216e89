// Gather: bytes on their way to one socket, collected for one writev: our own text (heads, chunk framing) and views
// into the loop's read buffer. Borrowed views must stay valid until flush().
#pragma once

#include <sys/uio.h>

#include <array>
#include <string>
#include <string_view>

#include "runtime/socket.h"

namespace hearth::proxy {

class Gather {
 public:
  static constexpr std::size_t kParts = 16;
  static constexpr std::size_t kCopyBelow = 512;  // copying this little is cheaper than another iovec

  // Text to append to; call commit() before the next borrow().
  std::string& text() { return text_; }

  void borrow(std::string_view bytes) {
    if (bytes.size() < kCopyBelow || count_ + 2 >= kParts) {
      text_.append(bytes);
      return;
    }
    commit();
    parts_[count_++] = {bytes.data(), 0, bytes.size()};
  }
  bool empty() const { return count_ == 0 && text_.size() == committed_; }

  // Writes everything; 0 or the socket's error. Keeps the text buffer's memory for the next time.
  int flush(Socket& socket) {
    commit();
    if (count_ == 0) return 0;
    std::array<iovec, kParts> parts;
    for (std::size_t i = 0; i < count_; ++i) {
      const char* start = parts_[i].external != nullptr ? parts_[i].external : text_.data() + parts_[i].offset;
      parts[i] = {const_cast<char*>(start), parts_[i].size};
    }
    const int status = socket.write(std::span(parts.data(), count_));
    clear();
    return status;
  }

  void clear() {
    text_.clear();
    committed_ = 0;
    count_ = 0;
  }
  void release() {
    clear();
    std::string().swap(text_);
  }

 private:
  struct Part {
    const char* external;  // null: in text_ at offset
    std::size_t offset;
    std::size_t size;
  };

  void commit() {
    if (text_.size() == committed_) return;
    parts_[count_++] = {nullptr, committed_, text_.size() - committed_};
    committed_ = text_.size();
  }

  std::string text_;
  std::size_t committed_ = 0;  // text_ up to here is in parts_
  std::array<Part, kParts> parts_;
  std::size_t count_ = 0;
};

}  // namespace hearth::proxy
