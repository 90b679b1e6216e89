// Tunnel: bytes both ways between a client and an upstream after an upgrade, untouched. Each direction ends on its own
// (half-close); one that is blocked pauses the other side's reading. An idle tunnel owns two handles and this struct.
//
// Owner: the worker's TunnelSet. Thread: the worker's.
#pragma once

#include <memory>
#include <string>

#include "base/unique_function.h"
#include "log/access_log.h"
#include "runtime/deadline_wheel.h"
#include "runtime/loop.h"
#include "runtime/socket.h"

namespace hearth::proxy {

using log::EndedBy;

struct TunnelOutcome {
  std::uint64_t bytes_to_client = 0;
  std::uint64_t bytes_to_upstream = 0;
  EndedBy ended_by = EndedBy::none;
};

class Tunnel final : public DeadlineWheel::Entry {
 public:
  using Ended = UniqueFunction<void(const TunnelOutcome&)>;

  // `early_*` are bytes that had already been read. `ended` is called once, never from inside the constructor.
  Tunnel(Loop& loop, DeadlineWheel& wheel, Socket client, Socket upstream, Milliseconds idle_timeout, Ended ended);

  // Starts reading; bytes read before the upgrade go first.
  void start(std::string_view early_to_upstream, std::string_view early_to_client);
  void close(EndedBy who);  // silent afterwards

 private:
  // More than this waiting for one side stops reading from the other.
  static constexpr std::size_t kHighWater = 64 * 1024;
  static constexpr Milliseconds kHalfOpenLimit{30000};
  // A direction that fills the read buffer is moved inside the kernel, until a move brings less than this.
  static constexpr std::uint64_t kSpliceFrom = 32 * 1024;

  class Side final : public Socket::Events {
   public:
    Side(Tunnel& owner, Socket taken, EndedBy side) : tunnel(owner), socket(std::move(taken)), who(side) {}
    void on_connected(int) override {}
    void on_read(std::string_view bytes) override { tunnel.relay(*this, bytes); }
    void on_end() override { tunnel.half_close(*this); }
    void on_broken(int) override { tunnel.close(who); }
    void on_drained() override { tunnel.drained(*this); }
    void on_readable() override { tunnel.splice(*this); }
    Tunnel& tunnel;
    Socket socket;
    SpliceStream stream;  // to the other side
    std::uint64_t received = 0;
    bool ended = false;  // its FIN has come
    EndedBy who;
  };

  void relay(Side& from, std::string_view bytes);
  void splice(Side& from);
  void moved(Side& from, const SplicePipes::Moved& outcome);
  void half_close(Side& from);
  void drained(Side& to);
  void close_if_done(Side& last);
  void on_deadline() override;
  Side& other(Side& side) { return &side == &client_ ? upstream_ : client_; }
  void touch();

  Loop& loop_;
  DeadlineWheel& wheel_;
  Milliseconds idle_timeout_;
  Side client_;
  Side upstream_;
  Ended ended_;
  bool closed_ = false;
};

}  // namespace hearth::proxy
