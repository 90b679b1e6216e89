#include "report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

namespace hearth::storage_job {
namespace {

constexpr int kBarWidth = 24;

// Length of the UTF-8 sequence at the front, 0 if there is none. Overlong forms and surrogates are left to the JSON
// library's replacement.
std::size_t sequence(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t length = lead < 0x80                   ? 1
                             : lead >= 0xc2 && lead < 0xe0 ? 2
                             : lead >= 0xe0 && lead < 0xf0 ? 3
                             : lead >= 0xf0 && lead < 0xf5 ? 4
                                                           : 0;
  if (length == 0 || length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80) return 0;
  return length;
}

}  // namespace

std::string printable(std::string_view bytes) {
  std::string out;
  while (!bytes.empty()) {
    const std::size_t length = sequence(bytes);
    const auto c = static_cast<unsigned char>(bytes.front());
    if (length == 0 || c < 0x20 || c == 0x7f) {
      out += fmt::format("\\x{:02x}", c);
      bytes.remove_prefix(1);
    } else {
      out += bytes.substr(0, length);
      bytes.remove_prefix(length);
    }
  }
  return out;
}

std::string human_bytes(double bytes) {
  constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  while (bytes >= 1024 && unit + 1 < std::size(kUnits)) {
    bytes /= 1024;
    ++unit;
  }
  return unit == 0 ? fmt::format("{:.0f} B", bytes) : fmt::format("{:.1f} {}", bytes, kUnits[unit]);
}

Report::~Report() { clear(); }

void Report::clear() {
  if (drawn_) std::fputs("\r\033[K", stderr);
  drawn_ = false;
}

void Report::step(std::string_view step, nlohmann::json fields) {
  clear();
  nlohmann::ordered_json line;
  line["step"] = step;
  for (auto& [key, value] : fields.items()) line[key] = value;
  const std::string text = line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fputc('\n', stdout);
  std::fflush(stdout);
}

void Report::phase(std::string phase, std::uint64_t total) {
  clear();
  phase_ = std::move(phase);
  total_ = total;
  bytes_ = 0;
  began_ = spoken_ = drawn_at_ = SteadyClock::now();
}

void Report::progress(std::uint64_t bytes) {
  bytes_ = bytes;
  const auto now = SteadyClock::now();
  const double seconds = std::chrono::duration<double>(now - began_).count();
  if (bar_ && now - drawn_at_ > std::chrono::milliseconds(100)) {
    drawn_at_ = now;
    draw(seconds);
  }
  if (now - spoken_ < std::chrono::seconds(1)) return;
  spoken_ = now;
  const double rate = static_cast<double>(bytes_) / seconds;
  nlohmann::json fields = {{"phase", phase_}, {"bytes", bytes_}, {"rate", static_cast<std::uint64_t>(rate)}};
  if (total_ > 0) {
    fields["total"] = total_;
    if (rate > 0 && bytes_ <= total_)
      fields["eta"] = static_cast<std::uint64_t>(static_cast<double>(total_ - bytes_) / rate);
  }
  step("progress", std::move(fields));
}

void Report::draw(double seconds) {
  const double rate = static_cast<double>(bytes_) / std::max(seconds, 0.001);
  std::string line = fmt::format("\r\033[K{:<10}", phase_);
  if (total_ > 0) {
    const double share = std::min(1.0, static_cast<double>(bytes_) / static_cast<double>(total_));
    const auto filled = static_cast<std::size_t>(share * kBarWidth);
    line +=
        fmt::format(" [{}{}] {:3.0f}%", std::string(filled, '='), std::string(kBarWidth - filled, ' '), share * 100);
  }
  line += fmt::format("  {}  {}/s", human_bytes(static_cast<double>(bytes_)), human_bytes(rate));
  if (total_ > bytes_ && rate > 0) {
    const auto left = static_cast<long>(static_cast<double>(total_ - bytes_) / rate);
    line += fmt::format("  {}:{:02} left", left / 60, left % 60);
  }
  std::fputs(line.c_str(), stderr);
  drawn_ = true;
}

}  // namespace hearth::storage_job
