// Fields: reads a JSON body field by field and remembers the first thing wrong with it, naming the field. Fields nobody
// asked for are an error too: a misspelt one must not be ignored.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "orchestrator/api/reply.h"

namespace hearth::orchestrator {

class Fields {
 public:
  explicit Fields(const Json& body) : body_(body) {}

  enum class Text { line, lines };  // line: no control characters; lines: line breaks and tabs too
  // Lengths in characters. nullopt: absent, or wrong (then error() says so).
  std::optional<std::string> text(std::string_view name, std::size_t min, std::size_t max, Text kind = Text::line);
  std::optional<bool> flag(std::string_view name);
  std::optional<std::int64_t> number(std::string_view name, std::int64_t min, std::int64_t max);
  bool is_null(std::string_view name);  // present and null: takes the field
  void require(std::string_view name);
  void reject(std::string_view name, std::string_view why);

  // After the last field: what is wrong, if anything.
  std::optional<ApiError> error();

 private:
  const Json* find(std::string_view name);

  const Json& body_;
  std::set<std::string, std::less<>> known_;
  std::optional<ApiError> error_;
};

// Query parameters, decoded. Unknown ones are an error for the same reason.
class Query {
 public:
  explicit Query(std::string_view query);
  std::optional<std::int64_t> number(std::string_view name, std::int64_t min, std::int64_t max);
  std::optional<ApiError> error();

 private:
  Json values_ = Json::object();
  std::set<std::string, std::less<>> known_;
  std::optional<ApiError> error_;
};

struct Page {
  std::int64_t limit = 50;
  std::int64_t offset = 0;
};
Page read_page(Query& query);

}  // namespace hearth::orchestrator
