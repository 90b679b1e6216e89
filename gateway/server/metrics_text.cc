#include "server/metrics_text.h"

#include <fmt/format.h>

namespace hearth::server {

void MetricsText::set_workers(std::size_t count) {
  std::lock_guard lock(mutex_);
  workers_.resize(count);
}

void MetricsText::update(std::size_t worker, const proxy::Counters& counters, std::size_t idle_upstreams) {
  std::lock_guard lock(mutex_);
  if (worker < workers_.size()) workers_[worker] = {counters, idle_upstreams};
}

void MetricsText::add(std::function<std::string()> render) {
  std::lock_guard lock(mutex_);
  more_.push_back(std::move(render));
}

void MetricsText::set_ready(const std::string& component, const std::string& reason) {
  std::lock_guard lock(mutex_);
  ready_[component] = reason.empty();
}

std::string MetricsText::render() {
  std::lock_guard lock(mutex_);
  std::string out;
  const auto metric = [&](std::string_view name, std::string_view type, std::string_view help, auto&& value) {
    std::uint64_t sum = 0;
    for (const PerWorker& worker : workers_) sum += value(worker);
    out += fmt::format("# HELP {0} {1}\n# TYPE {0} {2}\n{0} {3}\n", name, help, type, sum);
  };
  using W = const PerWorker&;
  metric("hearth_http_requests_total", "counter", "Requests begun.", [](W w) { return w.counters.requests; });
  metric("hearth_connections_accepted_total", "counter", "Client connections accepted.",
         [](W w) { return w.counters.connections_accepted; });
  metric("hearth_connections_open", "gauge", "Client connections open.",
         [](W w) { return w.counters.connections_open; });
  metric("hearth_tunnels_opened_total", "counter", "Upgraded connections begun.",
         [](W w) { return w.counters.tunnels_opened; });
  metric("hearth_tunnels_open", "gauge", "Upgraded connections open.", [](W w) { return w.counters.tunnels_open; });
  metric("hearth_upstream_connects_total", "counter", "Upstream connections made.",
         [](W w) { return w.counters.upstream_connects; });
  metric("hearth_upstream_reuses_total", "counter", "Requests sent on a pooled upstream connection.",
         [](W w) { return w.counters.upstream_reuses; });
  metric("hearth_upstream_idle", "gauge", "Idle upstream connections pooled.",
         [](W w) { return static_cast<std::uint64_t>(w.idle_upstreams); });
  metric("hearth_body_bytes_to_clients_total", "counter", "Response and tunnel bytes sent to clients.",
         [](W w) { return w.counters.bytes_to_clients; });
  metric("hearth_spliced_bytes_total", "counter", "Bytes moved inside the kernel, either way.",
         [](W w) { return w.counters.bytes_spliced; });
  out += "# HELP hearth_http_responses_total Responses by status class.\n# TYPE hearth_http_responses_total counter\n";
  for (std::size_t status = 1; status <= 5; ++status) {
    std::uint64_t sum = 0;
    for (const PerWorker& worker : workers_) sum += worker.counters.status[status];
    out += fmt::format("hearth_http_responses_total{{class=\"{}xx\"}} {}\n", status, sum);
  }
  if (!ready_.empty()) out += "# HELP hearth_ready Whether a component is ready.\n# TYPE hearth_ready gauge\n";
  for (const auto& [component, ready] : ready_) {
    out += fmt::format("hearth_ready{{component=\"{}\"}} {}\n", component, ready ? 1 : 0);
  }
  for (const auto& render : more_) out += render();
  return out;
}

}  // namespace hearth::server
