// Load for perf/run, and an origin for what nginx does not serve.
//
// usage: perf_load origin --port PORT [--any]
//        perf_load get    --port PORT [--connections N] [--paths /a,/b,…] [--close] [--rate PER_SECOND] [--header TEXT]
//        perf_load upload --port PORT [--connections N] --size BYTES
//        perf_load echo   --port PORT [--connections N] --size BYTES
//        perf_load events --port PORT [--connections N]
//
// A load opens its connections, prints "ready" and then reads from its input: each line is a number of seconds to run
// for, answered with one line of JSON. At the end of its input it closes everything.
#include <sys/prctl.h>

#include <cstdio>
#include <iostream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>

#include "load.h"
#include "origin.h"

namespace {

constexpr std::string_view kUsage =
    "usage: perf_load origin|get|upload|echo|events --port PORT [OPTION…]: see perf/load/main.cc\n";

std::map<std::string, perf::Kind> kinds() {
  return {{"get", perf::Kind::kGet},
          {"upload", perf::Kind::kUpload},
          {"echo", perf::Kind::kEcho},
          {"events", perf::Kind::kEvents}};
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, ',');) parts.push_back(part);
  return parts;
}

// Throws std::exception on what it does not understand.
perf::LoadOptions parse(int argc, char** argv) {
  perf::LoadOptions options;
  for (int i = 2; i < argc; ++i) {
    const std::string name = argv[i];
    if (name == "--") break;  // a container's command may follow
    if (name == "--close" || name == "--any") {
      (name == "--any" ? options.any_address : options.close) = true;
      continue;
    }
    if (++i == argc) throw std::invalid_argument(name);
    const std::string value = argv[i];
    if (name == "--port") {
      options.port = static_cast<std::uint16_t>(std::stoul(value));
    } else if (name == "--connections") {
      options.connections = std::stoul(value);
    } else if (name == "--paths") {
      options.paths = split(value);
    } else if (name == "--header") {
      options.header = value;
    } else if (name == "--rate") {
      options.rate = std::stod(value);
    } else if (name == "--size") {
      options.size = std::stoull(value);
    } else {
      throw std::invalid_argument(name);
    }
  }
  if (options.port == 0 || options.paths.empty()) throw std::invalid_argument("--port");
  return options;
}

void print(const perf::LoadResult& result) {
  std::printf("{\"units\":%lu,\"bytes\":%lu,\"errors\":%lu", result.units, result.bytes, result.errors);
  for (const auto& [name, quantile] :
       {std::pair("p50", 0.5), std::pair("p90", 0.9), std::pair("p99", 0.99), std::pair("p999", 0.999)}) {
    std::printf(",\"%s_us\":%.1f", name, result.latency.quantile_us(quantile));
  }
  std::puts("}");
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) try {
  const std::string command = argc > 1 ? argv[1] : "";
  auto options = parse(argc, argv);
  if (command == "origin") perf::serve(options.port, options.any_address);
  options.kind = kinds().at(command);
  ::prctl(PR_SET_TIMERSLACK, 1UL);  // requests are sent when they are due
  perf::Load load(options);
  load.open();
  std::puts("ready");
  std::fflush(stdout);
  for (double seconds = 0; std::cin >> seconds;) print(load.run(seconds));
} catch (const std::exception& error) {
  std::cerr << kUsage << "perf_load: " << error.what() << '\n';
  return 2;
}
