#include "orchestrator/worker/api_handler.h"

#include "base/strings.h"
#include "orchestrator/api/api.h"
#include "orchestrator/api/reply.h"
#include "orchestrator/auth/token.h"

namespace hearth::orchestrator {

namespace {

constexpr std::string_view kPrefix = "/api/v1";

std::string_view bearer_of(const RequestView& request) {
  const std::string_view authorization = request.header("authorization");
  return istarts_with(authorization, "bearer ") ? trim(authorization.substr(7)) : std::string_view();
}

ApiRequest copy(const Exchange& exchange, std::string body) {
  const RequestView& from = exchange.request();
  ApiRequest to;
  to.exchange = exchange.id();
  to.method = from.method;
  to.path = from.path.starts_with(kPrefix) ? from.path.substr(kPrefix.size()) : from.path;
  to.query = from.query;
  to.host = from.host;
  to.scheme = from.scheme;
  to.origin = from.header("origin");
  to.sec_fetch_site = from.header("sec-fetch-site");
  to.content_type = from.header("content-type");
  to.last_event_id = from.header("last-event-id");
  to.cookie = from.cookie(session_cookie_name(from.scheme)).value_or("");
  to.bearer = bearer_of(from);
  to.remote_address = from.remote_address;
  to.request_id = from.request_id;
  to.body = std::move(body);
  return to;
}

}  // namespace

ApiHandler::ApiHandler(WorkerHost& worker, ControlLink& control)
    : worker_(worker), control_(control), heartbeat_(worker.loop()), alive_(std::make_shared<bool>(true)) {}

ApiHandler::~ApiHandler() { *alive_ = false; }

void ApiHandler::handle(Exchange& exchange) {
  if (!exchange.request().has_body) return submit(exchange, {});
  exchange.read_body(Api::kBodyLimit, [this, id = exchange.id()](Result<std::string> body) {
    Exchange* found = worker_.find(id);
    if (found == nullptr) return;
    if (body) return submit(*found, std::move(*body));
    if (body.error().code == ErrorCode::limit) {
      return found->reply(error_reply({413, "INVALID_REQUEST", "The body is larger than 64 KiB."}));
    }
    found->reply(error_reply(invalid("The body could not be read.")));
  });
}

void ApiHandler::submit(Exchange& exchange, std::string body) {
  if (waiting_.size() >= kMaxWaiting) {
    // Those whose client went away are answered into the void; they may go first.
    std::erase_if(waiting_, [this](std::uint64_t serial) {
      return worker_.find({worker_.index(), serial}) == nullptr;
    });
  }
  if (waiting_.size() >= kMaxWaiting) return exchange.reply(error_reply(unavailable("Too many requests at once.")));
  waiting_.insert(exchange.id().serial);
  control_.call_api(copy(exchange, std::move(body)));
}

void ApiHandler::answered(ExchangeId id, Reply reply) {
  waiting_.erase(id.serial);
  if (Exchange* exchange = worker_.find(id)) exchange->reply(std::move(reply));
}

void ApiHandler::open_stream(ExchangeId id, const std::string& first_frames) {
  waiting_.erase(id.serial);
  Exchange* exchange = worker_.find(id);
  if (exchange == nullptr) return control_.stream_ended(id);
  streams_.insert(id.serial);
  exchange->on_end([this, id, alive = alive_] {
    if (!*alive) return;
    streams_.erase(id.serial);
    control_.stream_ended(id);
  });
  // X-Accel-Buffering: nginx in front of us must not collect events.
  exchange->start_stream(200, {{"Content-Type", "text/event-stream"},
                               {"Cache-Control", "no-store"},
                               {"X-Content-Type-Options", "nosniff"},
                               {"X-Accel-Buffering", "no"}});
  exchange->send(first_frames);
  if (!heartbeat_.active()) heartbeat_.repeat(kHeartbeat, [this] { beat(); });
}

void ApiHandler::send_frame(const std::vector<std::uint64_t>& streams, const Frame& frame) {
  for (const std::uint64_t serial : streams) {
    if (!streams_.contains(serial)) continue;
    if (Exchange* exchange = worker_.find({worker_.index(), serial})) exchange->send(*frame);
  }
}

void ApiHandler::finish_stream(ExchangeId id) {
  if (!streams_.contains(id.serial)) return;
  if (Exchange* exchange = worker_.find(id)) exchange->finish();
}

void ApiHandler::beat() {
  const std::vector<std::uint64_t> all(streams_.begin(), streams_.end());  // sending may end one
  send_frame(all, std::make_shared<const std::string>("event: heartbeat\ndata: {}\n\n"));
  if (streams_.empty()) heartbeat_.stop();
}

}  // namespace hearth::orchestrator
