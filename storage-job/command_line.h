// Arguments and environment → Settings. The environment holds what a coordinator passes; flags are for people and win.
#pragma once

#include <string>
#include <vector>

#include "job.h"

namespace hearth::storage_job {

enum class Command { archive, restore, verify, list };

struct CommandLine {
  Command command = Command::archive;
  Settings settings;
};

// `terminal`: stderr is one. Exit::usage with a text for a person; Exit::done with the help text when help or version
// was asked for.
Outcome<CommandLine> parse_command_line(const std::vector<std::string>& arguments,
                                        const object_store::Environment& environment, bool terminal);

}  // namespace hearth::storage_job
