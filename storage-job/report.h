// Report: what the job says. JSON lines on stdout for the coordinator, a bar on stderr when a person watches. One
// thread.
//
// A line has "step" and, by step: started {command}, present, survey {entries, bytes}, progress {phase, bytes, total,
// rate, eta}, skipped {kind, path}, changed {what, path}, unchanged, no-previous, not-copied {message}, uploaded,
// verified, committed, restored, damaged, again {message} (the archive is read once more), entry, failed {exit, class,
// message}, done. Bytes are bytes, rate is bytes per second, eta seconds.
#pragma once

#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace hearth::storage_job {

class Report {
 public:
  explicit Report(bool bar) : bar_(bar) {}
  ~Report();
  Report(const Report&) = delete;
  Report& operator=(const Report&) = delete;

  void step(std::string_view step, nlohmann::json fields = nlohmann::json::object());
  // A new measure of progress; total 0 if unknown.
  void phase(std::string phase, std::uint64_t total);
  void progress(std::uint64_t bytes);  // since phase(); cheap, says something about once a second

 private:
  void draw(double seconds);
  void clear();

  const bool bar_;
  bool drawn_ = false;
  std::string phase_;
  std::uint64_t total_ = 0, bytes_ = 0;
  SteadyTime began_{}, spoken_{}, drawn_at_{};
};

std::string human_bytes(double bytes);
// Valid UTF-8 for people and JSON; other bytes become \xNN.
std::string printable(std::string_view bytes);

}  // namespace hearth::storage_job
