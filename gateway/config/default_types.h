#pragma once

#include <map>
#include <memory>
#include <string>

namespace hearth::config {

// The media types used where no `types` block is given: what web sites are made of.
std::shared_ptr<const std::map<std::string, std::string>> default_types();

}  // namespace hearth::config
