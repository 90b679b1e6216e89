// MetricsText: the process's counters as Prometheus text (exposition format 0.0.4). Workers report once a second;
// rendering may happen on any thread.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "proxy/worker_context.h"

namespace hearth::server {

class MetricsText {
 public:
  void set_workers(std::size_t count);
  void update(std::size_t worker, const proxy::Counters& counters, std::size_t idle_upstreams);
  void add(std::function<std::string()> render);
  void set_ready(const std::string& component, const std::string& reason);
  std::string render();

 private:
  struct PerWorker {
    proxy::Counters counters;
    std::size_t idle_upstreams = 0;
  };
  std::mutex mutex_;
  std::vector<PerWorker> workers_;
  std::vector<std::function<std::string()>> more_;
  std::map<std::string, bool> ready_;
};

}  // namespace hearth::server
