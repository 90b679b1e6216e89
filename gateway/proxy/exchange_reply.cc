// Answers the gateway gives itself: replies, streams of modules, files, error pages.
#include <algorithm>

#include "http/serialize.h"
#include "http/uri.h"
#include "log/log.h"
#include "proxy/content_coding.h"
#include "proxy/exchange.h"
#include "proxy/local_page.h"
#include "proxy/static_file.h"

namespace hearth::proxy {

bool HttpExchange::flush_client() {
  if (to_client_.flush(connection_->socket()) == 0) return true;
  client_gone();
  return false;
}

void HttpExchange::collect_added(std::vector<std::string>& values, std::vector<http::Field>& fields) const {
  values.reserve(location_->add_headers.size());
  for (const CompiledHeader& header : location_->add_headers) {
    if (!header.applies(status_)) continue;
    values.push_back(expand(header.value));
    if (!values.back().empty()) fields.push_back({header.name, values.back()});
  }
}

// --- whole answers ---

void HttpExchange::reply(Reply answer) {
  if (state_ != State::deciding && state_ != State::collecting) return;
  ClientConnection::Dispatch dispatch(*connection_);
  send_reply(answer.status, answer.headers, answer.body);
}

void HttpExchange::send_reply(int status, const ReplyHeaders& headers, std::string_view body) {
  status_ = status_override_ != 0 ? status_override_ : status;
  // The rest of the body would be taken for the next request.
  if (!request_complete_ || context_.draining) keep_alive_ = false;
  std::vector<http::Field> fields;
  std::vector<std::string> values;
  for (const auto& [name, value] : headers) fields.push_back({name, value});
  collect_added(values, fields);
  if (context_.server_tokens) fields.push_back({"Server", "hearth"});
  fields.push_back({"X-Request-Id", {request_id_.data(), request_id_.size()}});
  http::Reply answer;
  answer.status = static_cast<std::uint16_t>(status_);
  answer.headers = fields;
  answer.body = body;
  answer.date = context_.date();
  answer.head_only = head().method == http::Method::head;
  answer.keep_alive = keep_alive_;
  answer.client_minor = head().minor;
  to_client_.clear();
  http::append_reply(to_client_.text(), answer);
  response_started_ = true;
  response_body_bytes_ = answer.head_only ? 0 : body.size();
  if (!flush_client()) return;
  end(keep_alive_ ? Ending::keep_alive : Ending::close, EndedBy::none);
}

void HttpExchange::fail(int status) {
  if (try_error_page(status)) return;
  if (auto failed = std::exchange(failed_, nullptr)) {
    const Reply answer = failed(status);
    return send_reply(answer.status, answer.headers, answer.body);
  }
  const int shown =
      status_override_ != 0 ? status_override_ : status;  // a missing error page is not the client's matter
  const std::string page = local_page(shown, {request_id_.data(), request_id_.size()});
  send_reply(status, {{"Content-Type", "text/html; charset=utf-8"}}, page);
}

// error_page: the configured local page is served in place, with the original status unless "=code" says otherwise.
bool HttpExchange::try_error_page(int status) {
  for (const config::ErrorPage& page : settings().error_pages) {
    if (page.status != status) continue;
    if (++internal_redirects_ > kMaxInternalRedirects) return false;
    const Location* target = server_->locate(page.uri, captures_);
    if (target == nullptr || target->settings->proxy_pass || target->handler != nullptr) return false;
    if (status_override_ == 0) status_override_ = page.new_status.value_or(status);
    location_ = target;
    path_scratch_ = page.uri;
    path_ = path_scratch_;
    off_location_ = false;
    dispatch();
    return true;
  }
  return false;
}

// --- streams of modules ---

void HttpExchange::start_stream(int status, ReplyHeaders headers) {
  if (state_ != State::deciding) return;
  ClientConnection::Dispatch dispatch(*connection_);
  state_ = State::streaming;
  status_ = status;
  framing_.framing = head().method == http::Method::head ? http::Framing::none
                     : head().minor == 0                 ? http::Framing::until_close
                                                         : http::Framing::chunked;
  keep_alive_ = keep_alive_ && framing_.framing != http::Framing::until_close && request_complete_;
  std::string& text = to_client_.text();
  http::append_status_line(text, static_cast<std::uint16_t>(status));
  http::append_field(text, "Date", context_.date());
  for (const auto& [name, value] : headers) http::append_field(text, name, value);
  http::append_field(text, "X-Request-Id", {request_id_.data(), request_id_.size()});
  if (framing_.framing == http::Framing::chunked) http::append_field(text, "Transfer-Encoding", "chunked");
  if (!keep_alive_) http::append_field(text, "Connection", "close");
  text.append("\r\n");
  response_started_ = true;
  if (flush_client()) set_deadline();
}

bool HttpExchange::send(std::string_view bytes) {
  if (state_ != State::streaming) return false;
  ClientConnection::Dispatch dispatch(*connection_);
  if (bytes.empty() || framing_.framing == http::Framing::none) return true;
  if (framing_.framing == http::Framing::chunked) http::append_chunk_head(to_client_.text(), bytes.size());
  to_client_.borrow(bytes);
  if (framing_.framing == http::Framing::chunked) to_client_.text().append(http::kChunkEnd);
  response_body_bytes_ += bytes.size();
  if (!flush_client()) return false;
  if (connection_->socket().queued() > kStreamLimit) {
    log::info("client {} does not read its event stream: closed", client_ip());
    client_gone();
    return false;
  }
  return true;
}

void HttpExchange::finish() {
  if (state_ != State::streaming) return;
  ClientConnection::Dispatch dispatch(*connection_);
  if (framing_.framing == http::Framing::chunked) to_client_.text().append(http::kLastChunk);
  if (!flush_client()) return;
  end(keep_alive_ ? Ending::keep_alive : Ending::close, EndedBy::none);
}

// --- files ---

std::optional<FileRequest> HttpExchange::file_request() {
  const bool readable = head().method == http::Method::get || head().method == http::Method::head;
  if (!readable && status_override_ == 0) {
    send_reply(405, {{"Allow", "GET, HEAD"}}, local_page(405, {request_id_.data(), request_id_.size()}));
    return std::nullopt;
  }
  // "location /a { alias /b/; }" turns "/a../x" into "/b/../x".
  if (settings().alias && http::climbs(path_.substr(std::min(settings().path.size(), path_.size())))) {
    fail(404);
    return std::nullopt;
  }
  if (settings().alias && off_location_) {
    log::error("alias cannot be used where {} was rewritten to {}", head().target, path_);
    fail(500);
    return std::nullopt;
  }
  FileRequest request;
  request.path = file_path(settings(), path_);
  request.directory = path_.ends_with('/');
  request.index = settings().index;
  request.block_size = rate_step();
  request.codings = static_codings(settings(), head().headers);
  if (status_override_ == 0) {
    request.range = head().headers.value(http::KnownHeader::range);
    request.if_none_match = head().headers.value("If-None-Match");
    request.if_modified_since = head().headers.value("If-Modified-Since");
    request.if_range = head().headers.value("If-Range");
  }
  return request;
}

void HttpExchange::start_static_file() {
  std::optional<FileRequest> request = file_request();
  if (!request) return;
  state_ = State::sending_file;
  set_deadline();
  auto file = std::make_shared<FileAnswer>();
  context_.loop.queue_work(
      [file, request = std::move(*request)] {
        *file = open_file(request);
        if (file->length > 0 && (file->status == 200 || file->status == 206)) read_block(*file);
      },
      [weak = context_.weak(), serial = id().serial, file] {
        const auto context = weak.lock();
        HttpExchange* self = context ? context->find(serial) : nullptr;
        if (self == nullptr) return;
        ClientConnection::Dispatch dispatch(*self->connection_);
        self->on_file_opened(file);
      });
}

void HttpExchange::on_file_opened(std::shared_ptr<FileAnswer> file) {
  if (state_ != State::sending_file) return;
  choose_coding(*file);
  switch (file->status) {
    case 200:
    case 206:
      break;
    case 301: {
      std::string location;
      const std::string_view target = current_target();
      const std::size_t question = target.find('?');
      location.append(target.substr(0, question)).append("/");
      if (question != std::string_view::npos) location.append(target.substr(question));
      if (location.starts_with("//")) location.insert(0, "/.");  // "//host/" would leave this site
      send_reply(301, {{"Location", location}}, {});
      return;
    }
    case 304:
      if (file->varies) {
        send_reply(304, {{"ETag", file->etag}, {"Last-Modified", file->last_modified}, {"Vary", "Accept-Encoding"}},
                   {});
      } else {
        send_reply(304, {{"ETag", file->etag}, {"Last-Modified", file->last_modified}}, {});
      }
      return;
    case 416:
      send_reply(416, {{"Content-Range", "bytes */" + std::to_string(file->size)}}, {});
      return;
    default:
      fail(file->status);
      return;
  }
  send_file_head(*file);
  if (head().method == http::Method::head) {
    if (flush_client()) end(keep_alive_ ? Ending::keep_alive : Ending::close, EndedBy::none);
    return;
  }
  file_ = std::move(file);
  if (file_->compresses()) {
    read_on();
  } else {
    continue_file();
  }
}

// Whether the file is compressed on its way, and what that means for its validators.
void HttpExchange::choose_coding(FileAnswer& file) {
  const config::LocationSettings& s = settings();
  if (file.status != 200 && file.status != 206 && file.status != 304) return;
  if (s.gzip_static == config::Precompressed::on || s.zstd_static == config::Precompressed::on) file.varies = true;
  if ((!s.gzip.on && !s.zstd.on) || file.coding != Coding::identity) return;
  const std::string_view type = media_type(s, file.name);
  file.varies = file.varies || is_compressible(s.gzip, s.gzip_types, type, file.size) ||
                is_compressible(s.zstd, s.zstd_types, type, file.size);
  if (file.status == 206 || head().minor == 0) return;  // HTTP/1.0 has no chunks
  const Coding coding = dynamic_coding(s, head().headers, type, file.size);
  if (coding == Coding::identity) return;
  file.level = coding == Coding::gzip ? s.gzip.level : s.zstd.level;
  file.coding = coding;
  file.etag.insert(0, "W/");  // the same content, in other bytes each time it is compressed (RFC 9110 8.8.3)
}

void HttpExchange::send_file_head(const FileAnswer& file) {
  status_ = status_override_ != 0 ? status_override_ : file.status;
  if (!request_complete_) keep_alive_ = false;
  std::string& text = to_client_.text();
  http::append_status_line(text, static_cast<std::uint16_t>(status_));
  if (context_.server_tokens) http::append_field(text, "Server", "hearth");
  http::append_field(text, "Date", context_.date());
  http::append_field(text, "Content-Type", media_type(settings(), file.name));
  if (file.compresses()) {
    http::append_field(text, "Transfer-Encoding", "chunked");
  } else {
    http::append_field(text, "Content-Length", std::to_string(file.length + file.block.size()));
  }
  if (file.coding != Coding::identity) http::append_field(text, "Content-Encoding", name(file.coding));
  if (file.varies) http::append_field(text, "Vary", "Accept-Encoding");
  if (status_override_ == 0) {
    http::append_field(text, "Last-Modified", file.last_modified);
    http::append_field(text, "ETag", file.etag);
    if (file.coding == Coding::identity) http::append_field(text, "Accept-Ranges", "bytes");
  }
  if (file.status == 206) {
    const std::uint64_t first = file.offset - file.block.size();
    http::append_field(text, "Content-Range",
                       "bytes " + std::to_string(first) + "-" + std::to_string(file.offset + file.length - 1) + "/" +
                           std::to_string(file.size));
  }
  std::vector<std::string> values;
  std::vector<http::Field> added;
  collect_added(values, added);
  for (const http::Field& field : added) http::append_field(text, field.name, field.value);
  if (!keep_alive_ || head().minor == 0) {
    http::append_field(text, "Connection", keep_alive_ ? "keep-alive" : "close");
  }
  text.append("\r\n");
  response_started_ = true;
}

// Sends the block in hand, then has the next one read; waits for the client in between.
void HttpExchange::continue_file() {
  const bool chunked = file_->compresses() && !file_->block.empty();  // an empty chunk would be the last
  if (chunked) http::append_chunk_head(to_client_.text(), file_->block.size());
  to_client_.borrow(file_->block);
  if (chunked) to_client_.text().append(http::kChunkEnd);
  if (file_->compresses() && !file_->more()) to_client_.text().append(http::kLastChunk);
  response_body_bytes_ += file_->block.size();
  if (!flush_client()) return;
  file_->block.clear();
  if (!file_->more()) {
    end(keep_alive_ ? Ending::keep_alive : Ending::close, EndedBy::none);
    return;
  }
  set_deadline();
  if (connection_->socket().queued() > 0) return;  // client_drained() goes on
  if (ahead_of_rate(&HttpExchange::continue_file)) return;
  read_on();
}

void HttpExchange::read_on() {
  reading_file_ = true;
  auto ok = std::make_shared<bool>(false);
  context_.loop.queue_work([file = file_, ok] { *ok = file->compresses() ? compress_block(*file) : read_block(*file); },
                           [weak = context_.weak(), serial = id().serial, ok] {
                             const auto context = weak.lock();
                             HttpExchange* self = context ? context->find(serial) : nullptr;
                             if (self == nullptr || self->state_ != State::sending_file) return;
                             ClientConnection::Dispatch dispatch(*self->connection_);
                             self->reading_file_ = false;
                             if (*ok) {
                               self->continue_file();
                             } else {
                               self->end(Ending::abort, EndedBy::us);  // the file shrank under us
                             }
                           });
}

void HttpExchange::client_drained() {
  if (state_ == State::proxying && upstream_) {
    if (body_down_.holding())
      return response_moved(context_.loop.splice_pipes().resume(connection_->socket(), body_down_));
    if (ahead_of_rate(&HttpExchange::continue_response)) return;
    upstream_->socket().start_reading();
    set_deadline();
  } else if (state_ == State::sending_file && file_ && !reading_file_) {
    // Two writes may finish in one turn and drain the queue "twice": while the pool reads, the block is not ours.
    continue_file();
  }
}

}  // namespace hearth::proxy
