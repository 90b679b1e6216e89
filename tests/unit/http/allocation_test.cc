// A warm connection allocates nothing per exchange. A program of its own: it replaces operator new.
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "http/request_parser.h"
#include "http/response_parser.h"
#include "http/serialize.h"

namespace {
std::size_t g_allocations = 0;
}

void* operator new(std::size_t size) {
  ++g_allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace hearth::http {
namespace {

constexpr std::string_view kRequest =
    "POST /a/long/enough/path?q HTTP/1.1\r\nHost: h.example\r\nConnection: keep-alive, x-drop\r\nX-Drop: 1\r\n"
    "Cookie: a=1; b=2\r\nTransfer-Encoding: chunked\r\n\r\n5;e=f\r\nhello\r\n0\r\nA: trailer\r\n\r\n";
constexpr std::string_view kResponse =
    "HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";

template <class Parser>
void drain(Parser& parser, std::string_view input) {
  for (;;) {
    std::size_t consumed = 0;
    const ParseEvent event = parser.next(input.substr(0, 40), consumed);
    input.remove_prefix(consumed);
    if (event == ParseEvent::message_end) return;
    if (event == ParseEvent::error) {
      ADD_FAILURE() << parser.error().reason;
      return;
    }
  }
}

TEST(Allocation, NoneOnAWarmConnection) {
  RequestParser request;
  ResponseParser response;
  ConnectionNominated nominated;
  std::string out;
  std::size_t before = 0;
  for (int round = 0; round < 20; ++round) {
    if (round == 10) before = g_allocations;
    out.clear();
    drain(request, kRequest);
    append_upstream_head(out, request.head(), {.target = "/x", .host = "h", .nominated = &nominated});
    response.begin({});
    drain(response, kResponse);
    append_client_head(out, response.head(), {.framing = {Framing::chunked, true}, .nominated = &nominated});
    request.reset();
  }
  EXPECT_GT(before, 0u);
  EXPECT_EQ(g_allocations, before);
}

}  // namespace
}  // namespace hearth::http
