#include "support/gateway/gateway.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <csignal>
#include <cstdlib>
#include <future>

namespace hearth::test {

std::uint16_t free_port() {
  const Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), size);
  ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

Gateway::Gateway(Options options) : port_(free_port()) {
  std::signal(SIGPIPE, SIG_IGN);
  for (const auto& [name, text] : options.files) directory_.write(name, text);
  directory_.write("logs/.keep", "");
  directory_.write("hearth.conf", options.main + "\nhttp {\naccess_log logs/access.log json;\n" + options.http +
                                      "\nserver { listen 127.0.0.1:" + std::to_string(port_) + ";\n" + options.server +
                                      "\n}\n}\n");
  config::LoadOptions load;
  load.file = "hearth.conf";
  load.prefix = directory_.path();
  config::ModuleDirectives own;
  own.name = "gateway";
  own.handlers = server::built_in_handlers();
  load.modules.push_back(std::move(own));
  auto module = make_test_module(std::move(options.handlers));
  config::ModuleDirectives directives;
  directives.name = "test";
  directives.table = &(*module)->directives();
  for (const std::string& name : (*module)->handlers()) directives.handlers.push_back({name, {}});
  load.modules.push_back(std::move(directives));
  configuration_.modules.push_back(std::move(module));
  auto loaded = config::load(std::move(load));
  if (!loaded) {
    std::fprintf(stderr, "%s\n", loaded.error().message.c_str());
    std::abort();
  }
  configuration_.loaded = std::move(*loaded);
  configuration_.limit_zones = std::make_unique<proxy::LimitZones>(configuration_.settings().http);
  auto sockets = server::ListenSockets::open(configuration_.settings(), {});
  if (!sockets) {
    std::fprintf(stderr, "%s\n", sockets.error().message.c_str());
    std::abort();
  }
  sockets_ = std::move(*sockets);
  worker_ = std::make_unique<server::Worker>(
      server::Worker::Parts{0, &configuration_, &sockets_, [] { return std::string("metrics_here 1\n"); }});
  std::promise<bool> accepting;
  worker_->start([&](Result<void> ready) { accepting.set_value(ready.has_value()); });
  EXPECT_TRUE(accepting.get_future().get());
}

Gateway::~Gateway() { worker_->stop(); }

void Gateway::on_worker(const std::function<void(proxy::WorkerContext&)>& task) {
  std::promise<void> done;
  worker_->post([&](proxy::WorkerContext& context) {
    task(context);
    done.set_value();
  });
  done.get_future().wait();
}

proxy::Counters Gateway::counters() {
  proxy::Counters out;
  on_worker([&](proxy::WorkerContext& context) { out = context.counters; });
  return out;
}

std::size_t Gateway::idle_upstreams() {
  std::size_t out = 0;
  on_worker([&](proxy::WorkerContext& context) { out = context.upstreams.idle_count(); });
  return out;
}

std::size_t Gateway::open_connections() {
  std::size_t out = 0;
  on_worker([&](proxy::WorkerContext& context) { out = context.connections.size(); });
  return out;
}

std::string Gateway::access_log() {
  worker_->reopen_logs();  // flushes
  on_worker([](proxy::WorkerContext&) {});
  return directory_.read("logs/access.log");
}

bool Gateway::drain(Milliseconds limit) {
  std::promise<void> drained;
  const SteadyTime begin = SteadyClock::now();
  worker_->drain(limit, [&] { drained.set_value(); });
  drained.get_future().wait();
  return SteadyClock::now() - begin < limit;
}

Origin::Origin(std::string answer)
    : Origin(Answer([answer = std::move(answer)](const std::string&) { return answer; })) {}

Origin::Origin(Answer answer) : answer_(std::move(answer)), server_([this](ScriptedPeer& peer) { serve(peer); }) {}

void Origin::serve(ScriptedPeer& peer) {
  for (;;) {
    std::string request = peer.read_head();
    if (!request.ends_with("\r\n\r\n")) return;
    Response head;  // its lines read like a response's
    head.head = request;
    const std::string length = head.header("Content-Length");
    if (!length.empty()) request += peer.read_exactly(std::strtoul(length.c_str(), nullptr, 10));
    if (head.header("Transfer-Encoding") == "chunked") request += peer.read_until("0\r\n\r\n");
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(request);
    }
    if (!peer.send(answer_(request))) return;
  }
}

std::vector<std::string> Origin::requests() {
  const std::lock_guard lock(mutex_);
  return requests_;
}

std::string Origin::last() {
  const std::lock_guard lock(mutex_);
  return requests_.empty() ? std::string() : requests_.back();
}

std::string ok(std::string_view body, std::string_view more_headers) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + std::string(more_headers) +
         "\r\n" + std::string(body);
}

std::string proxy_to(const ScriptedServer& server) {
  return "location / { proxy_pass http://127.0.0.1:" + std::to_string(server.port()) + "; }";
}

}  // namespace hearth::test
