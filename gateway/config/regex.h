// Regex: a regular expression of the configuration (PCRE2, on bytes).
//
// Matching has a limit, so that no request can stall a worker by backtracking: what would take more steps ends as
// `too_hard`, which is neither a match nor none.
// Thread: one at a time; it holds the memory that matching needs.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace hearth::config {

class Regex {
 public:
  enum class Outcome { no, yes, too_hard };

  // What the last match captured: its own copy. [0] is the whole match; a group that took no part is empty.
  class Captures {
   public:
    std::string_view operator[](std::size_t group) const {
      return group < kGroups ? std::string_view(subject_).substr(spans_[group].begin, spans_[group].size)
                             : std::string_view();
    }
    void clear() {
      if (subject_.empty()) return;  // and so are the spans
      subject_.clear();
      spans_ = {};
    }

   private:
    friend class Regex;
    static constexpr std::size_t kGroups = 10;
    struct Span {
      std::size_t begin = 0;
      std::size_t size = 0;
    };
    std::string subject_;
    std::array<Span, kGroups> spans_{};
  };

  static Result<Regex> compile(std::string_view pattern, bool ignore_case = false);
  Regex(Regex&&) noexcept;
  Regex& operator=(Regex&&) noexcept;
  ~Regex();

  // `captures` is left as it is unless the answer is yes.
  Outcome match(std::string_view subject, Captures* captures = nullptr) const;

 private:
  struct Compiled;
  explicit Regex(std::unique_ptr<Compiled> compiled);
  std::unique_ptr<Compiled> compiled_;
};

}  // namespace hearth::config
