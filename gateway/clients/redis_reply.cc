#include "clients/redis_reply.h"

#include <hiredis/hiredis.h>

namespace hearth {

Error redis_error(std::string message) {
  const std::string kind = message.substr(0, message.find(' '));
  const auto is = [&kind](const char* name) { return kind == name; };
  if (is("LOADING") || is("BUSY") || is("MASTERDOWN") || is("CLUSTERDOWN") || is("TRYAGAIN") || is("OOM") ||
      is("READONLY") || is("MISCONF") || is("NOREPLICAS")) {
    return {ErrorCode::unavailable, ErrorSource::upstream, true, 0, std::move(message)};
  }
  if (is("NOAUTH") || is("WRONGPASS") || is("NOPERM")) {
    return {ErrorCode::permission_denied, ErrorSource::upstream, false, 0, std::move(message)};
  }
  return {ErrorCode::invalid_argument, ErrorSource::upstream, false, 0, std::move(message)};
}

RedisReply copy_redis_reply(const redisReply& from) {
  RedisReply reply;
  switch (from.type) {
    case REDIS_REPLY_STRING:
    case REDIS_REPLY_STATUS:
    case REDIS_REPLY_ERROR:
      reply.kind = RedisReply::Kind::text;
      reply.text.assign(from.str, static_cast<std::size_t>(from.len));
      break;
    case REDIS_REPLY_INTEGER:
      reply.kind = RedisReply::Kind::integer;
      reply.integer = from.integer;
      break;
    case REDIS_REPLY_ARRAY:
      reply.kind = RedisReply::Kind::array;
      for (std::size_t i = 0; i < from.elements; ++i) reply.elements.push_back(copy_redis_reply(*from.element[i]));
      break;
    default:
      break;
  }
  return reply;
}

}  // namespace hearth
