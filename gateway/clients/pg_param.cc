#include <fmt/format.h>

#include "clients/pg.h"

namespace hearth {

PgParam pg(std::string_view text) { return std::string(text); }
PgParam pg(const Uuid& id) { return id.text(); }
PgParam pg_array(const std::vector<Uuid>& ids) {
  std::string list = "{";
  for (const Uuid& id : ids) list.append(list.size() > 1 ? "," : "").append(id.text());
  return list + "}";
}
PgParam pg_null() { return std::nullopt; }

PgParam pg(WallTime time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:06}+00", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count(), clock.subseconds().count());
}

}  // namespace hearth
