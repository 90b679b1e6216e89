// The database schema: numbered steps, applied in order, never edited once released.
//
// All pending steps run in one transaction under an advisory lock, so that any number of nodes may start at once and a
// crash leaves the old schema. A database that is newer than the program is left alone.
#pragma once

#include <memory>
#include <span>

#include "clients/pg.h"
#include "runtime/loop.h"

namespace hearth::orchestrator {

struct Migration {
  int version;
  const char* name;
  const char* sql;
};

// Versions 1, 2, 3 … without a gap.
std::span<const Migration> migrations();

constexpr int kMinimumServerVersion = 130000;  // PostgreSQL 13

// Brings the database to the newest version, trying again for ever with backoff. Loop's thread; destroying it cancels.
// Both callbacks may destroy it.
class MigrationRun {
 public:
  struct Events {
    UniqueFunction<void()> done = nullptr;  // at most once
    // Each failed attempt. Not retryable: the database is newer than this program, or PostgreSQL older than 13, or a
    // step is refused; somebody must act. It is tried again all the same.
    UniqueFunction<void(const Error&)> failed = nullptr;
  };

  MigrationRun(Loop& loop, PgOptions options, Events events, std::span<const Migration> steps = migrations());
  ~MigrationRun();
  MigrationRun(const MigrationRun&) = delete;
  MigrationRun& operator=(const MigrationRun&) = delete;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace hearth::orchestrator
