#include "http/accept_encoding.h"

#include <optional>

#include "base/strings.h"

namespace hearth::http {

namespace {

// "0.5" as 500 (RFC 9110 12.4.2); 0 for what is none.
unsigned parse_weight(std::string_view text) {
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return 0;
  unsigned weight = text[0] == '1' ? 1000 : 0;
  if (text.size() == 1) return weight;
  if (text[1] != '.') return 0;
  unsigned unit = 100;
  for (const char c : text.substr(2)) {
    if (c < '0' || c > '9') return 0;
    weight += static_cast<unsigned>(c - '0') * unit;
    unit /= 10;
  }
  return weight > 1000 ? 0 : weight;
}

unsigned weight_of(std::string_view element) {
  const std::size_t semicolon = element.find(';');
  if (semicolon == std::string_view::npos) return 1000;
  const std::string_view parameter = trim(element.substr(semicolon + 1));
  return istarts_with(parameter, "q=") ? parse_weight(trim(parameter.substr(2))) : 0;
}

}  // namespace

unsigned coding_weight(const HeaderList& headers, std::string_view coding) {
  std::optional<unsigned> own;
  std::optional<unsigned> any;
  for (const Header& field : headers) {
    if (!iequals(field.name, "Accept-Encoding")) continue;
    for_each_list_element(field.value, [&](std::string_view element) {
      std::string_view name = trim(element.substr(0, element.find(';')));
      if (iequals(name, "x-gzip")) name = "gzip";
      if (iequals(name, coding)) own = weight_of(element);
      if (name == "*") any = weight_of(element);
      return true;
    });
  }
  if (own) return *own;
  if (coding == "identity") return any == 0u ? 0 : 1;
  return any.value_or(0);
}

}  // namespace hearth::http
