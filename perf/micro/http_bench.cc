// CPU per message of the HTTP/1 layer: parse, validate, write for the other side. Build with the release preset.
#include <benchmark/benchmark.h>

#include <string>

#include "http/request_parser.h"
#include "http/response_parser.h"
#include "http/serialize.h"

namespace hearth::http {
namespace {

constexpr std::string_view kSmallGet =
    "GET /index.html HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nUser-Agent: wrk\r\nAccept: */*\r\n\r\n";
constexpr std::string_view kBrowserGet =
    "GET /w/0b8a1f0e-1c2d-4e3f-8a9b-0c1d2e3f4a5b/static/out/vs/workbench/workbench.js?v=1 HTTP/1.1\r\n"
    "Host: hearth.example.org\r\nConnection: keep-alive\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) "
    "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36\r\nAccept: */*\r\n"
    "Sec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Dest: script\r\n"
    "Referer: http://hearth.example.org/w/0b8a1f0e-1c2d-4e3f-8a9b-0c1d2e3f4a5b/\r\n"
    "Accept-Encoding: gzip, deflate, br\r\nAccept-Language: en-US,en;q=0.9\r\n"
    "Cookie: hearth_session=0123456789abcdef0123456789abcdef0123456789abcdef; vscode-tkn=abcdef\r\n\r\n";
constexpr std::string_view kSmallResponse =
    "HTTP/1.1 200 OK\r\nServer: nginx\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Type: text/html\r\n"
    "Content-Length: 0\r\nConnection: keep-alive\r\n\r\n";

void parse(benchmark::State& state, std::string_view input) {
  RequestParser parser;
  for (auto _ : state) {
    std::size_t consumed = 0;
    if (parser.next(input, consumed) != ParseEvent::head) state.SkipWithError("refused");
    parser.next({}, consumed);
    parser.reset();
  }
}

void parse_and_write(benchmark::State& state, std::string_view input) {
  RequestParser parser;
  ConnectionNominated nominated;
  std::string out;
  const Field added[] = {
      {"X-Forwarded-For", "192.0.2.7"}, {"X-Forwarded-Proto", "http"}, {"X-Request-Id", "0123456789"}};
  for (auto _ : state) {
    std::size_t consumed = 0;
    if (parser.next(input, consumed) != ParseEvent::head) state.SkipWithError("refused");
    out.clear();
    append_upstream_head(
        out, parser.head(),
        {.target = parser.head().path_and_query, .host = parser.head().host, .added = added, .nominated = &nominated});
    benchmark::DoNotOptimize(out.data());
    parser.next({}, consumed);
    parser.reset();
  }
}

void response(benchmark::State& state) {
  ResponseParser parser;
  ConnectionNominated nominated;
  std::string out;
  for (auto _ : state) {
    parser.begin({});
    std::size_t consumed = 0;
    if (parser.next(kSmallResponse, consumed) != ParseEvent::head) state.SkipWithError("refused");
    out.clear();
    append_client_head(out, parser.head(), {.framing = {Framing::content_length, true}, .nominated = &nominated});
    benchmark::DoNotOptimize(out.data());
  }
}

BENCHMARK_CAPTURE(parse, small_get, kSmallGet);
BENCHMARK_CAPTURE(parse, browser_get, kBrowserGet);
BENCHMARK_CAPTURE(parse_and_write, small_get, kSmallGet);
BENCHMARK_CAPTURE(parse_and_write, browser_get, kBrowserGet);
BENCHMARK(response);

}  // namespace
}  // namespace hearth::http
