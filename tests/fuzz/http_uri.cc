// A path that passes never leaves its workspace when somebody normalises it; normalising is stable.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "http/uri.h"

using namespace hearth::http;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::string base = "/w/0b8a1f0e-1c2d-4e3f-8a9b-0c1d2e3f4a5b";
  const std::string path = base + "/" + std::string(input);
  const WorkspacePath parsed = parse_workspace_path(path);
  HEARTH_CHECK(parsed.kind == WorkspacePath::Kind::workspace || parsed.kind == WorkspacePath::Kind::bad_request);
  std::string scratch;
  if (const auto normal = normalize_path(path, scratch)) {
    if (parsed.kind == WorkspacePath::Kind::workspace) HEARTH_CHECK(normal->starts_with(base));
    HEARTH_CHECK(normal->find("//") == std::string_view::npos);
    HEARTH_CHECK(normal->find("/../") == std::string_view::npos && normal->find("/./") == std::string_view::npos);
    std::string escaped;
    append_escaped_path(escaped, *normal);
    std::string again;
    HEARTH_CHECK(normalize_path(escaped, again) == *normal);
  }
  parse_workspace_path(input);
  return 0;
}
