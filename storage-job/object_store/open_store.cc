#include "object_store/open_store.h"

#include "object_store/credentials.h"
#include "object_store/file_store.h"
#include "object_store/s3_store.h"

namespace hearth::object_store {
namespace {

tl::unexpected<Error> usage(std::string message) {
  return fail(ErrorCode::invalid_argument, ErrorSource::config, std::move(message));
}

}  // namespace

Result<Location> parse_url(std::string_view url) {
  Location out;
  if (url.starts_with("file:///")) {
    out.key = url.substr(8);
    while (out.key.starts_with('/')) out.key.erase(0, 1);
    if (out.key.empty() || out.key.ends_with('/')) return usage("no file in " + std::string(url));
    return out;
  }
  if (!url.starts_with("s3://")) return usage("a URL must begin with s3:// or file:///, not " + std::string(url));
  url.remove_prefix(5);
  const std::size_t slash = url.find('/');
  out.s3 = true;
  out.bucket = url.substr(0, slash);
  if (slash != std::string_view::npos) out.key = url.substr(slash + 1);
  if (out.bucket.empty() || out.key.empty() || out.key.ends_with('/'))
    return usage("s3://" + std::string(url) + " must name a bucket and a key");
  return out;
}

Result<S3Options> s3_options(const Environment& environment) {
  const auto value = [&](const char* name) { return environment(name).value_or(""); };
  S3Options out;
  out.endpoint = value("AWS_ENDPOINT_URL");
  if (!out.endpoint.empty() && !out.endpoint.starts_with("http://") && !out.endpoint.starts_with("https://"))
    return usage("AWS_ENDPOINT_URL must begin with http:// or https://");
  for (const char* name : {"AWS_DEFAULT_REGION", "AWS_REGION"})
    if (!value(name).empty()) out.region = value(name);
  out.credentials = {value("AWS_ACCESS_KEY_ID"), value("AWS_SECRET_ACCESS_KEY"), value("AWS_SESSION_TOKEN")};
  if (const std::string file = value("AWS_SHARED_CREDENTIALS_FILE"); out.credentials.access_key.empty() && !file.empty()) {
    auto credentials = read_credentials(file);
    if (!credentials) return fail(credentials.error());
    out.credentials = std::move(*credentials);
  }
  out.transport.ca_file = value("AWS_CA_BUNDLE");
  const std::string style = value("AWS_S3_ADDRESSING_STYLE");
  if (style == "path")
    out.addressing = Addressing::path;
  else if (style == "virtual")
    out.addressing = Addressing::virtual_host;
  else if (!style.empty() && style != "auto")
    return usage("AWS_S3_ADDRESSING_STYLE must be auto, path or virtual, not " + style);
  return out;
}

Result<std::unique_ptr<ObjectStore>> open_store(const Location& location, S3Options options) {
  if (!location.s3) return std::make_unique<FileStore>("", options.transport.cancel);
  if (options.credentials.access_key.empty() || options.credentials.secret_key.empty())
    return usage("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (or AWS_SHARED_CREDENTIALS_FILE) are needed for s3://");
  options.bucket = location.bucket;
  return std::make_unique<S3Store>(std::move(options));
}

}  // namespace hearth::object_store
