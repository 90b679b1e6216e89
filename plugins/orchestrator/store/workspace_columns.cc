#include "orchestrator/store/workspace_columns.h"

#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>

#include "base/strings.h"

namespace hearth::orchestrator {

namespace {

constexpr std::array<std::string_view, 27> kColumns = {"id",
                                                       "owner_user_id",
                                                       "name",
                                                       "description",
                                                       "memo",
                                                       "image_ref",
                                                       "conditions",
                                                       "observed_at",
                                                       "phase",
                                                       "phase_changed_at",
                                                       "operation",
                                                       "op_started_at",
                                                       "archive_op_id",
                                                       "restore_op_id",
                                                       "archive_key",
                                                       "volume_name",
                                                       "error_reason",
                                                       "error_message",
                                                       "error_count",
                                                       "next_retry_at",
                                                       "desired_state",
                                                       "deleted_at",
                                                       "last_access_at",
                                                       "standby_ttl_seconds",
                                                       "archive_ttl_seconds",
                                                       "created_at",
                                                       "updated_at"};

Error corrupt(std::string what) { return {ErrorCode::corrupt, ErrorSource::database, false, 0, std::move(what)}; }

// "2026-01-31T23:59:58.123456Z"
std::string rfc3339(WallTime time) {
  std::string text = *pg(time);  // "2026-01-31 23:59:58.123456+00"
  text[10] = 'T';
  text.replace(text.size() - 3, 3, "Z");
  return text;
}

// The form that rfc3339() writes; nothing else ever stands in our jsonb.
std::optional<WallTime> parse_rfc3339(std::string_view text) {
  constexpr std::string_view kShape = "0000-00-00T00:00:00.000000Z";
  if (text.size() != kShape.size()) return std::nullopt;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (kShape[i] == '0' ? !digit : text[i] != kShape[i]) return std::nullopt;
  }
  const auto number = [text](std::size_t at, std::size_t size) {
    return *parse_decimal<unsigned>(text.substr(at, size));
  };
  const std::chrono::year_month_day date(std::chrono::year(static_cast<int>(number(0, 4))),
                                         std::chrono::month(number(5, 2)), std::chrono::day(number(8, 2)));
  if (!date.ok()) return std::nullopt;
  return WallTime(std::chrono::sys_days(date)) + std::chrono::hours(number(11, 2)) +
         std::chrono::minutes(number(14, 2)) + std::chrono::seconds(number(17, 2)) +
         std::chrono::microseconds(number(20, 6));
}

std::string member(const nlohmann::json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// A column of the row being read, one after another.
class Reader {
 public:
  Reader(const PgResult& result, std::size_t row, int column) : result_(result), row_(row), column_(column) {}

  std::string text() { return std::string(result_.text(row_, column_++)); }
  std::int64_t number() { return result_.number(row_, column_++); }
  Uuid uuid() { return result_.uuid(row_, column_++); }
  WallTime time() { return result_.time(row_, column_++); }
  std::optional<Uuid> optional_uuid() { return result_.optional_uuid(row_, column_++); }
  std::optional<WallTime> optional_time() { return result_.optional_time(row_, column_++); }
  std::optional<std::int64_t> optional_number() { return result_.optional_number(row_, column_++); }

  template <class Enum>
  Enum word(std::optional<Enum> (*parse)(std::string_view)) {
    const std::string_view text = result_.text(row_, column_);
    const std::optional<Enum> value = parse(text);
    if (!value) problem_ = fmt::format("a newer program wrote {} \"{}\"", kColumns[index()], text);
    ++column_;
    return value.value_or(Enum{});
  }
  Conditions conditions() {
    Result<Conditions> value = decode_conditions(result_.text(row_, column_++));
    if (!value) problem_ = value.error().message;
    return value ? std::move(*value) : Conditions{};
  }

  const std::string& problem() const { return problem_; }

 private:
  std::size_t index() const { return static_cast<std::size_t>(column_ - first_); }

  const PgResult& result_;
  std::size_t row_;
  int column_;
  int first_ = column_;
  std::string problem_;
};

}  // namespace

std::string workspace_columns(std::string_view table) {
  std::string list;
  for (const std::string_view column : kColumns) {
    if (!list.empty()) list += ", ";
    if (!table.empty()) list.append(table).append(".");
    list += column;
  }
  return list;
}

Result<Workspace> decode_workspace(const PgResult& result, std::size_t row, int first_column) {
  Reader read(result, row, first_column);
  Workspace w;
  w.id = read.uuid();
  w.owner_user_id = read.uuid();
  w.name = read.text();
  w.description = read.text();
  w.memo = read.text();
  w.image_ref = read.text();
  w.conditions = read.conditions();
  w.observed_at = read.optional_time();
  w.phase = read.word(parse_phase);
  w.phase_changed_at = read.time();
  w.operation = read.word(parse_operation);
  w.op_started_at = read.optional_time();
  w.archive_op_id = read.optional_uuid();
  w.restore_op_id = read.optional_uuid();
  w.archive_key = read.text();
  w.volume_name = read.text();
  w.error_reason = read.word(parse_error_reason);
  w.error_message = read.text();
  w.error_count = static_cast<int>(read.number());
  w.next_retry_at = read.optional_time();
  w.desired_state = read.word(parse_desired_state);
  w.deleted_at = read.optional_time();
  w.last_access_at = read.optional_time();
  w.standby_ttl_seconds = read.optional_number();
  w.archive_ttl_seconds = read.optional_number();
  w.created_at = read.time();
  w.updated_at = read.time();
  if (!read.problem().empty()) return fail(corrupt("workspace " + w.id.text() + ": " + read.problem()));
  return w;
}

Result<std::vector<Workspace>> decode_workspaces(const PgResult& result) {
  std::vector<Workspace> workspaces;
  workspaces.reserve(result.rows());
  for (std::size_t row = 0; row < result.rows(); ++row) {
    Result<Workspace> workspace = decode_workspace(result, row);
    if (!workspace) return fail(std::move(workspace.error()));
    workspaces.push_back(std::move(*workspace));
  }
  return workspaces;
}

std::string encode_conditions(const Conditions& conditions) {
  nlohmann::json list = nlohmann::json::array();
  for (const Condition& condition : conditions.list) {
    list.push_back({{"type", condition.type},
                    {"status", condition.status},
                    {"reason", condition.reason},
                    {"message", condition.message},
                    {"last_transition_time", rfc3339(condition.last_transition_time)},
                    {"observed_generation", condition.observed_generation}});
  }
  const nlohmann::json whole = {{"conditions", std::move(list)}, {"address", conditions.address}};
  // A container's message may hold any bytes; jsonb takes UTF-8 only.
  return whole.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Result<Conditions> decode_conditions(std::string_view json) {
  const nlohmann::json whole = nlohmann::json::parse(json, nullptr, false);
  if (!whole.is_object()) return fail(corrupt("conditions are not a JSON object"));
  Conditions conditions;
  conditions.address = member(whole, "address");
  const auto list = whole.find("conditions");
  if (list == whole.end()) return conditions;
  if (!list->is_array()) return fail(corrupt("conditions are not a list"));
  for (const nlohmann::json& item : *list) {
    if (!item.is_object()) return fail(corrupt("a condition is not a JSON object"));
    const std::optional<WallTime> since = parse_rfc3339(member(item, "last_transition_time"));
    if (!since) return fail(corrupt("a condition's last_transition_time is not a time"));
    const auto generation = item.find("observed_generation");
    const bool has_generation = generation != item.end() && generation->is_number_integer();
    conditions.list.push_back({member(item, "type"), member(item, "status"), member(item, "reason"),
                               member(item, "message"), *since, has_generation ? generation->get<std::int64_t>() : 0});
  }
  return conditions;
}

}  // namespace hearth::orchestrator
