// hiredis' replies in our words. Private to this folder.
#pragma once

#include <string>

#include "clients/redis.h"

struct redisReply;

namespace hearth {

// `message` as Redis sent it ("WRONGTYPE Operation …"): what may pass by itself is retryable.
Error redis_error(std::string message);
RedisReply copy_redis_reply(const redisReply& from);

}  // namespace hearth
