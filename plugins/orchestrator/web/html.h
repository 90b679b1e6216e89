// The frame every page shares. Private to this folder.
#pragma once

#include <string>
#include <string_view>

#include "orchestrator/web/pages.h"

namespace hearth::orchestrator {

struct PageFrame {
  std::string_view title;       // not escaped yet
  std::string_view script;      // "login.js"; empty = none
  std::string_view body_class;  // "single" = one card in the middle
};

std::string asset_url(std::string_view file);  // "/assets/<version>/<file>"
std::string frame(const PageFrame& page, std::string_view body);
std::string icon(std::string_view name, std::string_view css_class = "icon");  // of assets/icons.svg
std::string brand();                                                           // logo and name, links to the dashboard

}  // namespace hearth::orchestrator
