// Files sent compressed: what lies beside them, and what is compressed on its way.
#include <gmock/gmock.h>
#include <zlib.h>
#include <zstd.h>

#include "support/gateway/gateway.h"

namespace hearth::test {
namespace {

using ::testing::Not;
using ::testing::StartsWith;

std::string gunzip(const std::string& text) {
  z_stream stream{};
  inflateInit2(&stream, 15 + 16);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  std::string out;
  int status = Z_OK;
  while (status == Z_OK) {
    char block[65536];
    stream.next_out = reinterpret_cast<Bytef*>(block);
    stream.avail_out = sizeof block;
    status = inflate(&stream, Z_NO_FLUSH);
    out.append(block, sizeof block - stream.avail_out);
  }
  const bool whole = status == Z_STREAM_END && stream.avail_in == 0;
  inflateEnd(&stream);
  return whole ? out : "(broken)";
}

std::string unzstd(const std::string& text) {
  std::string out(16u << 20, 0);
  const std::size_t size = ZSTD_decompress(out.data(), out.size(), text.data(), text.size());
  if (ZSTD_isError(size) != 0) return "(broken)";
  out.resize(size);
  return out;
}

// Compresses, but not to nothing.
std::string some_text(std::size_t size) {
  std::string out;
  for (unsigned i = 0; out.size() < size; ++i) out += std::to_string(i * 2654435761u) + " line\n";
  out.resize(size);
  return out;
}

std::string accept(const std::string& value) { return "Accept-Encoding: " + value + "\r\n"; }

TEST(Precompressed, IsSentToThoseWhoAcceptIt) {
  Gateway gateway({.server = "location / { root html; gzip_static on; zstd_static on; }"
                             "location /always/ { root html; gzip_static always; }",
                   .files = {{"html/a.css", "plain css"},
                             {"html/a.css.gz", "gzipped"},
                             {"html/a.css.zst", "zstd"},
                             {"html/b.css", "b"},
                             {"html/only.txt.gz", "only"},
                             {"html/d/index.html.gz", "index"},
                             {"html/always/x.js.gz", "x"}}});
  const auto ask = [&](const std::string& path, const std::string& fields) {
    return get(gateway.port(), path, fields);
  };
  const Response plain = ask("/a.css", "");
  EXPECT_EQ(plain.body, "plain css");
  EXPECT_EQ(plain.header("Vary"), "Accept-Encoding");
  EXPECT_EQ(plain.header("Content-Encoding"), "");
  const Response gzip = ask("/a.css", accept("gzip, br"));
  EXPECT_EQ(gzip.body, "gzipped");
  EXPECT_EQ(gzip.header("Content-Encoding"), "gzip");
  EXPECT_EQ(gzip.header("Content-Type"), "text/css");
  EXPECT_EQ(gzip.header("Content-Length"), "7");
  EXPECT_EQ(gzip.header("Vary"), "Accept-Encoding");
  EXPECT_EQ(gzip.header("Accept-Ranges"), "");
  EXPECT_NE(gzip.header("ETag"), plain.header("ETag"));
  EXPECT_EQ(ask("/a.css", accept("gzip, zstd")).body, "zstd");
  EXPECT_EQ(ask("/a.css", accept("gzip, zstd;q=0.5")).body, "gzipped");
  EXPECT_EQ(ask("/a.css", accept("gzip;q=0, identity")).body, "plain css");
  EXPECT_EQ(ask("/a.css", accept("gzip;q=0.5, identity")).body, "plain css");
  EXPECT_EQ(ask("/a.css", accept("gzip") + "Range: bytes=0-1\r\n").status, 200);
  EXPECT_EQ(ask("/a.css", "Range: bytes=0-1\r\n").body, "pl");
  const Response same = ask("/a.css", accept("gzip") + "If-None-Match: " + gzip.header("ETag") + "\r\n");
  EXPECT_EQ(same.status, 304);
  EXPECT_EQ(same.header("Vary"), "Accept-Encoding");
  EXPECT_EQ(ask("/a.css", accept("gzip") + "If-None-Match: " + plain.header("ETag") + "\r\n").status, 200);
  EXPECT_EQ(ask("/b.css", accept("gzip")).body, "b");
  EXPECT_EQ(ask("/only.txt", accept("gzip")).header("Content-Type"), "text/plain");
  EXPECT_EQ(ask("/only.txt", "").status, 404);
  EXPECT_EQ(ask("/d/", accept("gzip")).body, "index");
  EXPECT_EQ(ask("/always/x.js", "").header("Content-Encoding"), "gzip");
  EXPECT_EQ(ask("/always/x.js", "").header("Vary"), "");
}

class Compression : public ::testing::Test {
 protected:
  Compression()
      : large_(some_text(3u << 20)),
        gateway_({.server = "root html; gzip on; gzip_types text/css; gzip_min_length 100; zstd on; zstd_types *;"
                            "zstd_min_length 100; error_page 404 /404.html; location / { }"
                            "location /gz/ { alias html/; zstd off; gzip_comp_level 9; }"
                            "location /slow/ { alias html/; limit_rate 10m; limit_rate_after 1m; }",
                  .files = {{"html/large.css", large_},
                            {"html/zeros.css", std::string(8u << 20, 0)},
                            {"html/small.css", "small"},
                            {"html/empty.css", ""},
                            {"html/404.html", std::string(500, '4')},
                            {"html/image.png", std::string(500, 'p')}}}) {}
  Response ask(const std::string& path, const std::string& fields = {}) { return get(gateway_.port(), path, fields); }
  std::string large_;
  Gateway gateway_;
};

TEST_F(Compression, OnTheWay) {
  const Response gzip = ask("/gz/large.css", accept("gzip, zstd"));
  EXPECT_EQ(gzip.status, 200);
  EXPECT_TRUE(gzip.complete && gzip.chunked);
  EXPECT_EQ(gzip.header("Content-Encoding"), "gzip");
  EXPECT_EQ(gzip.header("Content-Length"), "");
  EXPECT_EQ(gzip.header("Accept-Ranges"), "");
  EXPECT_EQ(gzip.header("Vary"), "Accept-Encoding");
  EXPECT_THAT(gzip.header("ETag"), StartsWith("W/\""));
  EXPECT_LT(gzip.body.size(), large_.size());
  EXPECT_TRUE(gunzip(gzip.body) == large_);
  const Response zstd = ask("/large.css", accept("gzip, zstd"));
  EXPECT_EQ(zstd.header("Content-Encoding"), "zstd");
  EXPECT_TRUE(unzstd(zstd.body) == large_);
  EXPECT_TRUE(gunzip(ask("/large.css", accept("gzip, zstd;q=0.9")).body) == large_);
  EXPECT_TRUE(unzstd(ask("/slow/large.css", accept("zstd")).body) == large_);
  EXPECT_TRUE(gunzip(ask("/zeros.css", accept("gzip")).body) == std::string(8u << 20, 0));
  EXPECT_TRUE(unzstd(ask("/zeros.css", accept("zstd")).body) == std::string(8u << 20, 0));
}

TEST_F(Compression, OnlyWhereItIsWanted) {
  const auto coding = [&](const std::string& path, const std::string& fields) {
    return ask(path, fields).header("Content-Encoding");
  };
  EXPECT_EQ(coding("/large.css", ""), "");
  EXPECT_EQ(ask("/large.css").header("Vary"), "Accept-Encoding");
  EXPECT_THAT(ask("/large.css").header("ETag"), Not(StartsWith("W/")));
  EXPECT_EQ(coding("/large.css", accept("gzip;q=0")), "");
  EXPECT_EQ(coding("/large.css", accept("*")), "zstd");
  EXPECT_EQ(coding("/small.css", accept("gzip, zstd")), "");
  EXPECT_EQ(ask("/small.css").header("Vary"), "");
  EXPECT_EQ(coding("/empty.css", accept("gzip, zstd")), "");
  EXPECT_EQ(coding("/image.png", accept("gzip")), "");
  EXPECT_EQ(coding("/image.png", accept("zstd")), "zstd");
  const Response part = ask("/large.css", accept("gzip") + "Range: bytes=0-9\r\n");
  EXPECT_EQ(part.status, 206);
  EXPECT_EQ(part.body, large_.substr(0, 10));
  EXPECT_EQ(part.header("Content-Encoding"), "");
  const Response missing = ask("/none", accept("gzip"));
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(gunzip(missing.body), std::string(500, '4'));
  const Response old = fetch(gateway_.port(), "GET /large.css HTTP/1.0\r\nAccept-Encoding: gzip\r\n\r\n");
  EXPECT_EQ(old.header("Content-Encoding"), "");
  EXPECT_TRUE(old.body == large_);
}

TEST_F(Compression, ValidatorsAndHead) {
  const std::string etag = ask("/large.css", accept("gzip")).header("ETag");
  const Response same = ask("/large.css", accept("gzip") + "If-None-Match: " + etag + "\r\n");
  EXPECT_EQ(same.status, 304);
  EXPECT_EQ(same.header("ETag"), etag);
  EXPECT_EQ(same.header("Vary"), "Accept-Encoding");
  EXPECT_EQ(ask("/large.css", "Range: bytes=0-9\r\nIf-Range: " + etag + "\r\n").status, 200);
  RawClient client(gateway_.port());
  client.send("HEAD /large.css HTTP/1.1\r\nHost: h\r\n" + accept("gzip") + "\r\n");
  const Response head = client.response("HEAD");
  EXPECT_EQ(head.header("Content-Encoding"), "gzip");
  EXPECT_EQ(head.header("Content-Length"), "");
  client.send("GET /small.css HTTP/1.1\r\nHost: h\r\n\r\n");  // nothing stands between the two
  EXPECT_EQ(client.response().body, "small");
}

TEST_F(Compression, SlowReadersAndThoseWhoLeave) {
  RawClient slow(gateway_.port(), 4096);
  for (int i = 0; i < 2; ++i) {
    slow.send("GET /large.css HTTP/1.1\r\nHost: h\r\n" + accept("gzip") + "\r\n");
    EXPECT_TRUE(gunzip(slow.response().body) == large_);
  }
  RawClient gone(gateway_.port(), 4096);
  gone.send("GET /large.css HTTP/1.1\r\nHost: h\r\n" + accept("zstd") + "\r\n");
  gone.read_exactly(100);
  gone.reset();
  slow.close();
  EXPECT_TRUE(eventually([&] { return gateway_.open_connections() == 0; }));
}

}  // namespace
}  // namespace hearth::test
