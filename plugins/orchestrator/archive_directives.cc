// archive_store, with its block for buckets.
#include <fmt/format.h>

#include <algorithm>

#include "orchestrator/directive_rows.h"

namespace hearth::orchestrator::directive_rows {
namespace {

bool is_bucket_name(std::string_view name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_';
  };
  return name.size() >= 3 && name.size() <= 255 && name.front() != '.' &&
         std::all_of(name.begin(), name.end(), allowed);
}

Result<void> set_bucket(ArchiveSettings& archives, std::string_view place) {
  const std::size_t slash = place.find('/');
  const std::string_view bucket = place.substr(0, slash);
  std::string_view prefix = slash == std::string_view::npos ? std::string_view() : place.substr(slash + 1);
  while (prefix.ends_with('/')) prefix.remove_suffix(1);
  if (!is_bucket_name(bucket)) return wrong(fmt::format("\"{}\" is no bucket name", bucket));
  if (prefix.starts_with('/') || prefix.find("//") != std::string_view::npos)
    return wrong(fmt::format("empty part in the prefix \"{}\"", prefix));
  archives.bucket = bucket;
  archives.prefix = prefix;
  return {};
}

Result<void> set_archive_store(void* target, const Statement& statement, LoadContext& context) {
  ArchiveSettings& archives = settings_of(target).archives;
  const std::string_view where = statement.args[0];
  if (where.starts_with("s3://")) return set_bucket(archives, where.substr(5));
  if (!where.starts_with("file:"))
    return wrong(fmt::format("invalid archive_store \"{}\": file:/path, or s3://bucket/prefix", where));
  std::string_view path = where.substr(5);
  while (path.starts_with("//")) path.remove_prefix(1);
  if (path.empty()) return wrong("archive_store file: must name a directory");
  archives.directory = context.resolve_path(path);
  while (archives.directory.size() > 1 && archives.directory.ends_with('/')) archives.directory.pop_back();
  if (archives.directory == "/") return wrong("archive_store must not be the root directory");
  return {};
}

Result<void*> enter_archive_store(void* target, const Statement& statement, LoadContext& context) {
  if (statement.args[0].starts_with("file:")) return wrong("archive_store file: takes no block; end it with \";\"");
  if (auto set = set_archive_store(target, statement, context); !set) return tl::unexpected(set.error());
  return static_cast<void*>(&settings_of(target).archives);
}

Result<std::string> endpoint(const std::string& argument) {
  std::string_view rest = argument;
  const bool http = rest.starts_with("http://");
  if (!http && !rest.starts_with("https://"))
    return wrong(fmt::format("invalid endpoint \"{}\": http://host[:port] or https://host[:port]", argument));
  rest.remove_prefix(http ? 7 : 8);
  if (rest.empty() || rest.front() == '/' || rest.find_first_of("?#@ ") != std::string_view::npos)
    return wrong(fmt::format("invalid endpoint \"{}\": http://host[:port] or https://host[:port]", argument));
  while (rest.ends_with('/')) rest.remove_suffix(1);
  return argument.substr(0, http ? 7 : 8) + std::string(rest);
}

template <std::string ArchiveSettings::*kMember>
Result<void> set_file(void* target, const Statement& statement, LoadContext& context) {
  if (statement.args[0].empty()) return wrong("value must not be empty");
  static_cast<ArchiveSettings*>(target)->*kMember = context.resolve_path(statement.args[0]);
  return {};
}

}  // namespace

void add_archive_store(config::DirectiveTable& table) {
  using A = ArchiveSettings;
  table.push_back(simple("archive_store", "orchestrator", set_archive_store,
                         "archive_store file:path | s3://bucket/prefix", "file:<data_dir>/archives",
                         "Where the files of archived workspaces are kept: a directory on the engine's machine, or a "
                         "bucket."));
  table.push_back(block("archive_store", "orchestrator", 1, enter_archive_store,
                        "archive_store s3://bucket/prefix { ... }", "The same, with what a bucket needs."));
  table.push_back(
      simple("endpoint", "archive_store", value(endpoint, &A::endpoint), "endpoint url", "AWS", "The S3 server."));
  table.push_back(simple("region", "archive_store", value(text, &A::region), "region name", "us-east-1",
                         "The bucket's region; part of every signature."));
  table.push_back(simple("credentials_file", "archive_store", set_file<&A::credentials_file>, "credentials_file path",
                         "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY of the environment",
                         "An AWS shared credentials file; its profile [default] is used."));
  table.push_back(simple("ca_file", "archive_store", set_file<&A::ca_file>, "ca_file path",
                         "AWS_CA_BUNDLE of the environment, else the system's",
                         "Certificates (PEM) of the authorities an https:// endpoint is believed by."));
  table.push_back(simple("path_style", "archive_store", value(config::parse_flag, &A::path_style),
                         "path_style on | off", "on with an endpoint, else off",
                         "On: http://host/bucket/key; off: http://bucket.host/key."));
}

}  // namespace hearth::orchestrator::directive_rows
