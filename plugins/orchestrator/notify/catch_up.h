// CatchUp: finds what notices did not tell, by asking the database from time to time what has changed since the last
// look. Each look reaches back by `overlap` beyond the one before, since a change is stamped before it is committed;
// what the caller knows already is left out. When a look cannot tell (the database's clock went back, too much changed,
// too long ago) it asks for a resync. Thread: the loop's. Callbacks may not destroy it.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "orchestrator/store/change_log.h"
#include "runtime/timer.h"

namespace hearth::orchestrator {

class CatchUp {
 public:
  struct Outlets {
    std::function<void(std::optional<WallTime> since, ChangeLog::Done done)> read;
    std::function<bool(const ChangedRow&)> knows;
    std::function<void(const ChangedRow&)> missed;
    std::function<void()> resync;
  };
  struct Timing {
    Milliseconds overlap{30000};      // longer than any transaction of ours may last
    Milliseconds memory{30 * 60000};  // purged rows are remembered twice as long
  };

  CatchUp(Loop& loop, Outlets outlets, Timing timing);
  ~CatchUp();
  CatchUp(const CatchUp&) = delete;
  CatchUp& operator=(const CatchUp&) = delete;

  // How long after the end of one look the next one begins; from the beginning of the wait that is under way.
  void set_period(Milliseconds period);
  void look();  // now

 private:
  void wait();
  void looked(Result<Changes> changes);

  Loop& loop_;
  Outlets outlets_;
  Timing timing_;
  Timer timer_;
  Milliseconds period_{0};
  SteadyTime waiting_since_{};
  bool looking_ = false;
  bool again_ = false;
  bool failed_ = false;           // every look so far
  std::optional<WallTime> last_;  // the database's clock at the last look that succeeded
  std::shared_ptr<bool> alive_;
};

}  // namespace hearth::orchestrator
