#include "proxy/content_coding.h"

#include <algorithm>

#include "base/strings.h"
#include "http/accept_encoding.h"

namespace hearth::proxy {

std::vector<Coding> static_codings(const config::LocationSettings& settings, const http::HeaderList& headers) {
  using config::Precompressed;
  std::vector<Coding> out;
  if (settings.gzip_static == Precompressed::off && settings.zstd_static == Precompressed::off) return out;
  const unsigned identity = http::coding_weight(headers, "identity");
  const unsigned zstd = http::coding_weight(headers, "zstd");
  const unsigned gzip = http::coding_weight(headers, "gzip");
  const auto add = [&](Precompressed setting, Coding coding, unsigned weight) {
    const bool wanted = setting == Precompressed::on && weight > 0 && weight >= identity;
    if (wanted || setting == Precompressed::always) out.push_back(coding);
  };
  add(settings.zstd_static, Coding::zstd, zstd);
  add(settings.gzip_static, Coding::gzip, gzip);
  if (gzip > zstd) std::reverse(out.begin(), out.end());
  return out;
}

bool is_compressible(const config::CompressionSettings& coding, const std::vector<std::string>& types,
                     std::string_view media_type, std::uint64_t size) {
  if (!coding.on || size < coding.min_length || size == 0) return false;
  const std::string type = to_lower(trim(media_type.substr(0, media_type.find(';'))));
  return type == "text/html" || std::any_of(types.begin(), types.end(),
                                            [&](const std::string& known) { return known == "*" || known == type; });
}

Coding dynamic_coding(const config::LocationSettings& settings, const http::HeaderList& headers,
                      std::string_view media_type, std::uint64_t size) {
  unsigned best = std::max(http::coding_weight(headers, "identity"), 1u);
  Coding coding = Coding::identity;
  const auto consider = [&](Coding one, const config::CompressionSettings& how, const std::vector<std::string>& types) {
    const unsigned weight = http::coding_weight(headers, name(one));
    if (weight < best + (coding == Coding::identity ? 0 : 1)) return;
    if (!is_compressible(how, types, media_type, size)) return;
    best = weight;
    coding = one;
  };
  consider(Coding::zstd, settings.zstd, settings.zstd_types);
  consider(Coding::gzip, settings.gzip, settings.gzip_types);
  return coding;
}

}  // namespace hearth::proxy
