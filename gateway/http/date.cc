#include "http/date.h"

#include <chrono>
#include <cstring>

#include "base/strings.h"

namespace hearth::http {

namespace {

constexpr std::string_view kDays = "SunMonTueWedThuFriSat";
constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";

void put(char* out, std::string_view text) { std::memcpy(out, text.data(), text.size()); }

void put_number(char* out, unsigned value, int digits) {
  for (int i = digits - 1; i >= 0; --i, value /= 10) out[i] = static_cast<char>('0' + value % 10);
}

}  // namespace

void format_date(std::int64_t unix_seconds, char* out) {
  using namespace std::chrono;
  const sys_seconds time{seconds(unix_seconds)};
  const sys_days day = floor<days>(time);
  const year_month_day date{day};
  const hh_mm_ss clock{time - day};
  put(out, "___, __ ___ ____ __:__:__ GMT");
  put(out, kDays.substr(weekday(day).c_encoding() * 3, 3));
  put_number(out + 5, static_cast<unsigned>(date.day()), 2);
  put(out + 8, kMonths.substr((static_cast<unsigned>(date.month()) - 1) * 3, 3));
  put_number(out + 12, static_cast<unsigned>(static_cast<int>(date.year())), 4);
  put_number(out + 17, static_cast<unsigned>(clock.hours().count()), 2);
  put_number(out + 20, static_cast<unsigned>(clock.minutes().count()), 2);
  put_number(out + 23, static_cast<unsigned>(clock.seconds().count()), 2);
}

std::optional<std::int64_t> parse_date(std::string_view text) {
  using namespace std::chrono;
  if (text.size() != kDateSize) return std::nullopt;
  const std::size_t month_at = kMonths.find(text.substr(8, 3));
  const auto day_of_month = parse_decimal<unsigned>(text.substr(5, 2));
  const auto year_number = parse_decimal<int>(text.substr(12, 4));
  const auto hour = parse_decimal<int>(text.substr(17, 2));
  const auto minute_number = parse_decimal<int>(text.substr(20, 2));
  const auto second_number = parse_decimal<int>(text.substr(23, 2));
  if (month_at % 3 != 0 || !day_of_month || !year_number || !hour || !minute_number || !second_number) {
    return std::nullopt;
  }
  const year_month_day date{year(*year_number), month(static_cast<unsigned>(month_at / 3 + 1)), day(*day_of_month)};
  if (!date.ok() || *year_number < 1970 || *hour > 23 || *minute_number > 59 || *second_number > 59) {
    return std::nullopt;
  }
  const sys_seconds time = sys_days(date) + hours(*hour) + minutes(*minute_number) + seconds(*second_number);
  const std::int64_t result = time.time_since_epoch().count();
  char canonical[kDateSize];
  format_date(result, canonical);
  if (text != std::string_view(canonical, kDateSize)) return std::nullopt;
  return result;
}

std::string_view DateCache::at(std::int64_t unix_seconds) {
  if (unix_seconds != second_) {
    format_date(unix_seconds, text_.data());
    second_ = unix_seconds;
  }
  return {text_.data(), text_.size()};
}

}  // namespace hearth::http
