// Written out by embed_assets.cmake: the files of assets/, sorted by name. Private to this folder.
#pragma once

#include <span>
#include <string_view>

#include "orchestrator/web/pages.h"

namespace hearth::orchestrator {

std::span<const Asset> embedded_assets();
std::string_view embedded_asset_version();  // 16 hexadecimal digits over names and contents of all

}  // namespace hearth::orchestrator
