#include <libpq-fe.h>

#include "base/check.h"
#include "base/strings.h"
#include "clients/pg.h"

namespace hearth {

namespace {

// Two or more digits at `at`, which is moved behind them.
int digits(std::string_view text, std::size_t& at) {
  int value = 0;
  while (at < text.size() && text[at] >= '0' && text[at] <= '9') value = value * 10 + (text[at++] - '0');
  return value;
}

std::chrono::microseconds fraction(std::string_view text, std::size_t& at) {
  if (at >= text.size() || text[at] != '.') return {};
  const std::size_t start = ++at;
  int value = digits(text, at);
  for (std::size_t i = at - start; i < 6; ++i) value *= 10;
  return std::chrono::microseconds(value);
}

std::chrono::minutes offset(std::string_view text, std::size_t at) {
  if (at >= text.size()) return {};
  const int sign = text[at] == '-' ? -1 : 1;
  const int hours = digits(text, ++at);
  const int minutes = at < text.size() && text[at] == ':' ? digits(text, ++at) : 0;
  return sign * (std::chrono::hours(hours) + std::chrono::minutes(minutes));
}

// "2026-01-31 23:59:58.123456+00", the ISO style that every session of ours is set to.
WallTime parse_time(std::string_view text) {
  if (text == "infinity") return WallTime::max();
  if (text == "-infinity") return WallTime::min();
  std::size_t at = 0;
  const std::chrono::year year(digits(text, at));
  const std::chrono::month month(static_cast<unsigned>(digits(text, ++at)));
  const std::chrono::day day(static_cast<unsigned>(digits(text, ++at)));
  const std::chrono::year_month_day date(year, month, day);
  HEARTH_CHECK(date.ok());
  WallTime time = std::chrono::sys_days(date);
  if (at >= text.size()) return time;  // a date
  time += std::chrono::hours(digits(text, ++at));
  time += std::chrono::minutes(digits(text, ++at));
  time += std::chrono::seconds(digits(text, ++at));
  time += fraction(text, at);
  return time - offset(text, at);
}

}  // namespace

PgResult::PgResult() = default;
PgResult::PgResult(void* pg_result) : result_(pg_result) {}
PgResult::PgResult(PgResult&&) noexcept = default;
PgResult& PgResult::operator=(PgResult&&) noexcept = default;
PgResult::~PgResult() = default;

void PgResult::Free::operator()(void* p) const { PQclear(static_cast<PGresult*>(p)); }

std::size_t PgResult::rows() const {
  return static_cast<std::size_t>(PQntuples(static_cast<const PGresult*>(result_.get())));
}

std::size_t PgResult::affected() const {
  if (!result_) return 0;
  return parse_decimal<std::size_t>(PQcmdTuples(static_cast<PGresult*>(result_.get()))).value_or(0);
}

int PgResult::column(const char* name) const {
  const int number = PQfnumber(static_cast<const PGresult*>(result_.get()), name);
  HEARTH_CHECK(number >= 0);
  return number;
}

bool PgResult::is_null(std::size_t row, int column) const {
  HEARTH_CHECK(row < rows() && column >= 0 && column < PQnfields(static_cast<const PGresult*>(result_.get())));
  return PQgetisnull(static_cast<const PGresult*>(result_.get()), static_cast<int>(row), column) != 0;
}

std::string_view PgResult::text(std::size_t row, int column) const {
  if (is_null(row, column)) return {};
  const auto* result = static_cast<const PGresult*>(result_.get());
  const int size = PQgetlength(result, static_cast<int>(row), column);
  return {PQgetvalue(result, static_cast<int>(row), column), static_cast<std::size_t>(size)};
}

std::int64_t PgResult::number(std::size_t row, int column) const {
  const std::string_view value = text(row, column);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  HEARTH_CHECK(error == std::errc() && end == value.data() + value.size());
  return number;
}

bool PgResult::flag(std::size_t row, int column) const { return text(row, column) == "t"; }

Uuid PgResult::uuid(std::size_t row, int column) const {
  const std::optional<Uuid> id = Uuid::parse(text(row, column));
  HEARTH_CHECK(id.has_value());
  return *id;
}

WallTime PgResult::time(std::size_t row, int column) const { return parse_time(text(row, column)); }

std::optional<std::string> PgResult::optional_text(std::size_t row, int column) const {
  if (is_null(row, column)) return std::nullopt;
  return std::string(text(row, column));
}
std::optional<std::int64_t> PgResult::optional_number(std::size_t row, int column) const {
  if (is_null(row, column)) return std::nullopt;
  return number(row, column);
}
std::optional<Uuid> PgResult::optional_uuid(std::size_t row, int column) const {
  if (is_null(row, column)) return std::nullopt;
  return uuid(row, column);
}
std::optional<WallTime> PgResult::optional_time(std::size_t row, int column) const {
  if (is_null(row, column)) return std::nullopt;
  return time(row, column);
}

}  // namespace hearth
