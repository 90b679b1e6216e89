// What a request is for, where that is not its target: internal redirects, try_files.
#include "http/uri.h"
#include "log/log.h"
#include "proxy/exchange.h"
#include "proxy/static_file.h"

namespace hearth::proxy {

namespace {

// A path made of variables may hold what the client put into them.
bool is_usable(std::string_view path) {
  return path.starts_with('/') && path.find('\0') == std::string_view::npos && !http::climbs(path);
}

// Where a file of try_files is, under root or alias.
std::string try_path(const config::LocationSettings& settings, std::string_view uri) {
  if (!settings.alias) return settings.root + std::string(uri);
  if (!uri.starts_with(settings.path)) return *settings.alias + std::string(uri);
  const std::string_view rest = uri.substr(settings.path.size());
  return http::climbs(rest) ? std::string() : *settings.alias + std::string(rest);
}

// What variables put into a query may not end the request line, nor begin a fragment.
std::string escaped_query(std::string_view query) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : query) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > ' ' && byte < 0x7f && std::string_view("\"#<>").find(c) == std::string_view::npos) {
      out.push_back(c);
    } else {
      out.append({'%', kHex[byte >> 4], kHex[byte & 15]});
    }
  }
  return out;
}

}  // namespace

std::string_view HttpExchange::args() const {
  return uri_changed_ ? std::string_view(args_) : http::split_target(head().path_and_query).query;
}

std::string_view HttpExchange::current_target() {
  if (!uri_changed_) return head().path_and_query;
  target_.clear();
  http::append_escaped_path(target_, path_);
  if (!args_.empty()) target_.append("?").append(args_);
  return target_;
}

void HttpExchange::redirect_internally(std::string path, std::string_view args) {
  if (++internal_redirects_ > kMaxInternalRedirects) {
    log::error("internal redirection cycle for {} {} at {}", head().method_text, head().target, path);
    return fail(500);
  }
  if (!is_usable(path)) return fail(404);
  path_scratch_ = std::move(path);
  path_ = path_scratch_;
  args_ = escaped_query(args);
  uri_changed_ = true;
  if (enter_location()) dispatch();
}

void HttpExchange::start_try_files() {
  std::vector<TryPath> paths;
  for (const config::CompiledText& text : location_->try_files.paths) {
    TryPath& one = paths.emplace_back();
    one.uri = expand(text);
    one.directory = one.uri.ends_with('/');
    if (is_usable(one.uri)) one.path = try_path(settings(), one.uri);
  }
  // A file that this location serves itself is opened at once.
  std::optional<FileRequest> request;
  const bool readable = head().method == http::Method::get || head().method == http::Method::head;
  if (readable && location_->handler == nullptr && !settings().proxy_pass && !(request = file_request())) return;
  state_ = State::waiting;
  const bool serves = request.has_value();
  auto found = std::make_shared<int>(-1);
  auto file = std::make_shared<FileAnswer>();
  auto tried = std::make_shared<std::vector<TryPath>>(std::move(paths));
  context_.loop.queue_work(
      [found, file, tried, request = std::move(request)]() mutable {
        *found = first_existing(*tried);
        if (*found < 0 || !request) return;
        const TryPath& one = (*tried)[static_cast<std::size_t>(*found)];
        request->path = one.path;
        request->directory = one.directory;
        *file = open_file(*request);
        if (file->length > 0 && (file->status == 200 || file->status == 206)) read_block(*file);
      },
      [weak = context_.weak(), serial = id().serial, found, tried, opened = serves ? file : nullptr] {
        const auto context = weak.lock();
        HttpExchange* self = context ? context->find(serial) : nullptr;
        if (self == nullptr) return;
        ClientConnection::Dispatch dispatch(*self->connection_);
        self->on_tried(*found, *found < 0 ? std::string() : std::move((*tried)[static_cast<std::size_t>(*found)].uri),
                       opened);
      });
}

void HttpExchange::on_tried(int found, std::string uri, std::shared_ptr<FileAnswer> file) {
  if (state_ != State::waiting) return;
  const config::TryFilesSettings& tried = *settings().try_files;
  if (found < 0) {
    if (tried.status == 0)
      return redirect_internally(expand(location_->try_files.uri), expand(location_->try_files.args));
    return tried.status < 300 ? send_reply(tried.status, {}, {}) : fail(tried.status);
  }
  path_scratch_ = std::move(uri);
  path_ = path_scratch_;
  if (!file) return answer_content();
  state_ = State::sending_file;
  set_deadline();
  on_file_opened(std::move(file));
}

}  // namespace hearth::proxy
