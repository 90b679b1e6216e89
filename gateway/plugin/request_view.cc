#include "base/strings.h"
#include "hearth/exchange.h"
#include "http/cookie.h"

namespace hearth {

std::string_view RequestView::header(std::string_view name) const {
  for (const HeaderView& field : headers) {
    if (iequals(field.name, name)) return field.value;
  }
  return {};
}

std::optional<std::string_view> RequestView::cookie(std::string_view name) const {
  for (const HeaderView& field : headers) {
    if (!iequals(field.name, "cookie")) continue;
    if (const auto value = http::find_cookie(field.value, name)) return value;
  }
  return std::nullopt;
}

}  // namespace hearth
