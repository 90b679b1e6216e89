#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <cstring>

#include "log/access_log.h"

namespace hearth::log {

namespace {

constexpr char kHexUpper[] = "0123456789ABCDEF";
constexpr char kHexLower[] = "0123456789abcdef";

template <class Predicate>
constexpr std::array<bool, 256> make_table(Predicate predicate) {
  std::array<bool, 256> table{};
  for (unsigned c = 0; c < 256; ++c) table[c] = predicate(c);
  return table;
}
constexpr auto kCombinedSpecial = make_table([](unsigned c) { return c < 0x20 || c > 0x7e || c == '"' || c == '\\'; });

// In the unquoted fields of a combined line a space would shift every field after it.
constexpr auto kBareSpecial = make_table([](unsigned c) { return c <= 0x20 || c > 0x7e || c == '"' || c == '\\'; });

void append_escaped(std::string& out, std::string_view text, const std::array<bool, 256>& special) {
  std::size_t start = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (!special[byte]) continue;
    out.append(text, start, i - start);
    const char escape[4] = {'\\', 'x', kHexUpper[byte >> 4], kHexUpper[byte & 15]};
    out.append(escape, sizeof escape);
    start = i + 1;
  }
  out.append(text, start);
}

void append_field(std::string& out, std::string_view text, const std::array<bool, 256>& special) {
  if (text.empty()) {
    out.push_back('-');
  } else {
    append_escaped(out, text, special);
  }
}

void append_number(std::string& out, std::uint64_t value) {
  const fmt::format_int digits(value);
  out.append(digits.data(), digits.size());
}

// Microseconds as seconds with six decimals.
void append_seconds(std::string& out, std::uint64_t us) {
  append_number(out, us / 1000000);
  char fraction[7] = {'.'};
  std::uint64_t rest = us % 1000000;
  for (int i = 6; i > 0; --i, rest /= 10) fraction[i] = static_cast<char>('0' + rest % 10);
  out.append(fraction, sizeof fraction);
}

// Length of the UTF-8 sequence at `text` (RFC 3629: no overlong forms, no surrogates, up to U+10FFFF), 0 if it is none.
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto continues = [&](std::size_t i) { return i < text.size() && (byte(i) & 0xc0) == 0x80; };
  const unsigned first = byte(0);
  if (first >= 0xc2 && first <= 0xdf) return continues(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    if (!continues(1) || !continues(2)) return 0;
    if (first == 0xe0 && byte(1) < 0xa0) return 0;
    if (first == 0xed && byte(1) > 0x9f) return 0;
    return 3;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    if (!continues(1) || !continues(2) || !continues(3)) return 0;
    if (first == 0xf0 && byte(1) < 0x90) return 0;
    if (first == 0xf4 && byte(1) > 0x8f) return 0;
    return 4;
  }
  return 0;
}

void append_unicode_escape(std::string& out, unsigned code) {
  const char escape[6] = {'\\',
                          'u',
                          kHexLower[(code >> 12) & 15],
                          kHexLower[(code >> 8) & 15],
                          kHexLower[(code >> 4) & 15],
                          kHexLower[code & 15]};
  out.append(escape, sizeof escape);
}

// One character that cannot stand as it is; answers how many bytes it took.
std::size_t append_json_special(std::string& out, std::string_view text) {
  const auto byte = static_cast<unsigned char>(text[0]);
  if (byte == '"' || byte == '\\') {
    out.push_back('\\');
    out.push_back(text[0]);
    return 1;
  }
  if (byte < 0x80) {
    append_unicode_escape(out, byte);
    return 1;
  }
  const std::size_t length = utf8_length(text);
  if (length == 0) {
    append_unicode_escape(out, 0xfffd);
    return 1;
  }
  // C1 controls and the line and paragraph separators end a line for some readers.
  if (byte == 0xc2 && static_cast<unsigned char>(text[1]) < 0xa0) {
    append_unicode_escape(out, static_cast<unsigned char>(text[1]));
  } else if (text.substr(0, 3) == "\xe2\x80\xa8" || text.substr(0, 3) == "\xe2\x80\xa9") {
    append_unicode_escape(out, text[2] == '\xa8' ? 0x2028 : 0x2029);
  } else {
    out.append(text, 0, length);
  }
  return length;
}

void append_json_text(std::string& out, std::string_view text) {
  std::size_t start = 0;
  for (std::size_t i = 0; i < text.size();) {
    if (!kCombinedSpecial[static_cast<unsigned char>(text[i])]) {
      ++i;
      continue;
    }
    out.append(text, start, i - start);
    i += append_json_special(out, text.substr(i));
    start = i;
  }
  out.append(text, start);
}

// `key` comes with its punctuation: `,"host":"`.
void append_json_field(std::string& out, std::string_view key, std::string_view value) {
  if (value.empty()) return;
  out.append(key);
  append_json_text(out, value);
  out.push_back('"');
}

const char* name(EndedBy who) {
  switch (who) {
    case EndedBy::none:
      return "none";
    case EndedBy::client:
      return "client";
    case EndedBy::upstream:
      return "upstream";
    case EndedBy::us:
      return "us";
  }
  return "none";
}

}  // namespace

void AccessFormatter::append(std::string& out, const AccessRecord& record) {
  update_second(std::chrono::floor<Seconds>(record.time).time_since_epoch().count());
  if (format_ == AccessFormat::combined) {
    append_combined(out, record);
  } else {
    append_json(out, record);
  }
}

void AccessFormatter::append_combined(std::string& out, const AccessRecord& record) {
  append_field(out, record.remote_addr, kBareSpecial);
  out.append(" - ");
  append_field(out, record.user, kBareSpecial);
  out.append(" [");
  out.append(combined_time_);
  out.append("] \"");
  if (record.method.empty() && record.target.empty()) {
    out.push_back('-');
  } else {
    append_escaped(out, record.method, kCombinedSpecial);
    out.push_back(' ');
    append_escaped(out, record.target, kCombinedSpecial);
    out.push_back(' ');
    append_escaped(out, record.version, kCombinedSpecial);
  }
  out.append("\" ");
  append_number(out, record.status);
  out.push_back(' ');
  append_number(out, record.body_bytes);
  out.append(" \"");
  append_field(out, record.referer, kCombinedSpecial);
  out.append("\" \"");
  append_field(out, record.user_agent, kCombinedSpecial);
  out.append("\"\n");
}

void AccessFormatter::append_json(std::string& out, const AccessRecord& record) {
  out.append("{\"time\":\"");
  out.append(json_time_);
  const auto in_second = record.time - std::chrono::floor<Seconds>(record.time);
  const auto ms = static_cast<unsigned>(std::chrono::duration_cast<Milliseconds>(in_second).count());
  const char fraction[4] = {'.', static_cast<char>('0' + ms / 100), static_cast<char>('0' + ms / 10 % 10),
                            static_cast<char>('0' + ms % 10)};
  out.append(fraction, sizeof fraction);
  out.append(json_zone_);
  out.push_back('"');
  append_json_field(out, ",\"remote_addr\":\"", record.remote_addr);
  append_json_field(out, ",\"user\":\"", record.user);
  append_json_field(out, ",\"method\":\"", record.method);
  append_json_field(out, ",\"host\":\"", record.host);
  append_json_field(out, ",\"target\":\"", record.target);
  append_json_field(out, ",\"version\":\"", record.version);
  out.append(",\"status\":");
  append_number(out, record.status);
  out.append(",\"body_bytes\":");
  append_number(out, record.body_bytes);
  out.append(",\"request_time\":");
  append_seconds(out, record.request_time_us);
  append_json_field(out, ",\"referer\":\"", record.referer);
  append_json_field(out, ",\"user_agent\":\"", record.user_agent);
  append_json_field(out, ",\"request_id\":\"", record.request_id);
  append_json_field(out, ",\"route\":\"", record.route);
  if (!record.upstream_addr.empty()) {
    append_json_field(out, ",\"upstream_addr\":\"", record.upstream_addr);
    out.append(",\"upstream_status\":");
    append_number(out, record.upstream_status);
    out.append(",\"upstream_time\":");
    append_seconds(out, record.upstream_time_us);
  }
  append_json_field(out, ",\"ended_by\":\"", name(record.ended_by));
  out.append("}\n");
}

void AccessFormatter::update_second(std::time_t second) {
  if (second == second_) return;
  second_ = second;
  std::tm local{};
  localtime_r(&second, &local);
  static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};  // strftime's follow the locale
  const long offset = local.tm_gmtoff / 60;
  const char sign = offset < 0 ? '-' : '+';
  const long minutes = offset < 0 ? -offset : offset;
  *fmt::format_to_n(combined_time_, sizeof combined_time_ - 1, "{:02}/{}/{}:{:02}:{:02}:{:02} {}{:02}{:02}",
                    local.tm_mday, kMonths[local.tm_mon], local.tm_year + 1900, local.tm_hour, local.tm_min,
                    local.tm_sec, sign, minutes / 60, minutes % 60)
       .out = '\0';
  *fmt::format_to_n(json_time_, sizeof json_time_ - 1, "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", local.tm_year + 1900,
                    local.tm_mon + 1, local.tm_mday, local.tm_hour, local.tm_min, local.tm_sec)
       .out = '\0';
  *fmt::format_to_n(json_zone_, sizeof json_zone_ - 1, "{}{:02}:{:02}", sign, minutes / 60, minutes % 60).out = '\0';
}

}  // namespace hearth::log
