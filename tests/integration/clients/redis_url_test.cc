#include <gtest/gtest.h>

#include "clients/redis.h"

namespace hearth {
namespace {

TEST(RedisUrl, NamesAServer) {
  const auto plain = parse_redis_url("redis://cache");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->host, "cache");
  EXPECT_EQ(plain->port, 6379);
  EXPECT_EQ(plain->database, 0u);
  EXPECT_EQ(plain->password, "");
  const auto full = parse_redis_url("redis://us%40er:p%2Fw:x@10.0.0.1:7000/3");
  ASSERT_TRUE(full);
  EXPECT_EQ(full->user, "us@er");
  EXPECT_EQ(full->password, "p/w:x");
  EXPECT_EQ(redis_place(*full), "10.0.0.1:7000");
  EXPECT_EQ(full->database, 3u);
  EXPECT_EQ(parse_redis_url("redis://:secret@h/")->password, "secret");
  EXPECT_EQ(redis_place(*parse_redis_url("redis://[::1]:6380/1")), "[::1]:6380");
}

TEST(RedisUrl, NamesASocket) {
  const auto socket = parse_redis_url("redis+unix://:pw@/run/redis.sock?db=2");
  ASSERT_TRUE(socket);
  EXPECT_EQ(socket->unix_path, "/run/redis.sock");
  EXPECT_EQ(socket->password, "pw");
  EXPECT_EQ(socket->database, 2u);
  EXPECT_EQ(redis_place(*socket), "unix:/run/redis.sock");
}

TEST(RedisUrl, IsRefusedWithoutSayingThePassword) {
  for (const char* url : {"",
                          "redis:/h",
                          "http://h",
                          "rediss://h",
                          "redis://",
                          "redis://:6379",
                          "redis://h:0",
                          "redis://h:70000",
                          "redis://h:",
                          "redis://h/x",
                          "redis://h/-1",
                          "redis://h/70000",
                          "redis://[::1",
                          "redis://[::1]x",
                          "redis://secret@h",
                          "redis://:@h",
                          "redis://:%zz@h",
                          "redis://h h",
                          "redis+unix://run/x",
                          "redis+unix:///x?database=2",
                          "redis://:secret@h:99999",
                          "redis://:secret@/1"}) {
    const auto parsed = parse_redis_url(url);
    ASSERT_FALSE(parsed) << url;
    EXPECT_EQ(parsed.error().code, ErrorCode::invalid_argument) << url;
    EXPECT_EQ(parsed.error().message.find("secret"), std::string::npos) << url;
  }
}

}  // namespace
}  // namespace hearth
