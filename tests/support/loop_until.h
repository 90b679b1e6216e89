// Runs a loop on the test's thread until something is true.
#pragma once

#include "runtime/loop.h"

namespace hearth::test {

// False when `deadline` passed first. `condition` is asked after every round of the loop.
bool run_until(Loop& loop, UniqueFunction<bool()> condition, Milliseconds deadline = Milliseconds(10000));
// Runs the loop for that long: to see that something does not happen.
void run_for(Loop& loop, Milliseconds duration);

}  // namespace hearth::test
