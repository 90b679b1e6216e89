#include "orchestrator/web/html.h"

#include <fmt/format.h>

#include <array>

#include "base/encoding.h"

namespace hearth::orchestrator {
namespace {

constexpr std::size_t kMaxNext = 4096;
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// Length of the well-formed UTF-8 sequence at the start of `text`, 0 if there is none (Unicode 15, table 3-7).
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const unsigned lead = byte(0);
  const auto continues = [&](std::size_t i, unsigned low = 0x80, unsigned high = 0xBF) {
    return byte(i) >= low && byte(i) <= high;
  };
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return continues(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    const unsigned low = lead == 0xE0 ? 0xA0 : 0x80;
    const unsigned high = lead == 0xED ? 0x9F : 0xBF;
    return continues(1, low, high) && continues(2) ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    const unsigned low = lead == 0xF0 ? 0x90 : 0x80;
    const unsigned high = lead == 0xF4 ? 0x8F : 0xBF;
    return continues(1, low, high) && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}

bool is_path_or_below(std::string_view path, std::string_view parent) {
  return path.starts_with(parent) && (path.size() == parent.size() || path[parent.size()] == '/');
}

}  // namespace

std::string escape_html(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 8);
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    if (length == 0) {
      out += kReplacement;
      text.remove_prefix(1);
      continue;
    }
    switch (text.front()) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      case '\0':
        out += kReplacement;
        break;
      default:
        out += text.substr(0, length);
    }
    text.remove_prefix(length);
  }
  return out;
}

std::string safe_next_path(std::string_view next) {
  constexpr std::string_view kHome = "/";
  if (next.empty() || next.size() > kMaxNext || next[0] != '/') return std::string(kHome);
  if (next.size() > 1 && next[1] == '/') return std::string(kHome);
  for (const char c : next) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\\' || byte <= 0x20 || byte == 0x7F) return std::string(kHome);
  }
  const std::string_view path = next.substr(0, next.find_first_of("?#"));
  if (is_path_or_below(path, "/login") || is_path_or_below(path, "/api")) return std::string(kHome);
  return std::string(next);
}

std::string login_location(std::string_view path_and_query) {
  const std::string next = safe_next_path(path_and_query);
  return next == "/" ? "/login" : "/login?next=" + percent_encode(next);
}

PageHeaders page_headers() {
  return {{"Content-Type", "text/html; charset=utf-8"},
          {"Content-Security-Policy", std::string(kContentSecurityPolicy)},
          {"Cache-Control", "no-store"},
          {"X-Content-Type-Options", "nosniff"},
          {"X-Frame-Options", "DENY"},
          {"Referrer-Policy", "same-origin"},
          {"Vary", "Cookie"}};
}

std::string asset_url(std::string_view file) { return fmt::format("/assets/{}/{}", asset_version(), file); }

std::string icon(std::string_view name, std::string_view css_class) {
  return fmt::format(R"(<svg class="{}" aria-hidden="true"><use href="{}#{}"/></svg>)", css_class,
                     asset_url("icons.svg"), name);
}

std::string brand() { return fmt::format(R"(<a class="brand" href="/">{}Hearth</a>)", icon("ember")); }

std::string frame(const PageFrame& page, std::string_view body) {
  std::string script;
  if (!page.script.empty()) {
    script = fmt::format("<script type=\"module\" src=\"{}\"></script>\n", asset_url(page.script));
  }
  return fmt::format(R"(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>{title}</title>
<link rel="icon" type="image/svg+xml" href="{favicon}">
<link rel="stylesheet" href="{css}">
{script}</head>
<body class="{body_class}">
{body}</body>
</html>
)",
                     fmt::arg("title", escape_html(page.title)), fmt::arg("favicon", asset_url("favicon.svg")),
                     fmt::arg("css", asset_url("app.css")), fmt::arg("script", script),
                     fmt::arg("body_class", page.body_class), fmt::arg("body", body));
}

}  // namespace hearth::orchestrator
