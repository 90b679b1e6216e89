// LimitZones: what limit_req and limit_conn count, shared by all workers of a process. Any thread; a part of a zone is
// locked for as long as it takes to look one key up.
#pragma once

#include <array>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "config/settings.h"

namespace hearth::proxy {

inline constexpr std::size_t kZoneParts = 16;
inline constexpr std::size_t kBytesPerKey = 128;  // what a key is taken to use, to turn a zone's size into a number

// How fast requests come, by key: a bucket that leaks `rate` (as nginx counts, in thousandths of a request).
class RequestZone {
 public:
  explicit RequestZone(const config::LimitZoneSettings& settings);

  // How long a request that comes now has to wait; nullopt: it is refused. Only what is charged is remembered.
  std::optional<Milliseconds> admit(std::string_view key, std::uint64_t now_ms, const config::LimitReqSettings& limit,
                                    bool charge);

 private:
  struct Entry {
    std::string key;
    std::uint64_t excess = 0;
    std::uint64_t at_ms = 0;
  };
  struct Part {
    std::mutex mutex;
    std::list<Entry> entries;  // the one that came last first
    std::unordered_map<std::string_view, std::list<Entry>::iterator> by_key;
  };

  const std::uint64_t rate_;
  const std::size_t most_;  // keys in a part
  std::array<Part, kZoneParts> parts_;
};

// Requests and tunnels under way, by key.
class ConnectionZone {
 public:
  explicit ConnectionZone(const config::LimitZoneSettings& settings);

  // One of those that are counted, until it is destroyed. The zone outlives it.
  class Ticket {
   public:
    Ticket(ConnectionZone& zone, std::string key) : zone_(&zone), key_(std::move(key)) {}
    ~Ticket();
    Ticket(Ticket&& other) noexcept : zone_(std::exchange(other.zone_, nullptr)), key_(std::move(other.key_)) {}
    Ticket& operator=(Ticket&&) = delete;

   private:
    ConnectionZone* zone_;
    std::string key_;
  };
  std::optional<Ticket> enter(std::string_view key, std::uint64_t most);

 private:
  void leave(const std::string& key);

  struct Part {
    std::mutex mutex;
    std::unordered_map<std::string, std::uint64_t> counts;
  };

  const std::size_t most_;  // keys in a part
  std::array<Part, kZoneParts> parts_;
};

class LimitZones {
 public:
  explicit LimitZones(const config::HttpSettings& settings);

  struct Requests {
    std::string key;  // with $variables
    std::unique_ptr<RequestZone> zone;
  };
  struct Connections {
    std::string key;
    std::unique_ptr<ConnectionZone> zone;
  };
  // By name; the loader has seen to it that they are there.
  const Requests& requests(const std::string& name) const { return requests_.at(name); }
  const Connections& connections(const std::string& name) const { return connections_.at(name); }

 private:
  std::map<std::string, Requests> requests_;
  std::map<std::string, Connections> connections_;
};

}  // namespace hearth::proxy
