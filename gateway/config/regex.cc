#include "config/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

namespace hearth::config {

namespace {

// A few milliseconds at the most. Without JIT: its count of steps is a different one, and these subjects are short.
constexpr std::uint32_t kMostSteps = 100000;
constexpr std::uint32_t kMostHeapKib = 1024;

// Never null, which older versions refuse.
PCRE2_SPTR bytes_of(std::string_view text) {
  return reinterpret_cast<PCRE2_SPTR>(text.data() != nullptr ? text.data() : "");
}

struct Free {
  void operator()(pcre2_code* code) const { pcre2_code_free(code); }
  void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
  void operator()(pcre2_match_context* context) const { pcre2_match_context_free(context); }
};

}  // namespace

struct Regex::Compiled {
  std::unique_ptr<pcre2_code, Free> code;
  std::unique_ptr<pcre2_match_data, Free> data;
  std::unique_ptr<pcre2_match_context, Free> context;
};

Regex::Regex(std::unique_ptr<Compiled> compiled) : compiled_(std::move(compiled)) {}
Regex::Regex(Regex&&) noexcept = default;
Regex& Regex::operator=(Regex&&) noexcept = default;
Regex::~Regex() = default;

Result<Regex> Regex::compile(std::string_view pattern, bool ignore_case) {
  int error = 0;
  PCRE2_SIZE at = 0;
  auto compiled = std::make_unique<Compiled>();
  compiled->code.reset(
      pcre2_compile(bytes_of(pattern), pattern.size(), ignore_case ? PCRE2_CASELESS : 0, &error, &at, nullptr));
  if (!compiled->code) {
    PCRE2_UCHAR message[256] = {};
    pcre2_get_error_message(error, message, sizeof message);
    return fail(ErrorCode::invalid_argument, ErrorSource::config,
                "invalid regular expression \"" + std::string(pattern) +
                    "\": " + reinterpret_cast<const char*>(message) + " at offset " + std::to_string(at));
  }
  compiled->data.reset(pcre2_match_data_create_from_pattern(compiled->code.get(), nullptr));
  compiled->context.reset(pcre2_match_context_create(nullptr));
  if (!compiled->data || !compiled->context) throw std::bad_alloc();
  pcre2_set_match_limit(compiled->context.get(), kMostSteps);
  pcre2_set_heap_limit(compiled->context.get(), kMostHeapKib);
  return Regex(std::move(compiled));
}

Regex::Outcome Regex::match(std::string_view subject, Captures* captures) const {
  const int found = pcre2_match(compiled_->code.get(), bytes_of(subject), subject.size(), 0, 0, compiled_->data.get(),
                                compiled_->context.get());
  if (found == PCRE2_ERROR_NOMATCH) return Outcome::no;
  if (found < 0) return Outcome::too_hard;
  if (captures == nullptr) return Outcome::yes;
  captures->subject_.assign(subject);
  captures->spans_ = {};
  const PCRE2_SIZE* ends = pcre2_get_ovector_pointer(compiled_->data.get());
  for (std::size_t i = 0; i < Captures::kGroups && i < static_cast<std::size_t>(found); ++i) {
    if (ends[2 * i] == PCRE2_UNSET || ends[2 * i] > ends[2 * i + 1]) continue;
    captures->spans_[i] = {ends[2 * i], ends[2 * i + 1] - ends[2 * i]};
  }
  return Outcome::yes;
}

}  // namespace hearth::config
