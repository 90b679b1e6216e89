#include "proxy/variable_map.h"

#include "base/strings.h"
#include "log/log.h"
#include "proxy/compiled.h"

namespace hearth::proxy {

VariableMap::VariableMap(const config::MapSettings& settings)
    : name_(settings.name), source_(compile_text(settings.source)), values_{compile_text(settings.fallback)} {
  using Kind = config::MapSettings::Row::Kind;
  for (const config::MapSettings::Row& row : settings.rows) {
    const std::size_t value = values_.size();
    values_.push_back(compile_text(row.value));
    if (row.kind == Kind::text) {
      add_text(row.key, settings.hostnames, value);
    } else {
      patterns_.push_back({compile_regex(row.key, row.kind == Kind::regex_no_case), value});
    }
  }
}

void VariableMap::add_text(const std::string& key, bool hostnames, std::size_t value) {
  if (hostnames && key.starts_with("*.")) {
    heads_.push_back({key.substr(1), value});
  } else if (hostnames && key.starts_with('.')) {
    heads_.push_back({key, value});
    texts_.emplace(key.substr(1), value);
  } else if (hostnames && key.ends_with(".*")) {
    tails_.push_back({key.substr(0, key.size() - 1), value});
  } else {
    texts_[key] = value;
  }
}

const config::CompiledText& VariableMap::find(std::string_view key, config::Regex::Captures& captures) const {
  const std::string lower = to_lower(key);
  if (const auto found = texts_.find(lower); found != texts_.end()) return values_[found->second];
  const Wildcard* best = nullptr;
  const auto consider = [&](const Wildcard& one, bool matches) {
    if (matches && lower.size() > one.text.size() && (best == nullptr || one.text.size() > best->text.size()))
      best = &one;
  };
  for (const Wildcard& one : heads_) consider(one, lower.ends_with(one.text));
  if (best != nullptr) return values_[best->value];
  for (const Wildcard& one : tails_) consider(one, lower.starts_with(one.text));
  if (best != nullptr) return values_[best->value];
  for (const Pattern& pattern : patterns_) {
    switch (pattern.regex.match(key, &captures)) {
      case config::Regex::Outcome::yes:
        return values_[pattern.value];
      case config::Regex::Outcome::too_hard:
        log::error("a regular expression of map ${} takes too many steps on \"{}\"", name_, key);
        return values_[0];
      case config::Regex::Outcome::no:
        break;
    }
  }
  return values_[0];
}

}  // namespace hearth::proxy
