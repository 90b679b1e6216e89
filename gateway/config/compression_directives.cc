// Files that are sent compressed.
#include "config/gateway_directives.h"
#include "config/header_text.h"
#include "config/setters.h"

namespace hearth::config {

namespace {

using Which = CompressionSettings LocationSettings::*;

template <class T, class Parsed>
Setter value_of(Which which, T CompressionSettings::*field, Result<Parsed> (*parse)(std::string_view)) {
  return [which, field, parse](void* target, const Statement& statement, LoadContext&) -> Result<void> {
    T value{};
    if (auto done = assign(value, parse(statement.args[0]), statement.args[0]); !done) return done;
    scope_of(target).set([which, field, value](LocationSettings& out) { (out.*which).*field = value; });
    return {};
  };
}

template <unsigned kMost>
Result<unsigned> parse_level(std::string_view text) {
  const auto level = parse_decimal<unsigned>(text);
  if (level && *level >= 1 && *level <= kMost) return *level;
  return fail(invalid_value(text, "a number from 1 to " + std::to_string(kMost)).error());
}

Setter static_value(Precompressed LocationSettings::*field) {
  return [field](void* target, const Statement& statement, LoadContext&) -> Result<void> {
    const std::string& text = statement.args[0];
    if (text != "on" && text != "off" && text != "always") return invalid_value(text, "\"on\", \"off\" or \"always\"");
    const auto value = text == "on" ? Precompressed::on : text == "off" ? Precompressed::off : Precompressed::always;
    scope_of(target).set([field, value](LocationSettings& out) { out.*field = value; });
    return {};
  };
}

Setter types_value(std::vector<std::string> LocationSettings::*field) {
  return [field](void* target, const Statement& statement, LoadContext&) -> Result<void> {
    for (const std::string& type : statement.args) {
      if (type != "*" && type.find('/') == std::string::npos) {
        return invalid_value(type, "a media type such as text/css, or \"*\"");
      }
      scope_of(target).add(field, to_lower(type));
    }
    return {};
  };
}

struct Names {
  std::string_view on, level, min_length, types, precompressed;
  std::string_view level_syntax, level_fallback, level_help, min_syntax, types_syntax, static_syntax, help, static_help;
};

void add_coding(DirectiveTable& table, const Names& names, Which which, const Setter& level,
                std::vector<std::string> LocationSettings::*types, Precompressed LocationSettings::*precompressed) {
  const auto add = [&](std::string_view name, unsigned most, Setter set, std::string_view syntax,
                       std::string_view fallback, std::string_view help) {
    table.push_back({.name = name,
                     .contexts = kHttpServerLocation,
                     .min_args = 1,
                     .max_args = most,
                     .set = std::move(set),
                     .syntax = syntax,
                     .fallback = fallback,
                     .help = help});
  };
  add(names.on, 1, value_of(which, &CompressionSettings::on, parse_flag),
      names.on == "gzip" ? "gzip on | off" : "zstd on | off", "off", names.help);
  add(names.level, 1, level, names.level_syntax, names.level_fallback, names.level_help);
  add(names.min_length, 1, value_of(which, &CompressionSettings::min_length, parse_size), names.min_syntax, "20",
      "Files shorter than this are sent as they are.");
  add(names.types, Directive::kMany, types_value(types), names.types_syntax, "text/html",
      "The media types that are compressed besides `text/html`; `*` is any.");
  add(names.precompressed, 1, static_value(precompressed), names.static_syntax, "off", names.static_help);
}

}  // namespace

void add_compression_directives(DirectiveTable& table) {
  add_coding(table,
             {"gzip", "gzip_comp_level", "gzip_min_length", "gzip_types", "gzip_static", "gzip_comp_level level", "1",
              "How hard to compress: more takes longer and gives less.", "gzip_min_length length",
              "gzip_types media-type ...", "gzip_static on | off | always",
              "Compresses files while they are sent, for clients that accept gzip. What an upstream answers stays as "
              "it is.",
              "Sends `file.gz` instead of `file`, where there is one, to clients that accept gzip; with `always` to "
              "all."},
             &LocationSettings::gzip, value_of(&LocationSettings::gzip, &CompressionSettings::level, parse_level<9>),
             &LocationSettings::gzip_types, &LocationSettings::gzip_static);
  add_coding(table,
             {"zstd", "zstd_comp_level", "zstd_min_length", "zstd_types", "zstd_static", "zstd_comp_level level", "3",
              "How hard to compress. Levels above 10 take tens of megabytes for each response under way.",
              "zstd_min_length length", "zstd_types media-type ...", "zstd_static on | off | always",
              "Compresses files while they are sent, for clients that accept zstd; of two codings that a client likes "
              "equally, zstd is taken.",
              "Sends `file.zst` instead of `file`, where there is one, to clients that accept zstd; with `always` to "
              "all."},
             &LocationSettings::zstd, value_of(&LocationSettings::zstd, &CompressionSettings::level, parse_level<19>),
             &LocationSettings::zstd_types, &LocationSettings::zstd_static);
  table.push_back({.name = "gzip_vary",
                   .contexts = kHttpServerLocation,
                   .min_args = 1,
                   .max_args = 1,
                   .set = checked_only(parse_flag),
                   .syntax = "gzip_vary on | off",
                   .fallback = "on",
                   .help = "Accepted for nginx's sake: what may be compressed always says `Vary: Accept-Encoding`."});
}

}  // namespace hearth::config
