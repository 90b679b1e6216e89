// Malformed requests through the whole proxy: the status, nothing forwarded, and the next client is served.
#include <gmock/gmock.h>

#include <future>

#include "support/gateway/gateway.h"

namespace hearth::test {
namespace {

struct Case {
  const char* name;
  std::string bytes;
  int status;
};

const std::string kHost = "Host: h\r\n";

std::vector<Case> cases() {
  const std::string get = "GET / HTTP/1.1\r\n";
  const std::string post = "POST / HTTP/1.1\r\nHost: h\r\n";
  const std::string websocket =
      "GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n";
  return {
      {"NoHost", get + "\r\n", 400},
      {"TwoHosts", get + kHost + kHost + "\r\n", 400},
      {"BadHost", get + "Host: h/evil\r\n\r\n", 400},
      {"HostWithSpace", get + "Host: a b\r\n\r\n", 400},
      {"HostListed", get + "Host: a, b\r\n\r\n", 400},
      {"NoVersion", "GET /\r\n\r\n", 400},
      {"LowerCaseVersion", "GET / http/1.1\r\n" + kHost + "\r\n", 400},
      {"Version20", "GET / HTTP/2.0\r\n" + kHost + "\r\n", 505},
      {"VersionLong", "GET / HTTP/1.10\r\n" + kHost + "\r\n", 400},
      {"Preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
      {"MethodWithSpace", "GE T / HTTP/1.1\r\n" + kHost + "\r\n", 400},
      {"MethodWithControl", "G\x01T / HTTP/1.1\r\n" + kHost + "\r\n", 400},
      {"TwoSpaces", "GET  / HTTP/1.1\r\n" + kHost + "\r\n", 400},
      {"TabSeparator", "GET\t/ HTTP/1.1\r\n" + kHost + "\r\n", 400},
      {"SpaceInTarget", "GET /a b HTTP/1.1\r\n" + kHost + "\r\n", 400},
      {"ControlInTarget", "GET /a\x01 HTTP/1.1\r\n" + kHost + "\r\n", 400},
      {"HighByteInTarget", "GET /a\xff HTTP/1.1\r\n" + kHost + "\r\n", 400},
      {"FragmentInTarget", "GET /a#b HTTP/1.1\r\n" + kHost + "\r\n", 400},
      {"RelativeTarget", "GET a HTTP/1.1\r\n" + kHost + "\r\n", 400},
      {"StarWithoutOptions", "GET * HTTP/1.1\r\n" + kHost + "\r\n", 400},
      {"SpaceBeforeColon", get + kHost + "A : b\r\n\r\n", 400},
      {"NoColon", get + kHost + "A b\r\n\r\n", 400},
      {"EmptyName", get + kHost + ": b\r\n\r\n", 400},
      {"NameWithControl", get + kHost + "A\x02: b\r\n\r\n", 400},
      {"Folded", get + kHost + "A: b\r\n c\r\n\r\n", 400},
      {"FoldedFirst", get + " A: b\r\n" + kHost + "\r\n", 400},
      {"NulInValue", get + kHost + std::string("A: b\0c\r\n\r\n", 11), 400},
      {"BareCrInValue", get + kHost + "A: b\rc\r\n\r\n", 400},
      {"BareLf", "GET / HTTP/1.1\nHost: h\n\n", 400},
      {"LengthAndChunked", post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"TwoLengths", post + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400},
      {"ListedLengths", post + "Content-Length: 1, 1\r\n\r\na", 400},
      {"NegativeLength", post + "Content-Length: -1\r\n\r\n", 400},
      {"PlusLength", post + "Content-Length: +1\r\n\r\na", 400},
      {"HexLength", post + "Content-Length: 0x1\r\n\r\na", 400},
      {"HugeLength", post + "Content-Length: 99999999999999999999\r\n\r\n", 400},
      {"EmptyLength", post + "Content-Length:\r\n\r\n", 400},
      {"UnknownCoding", post + "Transfer-Encoding: gzip\r\n\r\n", 501},
      {"ChunkedNotLast", post + "Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n", 501},
      {"ChunkedTwice", post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"ObscuredChunked", post + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501},
      {"ChunkedIn10", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"UnknownExpectation", post + "Content-Length: 0\r\nExpect: tea\r\n\r\n", 417},
      {"UpgradeWithBody", websocket + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nContent-Length: 1\r\n\r\nx", 400},
      {"UpgradeWithoutKey", websocket + "\r\n", 400},
      {"Connect", "CONNECT h:80 HTTP/1.1\r\nHost: h:80\r\n\r\n", 405},
      {"Tls", std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11) + "\r\n\r\n", 400},
      {"LongTarget", "GET /" + std::string(20000, 'a') + " HTTP/1.1\r\n" + kHost + "\r\n", 414},
      {"LongField", get + kHost + "A: " + std::string(20000, 'a') + "\r\n\r\n", 431},
  };
}

TEST(Malformed, IsRefusedAndNotForwarded) {
  Origin origin(ok("x"));
  Gateway gateway({.server = "location / { " + origin.pass() + " }"});
  for (const Case& each : cases()) {
    RawClient client(gateway.port());
    client.send_some(each.bytes, Seconds(2));
    client.send_some("GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n", Milliseconds(10));
    const Response response = client.response();
    EXPECT_EQ(response.status, each.status) << each.name;
    EXPECT_EQ(origin.requests().size(), 0u) << each.name;
    std::string rest;
    if (each.status != 405) client.half_close();
    client.read_to_end(&rest);
    EXPECT_EQ(rest.find("200 OK"), std::string::npos) << each.name;
  }
  EXPECT_EQ(get(gateway.port(), "/").status, 200);
  EXPECT_EQ(gateway.counters().connections_open, 0u + gateway.open_connections());
}

// Well-formed requests for what cannot be: refused, but the connection is sound.
TEST(Malformed, ImpossiblePathsAreNotForwarded) {
  Origin origin(ok("x"));
  Gateway gateway({.server = "location / { " + origin.pass() + " }"});
  RawClient client(gateway.port());
  for (const std::string path : {"/../a", "/a/../../b", "/%2e%2e/a", "/a%00b", "/a%2", "/%zz"}) {
    client.send("GET " + path + " HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_EQ(client.response().status, 400) << path;
  }
  EXPECT_EQ(origin.requests().size(), 0u);
  client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.response().status, 200);
}

// Faults behind a valid head: some bytes may have gone up, but the upstream must never see a whole request.
TEST(Malformed, ChunkedBodies) {
  for (const std::string bad : {"zz\r\n", "5\r\nabcdefg\r\n", "5;a=\x01\r\nabcde\r\n", "-1\r\n", "0x5\r\nabcde\r\n",
                                "5\nabcde\r\n", "ffffffffffffffffff\r\n", " 5\r\nabcde\r\n", "5\r\nabcde\n0\r\n\r\n",
                                "0\r\nBad Trailer: x\r\n\r\n", "0\r\nA: b\r\n c\r\n\r\n"}) {
    std::promise<std::string> seen;
    ScriptedServer origin([&](ScriptedPeer& peer) { seen.set_value(peer.read_until("0\r\n\r\n")); });
    Gateway gateway({.server = proxy_to(origin)});
    RawClient client(gateway.port());
    client.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
    EXPECT_TRUE(eventually([&] { return origin.accepted() == 1; }));
    client.send_some(bad, Seconds(1));
    EXPECT_EQ(client.response().status, 400) << bad;
    EXPECT_EQ(seen.get_future().get().find("0\r\n\r\n"), std::string::npos) << bad;
  }
}

}  // namespace
}  // namespace hearth::test
