// Random trees of everything an archive keeps: kinds, names, modes, owners, times, links, attributes, holes.
#pragma once

#include <filesystem>
#include <string>

namespace hearth::test {

struct RandomTreeOptions {
  bool attributes = true;      // extended attributes and ACLs
  bool whole_seconds = false;  // of times, for programs that keep no more
  // What other programs keep in ways of their own or not at all: fractions of times before 1970, attributes' names that
  // are not plain text, hard links to symlinks.
  bool odd = true;
};

// The same tree for the same seed, below `root`, which is made. Needs root.
void make_random_tree(const std::filesystem::path& root, unsigned seed, const RandomTreeOptions& options = {});

// Of two texts of describe(): their first lines that differ; empty when none do.
std::string first_difference(const std::string& made, const std::string& wanted);

}  // namespace hearth::test
