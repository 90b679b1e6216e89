// TestModule: a module linked into the test program; each of its handlers is a function the test gives.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "hearth/module.h"
#include "plugin/loader.h"

namespace hearth::test {

using HandlerFunction = std::function<void(Exchange&, WorkerHost&)>;  // on the worker's thread
using Handlers = std::map<std::string, HandlerFunction>;

std::shared_ptr<plugin::LoadedModule> make_test_module(Handlers handlers);

}  // namespace hearth::test
