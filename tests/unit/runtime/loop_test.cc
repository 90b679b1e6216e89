#include "runtime/loop.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "base/fd.h"
#include "runtime/poll.h"
#include "runtime/timer.h"

namespace hearth {
namespace {

TEST(Loop, PostedTasksRunInOrderFromAnyThread) {
  Loop loop;
  std::vector<int> order;
  std::thread other([&] {
    for (int i = 0; i < 1000; ++i) loop.post([&order, i] { order.push_back(i); });
    loop.stop();
  });
  loop.run();
  other.join();
  ASSERT_EQ(order.size(), 1000u);
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(order[static_cast<std::size_t>(i)], i);
}

TEST(Loop, TasksAfterTheStopAreDestroyedUnrun) {
  auto kept = std::make_shared<int>(0);
  {
    Loop loop;
    loop.stop();
    loop.run();
    loop.post([kept] { ++*kept; });
  }
  EXPECT_EQ(*kept, 0);
  EXPECT_EQ(kept.use_count(), 1);
}

TEST(Loop, StopBeforeRunAndRunAgain) {
  Loop loop;
  loop.stop();
  loop.run();
  bool ran = false;
  loop.post([&] { ran = true; });
  loop.stop();
  loop.run();
  EXPECT_TRUE(ran);
}

TEST(Loop, DeferredWorkRunsBeforeTheNextPoll) {
  Loop loop;
  std::string order;
  loop.post([&] {
    loop.defer([&] {
      order += "b";
      loop.defer([&] { order += "c"; });
    });
    order += "a";
    loop.post([&] {
      order += "d";
      loop.stop();
    });
  });
  loop.run();
  EXPECT_EQ(order, "abcd");
}

TEST(Loop, QueueWorkRunsElsewhereAndAnswersHere) {
  Loop loop;
  std::thread::id worker;
  bool here = false;
  loop.queue_work([&] { worker = std::this_thread::get_id(); },
                  [&] {
                    here = loop.on_loop_thread();
                    loop.stop();
                  });
  loop.run();
  EXPECT_NE(worker, std::this_thread::get_id());
  EXPECT_TRUE(here);
}

TEST(Timer, FiresOnceNotEarly) {
  Loop loop;
  Timer timer(loop);
  const SteadyTime begin = SteadyClock::now();
  int fired = 0;
  timer.start(Milliseconds(20), [&] {
    ++fired;
    loop.stop();
  });
  EXPECT_TRUE(timer.active());
  loop.run();
  EXPECT_EQ(fired, 1);
  EXPECT_FALSE(timer.active());
  EXPECT_GE(SteadyClock::now() - begin, Milliseconds(19));
}

TEST(Timer, RepeatsUntilStoppedInItsCallback) {
  Loop loop;
  Timer timer(loop);
  Timer end(loop);
  int fired = 0;
  timer.repeat(Milliseconds(1), [&] {
    if (++fired == 3) timer.stop();
  });
  end.start(Milliseconds(50), [&] { loop.stop(); });
  loop.run();
  EXPECT_EQ(fired, 3);
}

TEST(Timer, MayBeDestroyedOrRestartedInItsCallback) {
  Loop loop;
  auto timer = std::make_unique<Timer>(loop);
  Timer again(loop);
  std::string order;
  timer->repeat(Milliseconds(1), [&] {
    order += "x";
    timer.reset();
    order += "y";
  });
  again.start(Milliseconds(1), [&] {
    again.start(Milliseconds(10), [&] {
      order += "z";
      loop.stop();
    });
  });
  loop.run();
  EXPECT_EQ(order, "xyz");
}

TEST(Timer, DestroyingCancels) {
  Loop loop;
  bool fired = false;
  {
    Timer timer(loop);
    timer.start(Milliseconds(1), [&] { fired = true; });
  }
  Timer end(loop);
  end.start(Milliseconds(20), [&] { loop.stop(); });
  loop.run();
  EXPECT_FALSE(fired);
}

class PollTest : public ::testing::Test {
 protected:
  PollTest() {
    int fds[2];
    ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds);
    a_ = Fd(fds[0]);
    b_ = Fd(fds[1]);
  }
  Loop loop_;
  Fd a_;
  Fd b_;
};

TEST_F(PollTest, ReadableAndWritable) {
  Poll poll(loop_, a_.get());
  std::string seen;
  poll.start(Poll::kWritable, [&](int events) {
    seen += events == Poll::kWritable ? "w" : "?";
    poll.start(Poll::kReadable, [&](int ready) {
      seen += ready == Poll::kReadable ? "r" : "?";
      poll.stop();
      loop_.stop();
    });
    ASSERT_EQ(::write(b_.get(), "x", 1), 1);
  });
  loop_.run();
  EXPECT_EQ(seen, "wr");
}

TEST_F(PollTest, MayBeDestroyedInItsCallback) {
  auto poll = std::make_unique<Poll>(loop_, a_.get());
  int calls = 0;
  poll->start(Poll::kWritable, [&](int) {
    ++calls;
    poll.reset();
    loop_.stop();
  });
  loop_.run();
  EXPECT_EQ(calls, 1);
}

TEST_F(PollTest, SetEventsKeepsTheCallback) {
  Poll poll(loop_, a_.get());
  int calls = 0;
  poll.start(Poll::kWritable, [&](int) {
    if (++calls == 1) {
      poll.set_events(0);
      loop_.post([&] { poll.set_events(Poll::kWritable); });
    } else {
      poll.set_events(0);
      loop_.stop();
    }
  });
  loop_.run();
  EXPECT_EQ(calls, 2);
}

}  // namespace
}  // namespace hearth
