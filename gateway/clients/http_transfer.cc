#include "clients/http_transfer.h"

#include "base/check.h"
#include "base/strings.h"

namespace hearth {

HttpTransfer::HttpTransfer(HttpRequest request, HttpClient::Chunk chunk, HttpClient::Done done)
    : request_(std::move(request)),
      chunk_(std::move(chunk)),
      done_(std::move(done)),
      streaming_(static_cast<bool>(chunk_)),
      easy_(curl_easy_init()) {
  HEARTH_CHECK(easy_ != nullptr);
  CURL* easy = easy_.get();
  curl_easy_setopt(easy, CURLOPT_PRIVATE, this);
  curl_easy_setopt(easy, CURLOPT_URL, request_.url.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(easy, CURLOPT_PROXY, "");  // whatever the environment says
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, detail_);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request_.connect_timeout.count()));
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(request_.timeout.count()));
  if (!request_.unix_socket.empty()) curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, request_.unix_socket.c_str());
  set_method();
  set_headers();
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(
      easy, CURLOPT_HEADERFUNCTION, +[](char* data, size_t, size_t size, void* self) -> size_t {
        auto* transfer = static_cast<HttpTransfer*>(self);
        if (transfer->silenced_ || !transfer->within_limit(size)) return 0;
        transfer->take_header({data, size});
        return size;
      });
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(
      easy, CURLOPT_WRITEFUNCTION, +[](char* data, size_t, size_t size, void* self) -> size_t {
        return static_cast<HttpTransfer*>(self)->take_body({data, size}) ? size : 0;
      });
}

void HttpTransfer::set_method() {
  CURL* easy = easy_.get();
  if (request_.method == "HEAD") {
    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    return;
  }
  const bool wants_body = request_.method == "POST" || request_.method == "PUT" || request_.method == "PATCH";
  if (wants_body || !request_.body.empty()) {
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request_.body.data());  // ours, so not copied
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
  }
  if (request_.method != "GET" || !request_.body.empty()) {
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
  }
}

void HttpTransfer::set_headers() {
  bool has_content_type = false;
  const auto append = [this](const std::string& line) {
    curl_slist* longer = curl_slist_append(headers_.get(), line.c_str());
    HEARTH_CHECK(longer != nullptr);
    (void)headers_.release();
    headers_.reset(longer);
  };
  for (const auto& [name, value] : request_.headers) {
    has_content_type = has_content_type || iequals(name, "content-type");
    append(value.empty() ? name + ";" : name + ": " + value);  // libcurl's spelling of an empty value
  }
  append("Expect:");  // removed: no waiting for 100
  if (!has_content_type) append("Content-Type:");
  curl_easy_setopt(easy_.get(), CURLOPT_HTTPHEADER, headers_.get());
}

void HttpTransfer::silence() {
  silenced_ = true;
  done_ = nullptr;
  chunk_ = nullptr;
}

bool HttpTransfer::within_limit(std::size_t more) {
  received_ += more;
  // A stream without end has no whole to limit; its reader takes each piece as it comes.
  too_long_ = !streaming_ && received_ > request_.max_response;
  return !too_long_;
}

void HttpTransfer::take_header(std::string_view line) {
  if (line.starts_with("HTTP/")) {
    response_.headers.clear();  // an interim (1xx) answer came before
    return;
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return;  // the empty line
  std::string_view value = line.substr(colon + 1);
  while (!value.empty() && (value.back() == '\n' || value.back() == '\r')) value.remove_suffix(1);
  response_.headers.emplace_back(to_lower(line.substr(0, colon)), std::string(trim(value)));
}

bool HttpTransfer::take_body(std::string_view bytes) {
  if (silenced_ || !within_limit(bytes.size())) return false;
  if (!streaming_) {
    response_.body.append(bytes);
    return true;
  }
  // The callback may drop the call: run it from the stack, put it back only if it still stands.
  HttpClient::Chunk chunk = std::move(chunk_);
  chunk(bytes);
  if (silenced_) return false;
  chunk_ = std::move(chunk);
  return true;
}

void HttpTransfer::finish(CURLcode outcome) {
  if (silenced_) return;
  silenced_ = true;
  HttpClient::Done done = std::move(done_);
  if (outcome != CURLE_OK) {
    done(fail(error(outcome)));
    return;
  }
  long status = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
  response_.status = static_cast<int>(status);
  done(std::move(response_));
}

Error HttpTransfer::error(CURLcode outcome) const {
  Error error{ErrorCode::io, ErrorSource::runtime, true, 0, {}};
  switch (outcome) {
    case CURLE_COULDNT_CONNECT:
    case CURLE_COULDNT_RESOLVE_HOST:
      error.code = ErrorCode::unavailable;
      break;
    // The request may have been carried out: its answer was lost.
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_PARTIAL_FILE:
      error.code = ErrorCode::timeout;
      break;
    case CURLE_URL_MALFORMAT:
      error.code = ErrorCode::invalid_argument;
      error.retryable = false;
      break;
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_BAD_CONTENT_ENCODING:
      error.code = ErrorCode::protocol;
      break;
    default:
      break;
  }
  if (too_long_) {
    error.code = ErrorCode::limit;
    error.retryable = false;
  }
  long sys = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_OS_ERRNO, &sys);
  error.sys = static_cast<int>(sys);
  const std::string place = request_.unix_socket.empty() ? request_.url : request_.unix_socket;
  const std::string reason = too_long_ ? "the answer is longer than " + std::to_string(request_.max_response) + " bytes"
                                       : (detail_[0] != '\0' ? detail_ : curl_easy_strerror(outcome));
  error.message = request_.method + " " + place + ": " + reason;
  return error;
}

std::string_view HttpResponse::header(std::string_view lower_case_name) const {
  for (const auto& [name, value] : headers) {
    if (name == lower_case_name) return value;
  }
  return {};
}

}  // namespace hearth
