// What a request is for: rewrites, the location, internal redirects, try_files.
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

// `text` with what cannot stand in a URI, and `also`, escaped.
std::string escaped(std::string_view text, std::string_view also) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > ' ' && byte < 0x7f && also.find(c) == std::string_view::npos) {
      out.push_back(c);
    } else {
      out.append({'%', kHex[byte >> 4], kHex[byte & 15]});
    }
  }
  return out;
}

// What variables put into a query may not end the request line, nor begin a fragment.
std::string escaped_query(std::string_view query) { return escaped(query, "\"#<>"); }
std::string escaped_location(std::string_view url) { return escaped(url, "\"<>\\"); }

// One argument of a query, which may not end there.
void append_escaped_argument(std::string& out, std::string_view text) {
  std::string escaped;
  http::append_escaped_path(escaped, text);
  for (const char c : escaped) {
    switch (c) {
      case '&':
        out.append("%26");
        break;
      case '+':
        out.append("%2B");
        break;
      case ';':
        out.append("%3B");
        break;
      case '=':
        out.append("%3D");
        break;
      default:
        out.push_back(c);
    }
  }
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

bool HttpExchange::count_redirect() {
  if (++internal_redirects_ <= kMaxInternalRedirects) return true;
  log::error("rewrite or internal redirection cycle for {} {} at {}", head().method_text, head().target, path_);
  fail(500);
  return false;
}

void HttpExchange::set_uri(std::string path, std::string args) {
  path_scratch_ = std::move(path);
  path_ = path_scratch_;
  args_ = std::move(args);
  uri_changed_ = true;
}

// --- rewrite ---

HttpExchange::Rewritten HttpExchange::apply_rewrite(const CompiledRewrite& rule) {
  using Then = config::RewriteSettings::Then;
  const Then then = rule.settings->then;
  const bool away = then == Then::redirect || then == Then::permanent;
  const auto expanded = [&](const config::CompiledText& text, bool query) {
    std::string out;
    text.expand(out, [&](config::Variable variable, std::string_view name, std::string& to) {
      if (variable != config::Variable::capture) return append_variable(variable, name, to);
      const std::string_view captured = captures_[static_cast<std::size_t>(name[0] - '0')];
      if (query) {
        append_escaped_argument(to, captured);
      } else if (away) {
        http::append_escaped_path(to, captured);
      } else {
        to.append(captured);
      }
    });
    return out;
  };
  std::string path = expanded(rule.path, false);
  std::string args = escaped_query(expanded(rule.args, true));
  if (const std::string_view own = this->args(); rule.settings->keeps_args && !own.empty()) {
    if (!args.empty()) args.append("&");
    args.append(own);
  }
  if (away) {
    if (!args.empty()) path.append("?").append(args);
    if (path.starts_with("//")) path.insert(0, "/.");  // "//host/" would leave this site
    send_reply(then == Then::permanent ? 301 : 302, {{"Location", escaped_location(path)}}, {});
    return Rewritten::answered;
  }
  if (!is_usable(path)) {
    log::info("client {}: {} {} is rewritten to what is no path", client_ip(), head().method_text, head().target);
    fail(400);
    return Rewritten::answered;
  }
  set_uri(std::move(path), std::move(args));
  return then == Then::last ? Rewritten::last : then == Then::stop ? Rewritten::stop : Rewritten::yes;
}

HttpExchange::Rewritten HttpExchange::rewrite(const Location& rules) {
  Rewritten outcome = Rewritten::no;
  for (const CompiledRewrite& rule : rules.rewrites) {
    const auto matched = rule.regex.match(path_, &captures_);
    if (matched == config::Regex::Outcome::no) continue;
    if (matched == config::Regex::Outcome::too_hard) {
      refuse_hard_path();
      return Rewritten::answered;
    }
    outcome = apply_rewrite(rule);
    if (outcome != Rewritten::yes) break;
  }
  return outcome;
}

void HttpExchange::refuse_hard_path() {
  log::error("client {}: a regular expression takes too many steps on {} {}", client_ip(), head().method_text,
             head().target);
  fail(500);
}

bool HttpExchange::rewrite_server() {
  identify_client();
  const Rewritten outcome = rewrite(server_->fallback);
  if (outcome == Rewritten::answered) return false;
  if (outcome == Rewritten::last || outcome == Rewritten::stop || !server_->returning) return true;
  if (enter_location(&*server_->returning)) dispatch();
  return false;
}

// --- choosing the location ---

bool HttpExchange::enter_location(const Location* location) {
  for (;;) {
    location_ = location != nullptr ? location : server_->locate(path_, captures_);
    off_location_ = false;
    if (location_ == nullptr) {
      location_ = &server_->fallback;
      refuse_hard_path();
      return false;
    }
    identify_client();
    if (location_->rewrites.empty() || location_ == &server_->fallback) break;
    const Rewritten outcome = rewrite(*location_);
    if (outcome == Rewritten::answered) return false;
    off_location_ = outcome == Rewritten::stop;
    const bool again = outcome == Rewritten::last || (outcome == Rewritten::yes && !settings().returns);
    if (!again) break;
    if (!count_redirect()) return false;
    location = nullptr;
  }
  keep_alive_ = keep_alive_ && settings().keepalive_timeout.count() > 0 &&
                connection_->requests() + 1 < settings().keepalive_requests;
  if (!settings().access_rules.empty() && !is_allowed(settings().access_rules, client_address())) {
    fail(403);
    return false;
  }
  const std::uint64_t limit = settings().client_max_body_size;
  if (limit != 0 && head().content_length > limit) {
    fail(413);
    return false;
  }
  return true;
}

void HttpExchange::redirect_internally(std::string path, std::string_view args) {
  if (!count_redirect()) return;
  if (!is_usable(path)) return fail(404);
  set_uri(std::move(path), escaped_query(args));
  location_ = &server_->fallback;
  if (!location_->rewrites.empty() && !rewrite_server()) return;
  if (enter_location()) dispatch();
}

void HttpExchange::go_to_named(std::string_view name) {
  if (count_redirect() && enter_location(server_->named(name))) dispatch();
}

// --- try_files ---

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
    if (tried.uri.starts_with('@')) return go_to_named(tried.uri);
    if (!tried.uri.empty()) {
      return redirect_internally(expand(location_->try_files.uri), expand(location_->try_files.args));
    }
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
