// DeadlineWheel: thousands of timeouts that are moved far more often than they fire.
//
// Setting a later deadline is one store: an entry stays in its slot and is moved on when the slot comes up (as nghttpx
// does with its timers). Resolution is one tick; a deadline fires up to one tick late, never early.
// Thread: the loop's. An Entry unlinks itself when destroyed; on_deadline may destroy it or set it again.
#pragma once

#include <array>
#include <cstdint>

#include "runtime/timer.h"

namespace hearth {

class DeadlineWheel {
 public:
  static constexpr std::uint64_t kTickMs = 100;

  class Entry {
   public:
    Entry() = default;
    virtual ~Entry() { unlink(); }
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;

    void clear_deadline() { due_ms_ = 0; }
    bool has_deadline() const { return due_ms_ != 0; }

   protected:
    virtual void on_deadline() = 0;

   private:
    friend class DeadlineWheel;
    void unlink();
    Entry* previous_ = nullptr;
    Entry* next_ = nullptr;
    std::uint64_t due_ms_ = 0;   // 0 = none; may be later than the slot it is linked in
    std::uint64_t slot_ms_ = 0;  // when its slot comes up
  };

  explicit DeadlineWheel(Loop& loop);

  // Replaces the entry's deadline.
  void set(Entry& entry, Milliseconds after);

 private:
  static constexpr std::size_t kSlots = 1024;  // one turn is 102 s; longer deadlines go round again

  class Head : public Entry {
   public:
    Head();
    void on_deadline() override {}
  };

  void link(Entry& entry);
  void tick();

  Loop& loop_;
  Timer timer_;
  std::uint64_t swept_ms_ = 0;  // every slot up to here has been looked at
  std::array<Head, kSlots> slots_;
};

}  // namespace hearth
