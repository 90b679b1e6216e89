# cmake -DDIR=<assets> -DOUT=<file.cc> -P embed_assets.cmake
# Writes every file of DIR into one C++ source as raw string literals, with content type and a strong ETag by SHA-256.
file(GLOB names RELATIVE ${DIR} ${DIR}/*.js ${DIR}/*.css ${DIR}/*.svg)
list(SORT names)

set(type_js "text/javascript; charset=utf-8")
set(type_css "text/css; charset=utf-8")
set(type_svg "image/svg+xml")

set(rows "")
set(digests "")
foreach(name IN LISTS names)
  file(READ ${DIR}/${name} body)
  file(SHA256 ${DIR}/${name} digest)
  string(SUBSTRING ${digest} 0 32 etag)
  string(REGEX REPLACE ".*\\." "" extension ${name})
  string(FIND "${body}" ")hearth_asset\"" clash)
  if(NOT clash EQUAL -1)
    message(FATAL_ERROR "${name} contains the end mark of its own literal")
  endif()
  string(APPEND digests "${name} ${digest}\n")
  string(APPEND rows "    {\"/assets/${name}\", \"${type_${extension}}\",\n     R\"hearth_asset(${body})hearth_asset\"sv, \"\\\"${etag}\\\"\"},\n")
endforeach()
string(SHA256 version "${digests}")
string(SUBSTRING ${version} 0 16 version)

file(WRITE ${OUT} "// Generated from plugins/orchestrator/web/assets by embed_assets.cmake.
#include \"orchestrator/web/embedded_assets.h\"

namespace hearth::orchestrator {
namespace {

using namespace std::string_view_literals;

constexpr Asset kAssets[] = {
${rows}};

}  // namespace

std::span<const Asset> embedded_assets() { return kAssets; }
std::string_view embedded_asset_version() { return \"${version}\"; }

}  // namespace hearth::orchestrator
")
