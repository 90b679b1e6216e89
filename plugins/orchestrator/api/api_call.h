// One REST call on its way through the API: what the worker sent, who asks, and where the answer goes.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/unique_function.h"
#include "hearth/exchange.h"
#include "orchestrator/auth/identity.h"

namespace hearth::orchestrator {

using Json = nlohmann::ordered_json;

// Copied out of the exchange on the worker; crosses to the orchestrator's thread.
struct ApiRequest {
  ExchangeId exchange;
  std::string method;
  std::string path;  // behind /api/v1, starts with '/'
  std::string query;
  std::string host;
  std::string scheme;
  std::string origin;
  std::string sec_fetch_site;
  std::string content_type;
  std::string last_event_id;
  std::string cookie;  // the session cookie's value
  std::string bearer;  // the credentials of Authorization: Bearer
  std::string remote_address;
  std::string request_id;
  std::string body;
};

// Held by shared_ptr through asynchronous steps; answered once.
struct ApiCall {
  ApiRequest request;
  Identity identity;              // set when the route asks for one
  std::vector<std::string> args;  // the {…} parts of the path
  Json body = Json::object();     // parsed when the route takes one
  UniqueFunction<void(Reply)> respond;
  UniqueFunction<void(std::string first_frames)> open_stream;  // instead: an event stream
};
using Call = std::shared_ptr<ApiCall>;

}  // namespace hearth::orchestrator
