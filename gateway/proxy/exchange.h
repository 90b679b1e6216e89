// HttpExchange: one request and its response, from the first byte of the head to the log line. Read this first.
//
//   head → [waiting] → [deciding → collecting] → replying | streaming | sending_file → done
//                                  → connecting → proxying → done, or the connection becomes a Tunnel
//
// Bytes come in through feed() (client) and the UpstreamUser callbacks; they leave through two Gathers, one writev per
// direction and event. Back-pressure: wants_input() is false while the upstream has more than kHighWater unsent; the
// upstream is not read while the client has.
//
// exchange.cc: life, routing, the module SDK. exchange_limits.cc: who may ask, and how fast. exchange_uri.cc: what
// the request is for: rewrites, the location, try_files. exchange_proxy.cc: the upstream side. exchange_reply.cc: local
// answers.
// Owner: the ClientConnection while in use, else the worker's spare list. Thread: the worker's.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hearth/exchange.h"
#include "http/request_parser.h"
#include "http/response_parser.h"
#include "http/serialize.h"
#include "proxy/client_connection.h"
#include "proxy/gather.h"
#include "proxy/tunnel.h"
#include "proxy/upstream_connection.h"
#include "runtime/timer.h"

namespace hearth::proxy {

struct FileAnswer;
struct FileRequest;
struct TunnelLogEntry;

class HttpExchange final : public Exchange, private UpstreamUser {
 public:
  enum class Ending { keep_alive, close, abort };

  explicit HttpExchange(WorkerContext& context);
  ~HttpExchange();

  void attach(ClientConnection& connection);
  void reset();  // for the next request, on whichever connection; keeps memory

  // --- the client connection's side ---
  bool wants_input() const;
  bool feed(std::string_view& input);  // one parser event; false = more bytes are needed
  void input_paused();                 // the views fed so far become invalid: pass on what was gathered
  void client_finished_sending();
  void client_gone();
  void client_drained();
  void client_readable();  // while its socket reads raw
  void splice_request();   // what has come is parsed: the rest of the body may go past the parser, if that pays
  void deadline_passed();
  bool done() const { return state_ == State::done; }
  Ending ending() const { return ending_; }
  // The client has said that nothing follows this request, and all of it has come.
  bool was_last() const { return request_complete_ && parser_.done() && !head().keep_alive; }
  Milliseconds keepalive_timeout() const;
  Milliseconds send_timeout() const;

  // --- Exchange (module SDK) ---
  ExchangeId id() const override;
  const RequestView& request() const override { return view_; }
  void reply(Reply reply) override;
  void proxy(ProxyPlan plan) override;
  void start_stream(int status, ReplyHeaders headers) override;
  bool send(std::string_view bytes) override;
  void finish() override;
  void read_body(std::size_t limit, UniqueFunction<void(Result<std::string>)> done) override;
  void on_end(UniqueFunction<void()> callback) override { on_end_ = std::move(callback); }
  void set_user(std::string user) override { user_ = std::move(user); }

 private:
  enum class State { head, waiting, deciding, collecting, connecting, proxying, streaming, sending_file, done };

  // Bytes one side may leave unread before the other side is no longer read.
  static constexpr std::size_t kHighWater = 64 * 1024;
  static constexpr std::size_t kFirstRead = 24 * 1024;     // of a response
  static constexpr std::size_t kStreamLimit = 256 * 1024;  // unsent bytes of an SDK stream
  static constexpr Milliseconds kDecisionTimeout{120000};  // a module that never answers
  static constexpr int kMaxInternalRedirects = 10;

  const http::RequestHead& head() const { return parser_.head(); }
  const config::LocationSettings& settings() const { return *location_->settings; }

  // exchange.cc
  void on_head();
  void on_body(std::string_view bytes);
  void on_request_end();
  void on_bad_request();
  void use_fallback_location();  // for answers to what could not be routed
  bool route();                  // false: answered already
  void dispatch();
  void answer_content();
  void fill_view();
  void end(Ending ending, EndedBy who);
  void write_log(EndedBy who);
  TunnelLogEntry log_entry() const;
  void set_deadline();
  std::string expand(const config::CompiledText& text) const;
  void append_mapped(const VariableMap& map, std::string& out) const;
  void append_variable(config::Variable variable, std::string_view name, std::string& out) const;

  // exchange_uri.cc
  std::string_view args() const;      // the query as it is now
  std::string_view current_target();  // path and query as they are now; the client's own bytes if those hold
  enum class Rewritten { no, yes, last, stop, answered };
  Rewritten rewrite(const Location& rules);
  Rewritten apply_rewrite(const CompiledRewrite& rule);
  bool rewrite_server();
  void refuse_hard_path();  // what a regular expression cannot tell in time is not let through
  bool enter_location(const Location* location = nullptr);  // null: the one for path_. false: answered already
  bool count_redirect();                                    // false: one too many, answered
  void set_uri(std::string path, std::string args);
  void redirect_internally(std::string path, std::string_view args);
  void go_to_named(std::string_view name);
  void start_try_files();
  void on_tried(int found, std::string uri, std::shared_ptr<FileAnswer> file);

  // exchange_limits.cc
  void identify_client();
  const SocketAddress& client_address() const;
  std::string_view client_ip() const;
  bool admit();
  void pause(Milliseconds wait, void (HttpExchange::*then)());
  std::size_t rate_step() const;  // bytes in one go; 0 = any
  bool ahead_of_rate(void (HttpExchange::*then)());
  void continue_response();

  // exchange_proxy.cc
  void start_proxy_pass();
  bool pick_server();
  void begin_upstream();
  void upstream_ready();
  void write_upstream_head();
  void flush_upstream();
  bool retry_upstream(bool connected);
  void upstream_error(int status, bool timed_out);
  void drop_upstream();
  void release_upstream(bool reusable);
  void on_response_head();
  void on_interim_head();
  void on_response_end(bool reusable);
  void on_bad_response();
  void pump_response(std::string_view bytes);
  void become_tunnel(std::string_view early);
  void on_upstream_ready() override;
  void on_upstream_failed(int status) override;
  void on_upstream_read(std::string_view bytes) override;
  void on_upstream_end() override;
  void on_upstream_broken(int status) override;
  void on_upstream_drained() override;
  void on_upstream_readable() override;

  // exchange_splice.cc
  void splice_response();  // from here on the body goes past the parser, if that pays
  void response_moved(const SplicePipes::Moved& moved);
  void request_moved(const SplicePipes::Moved& moved);

  // exchange_reply.cc
  void fail(int status);
  bool try_error_page(int status);
  void send_reply(int status, const ReplyHeaders& headers, std::string_view body);
  void start_static_file();
  std::optional<FileRequest> file_request();  // none: answered already
  void on_file_opened(std::shared_ptr<FileAnswer> file);
  void send_file_head(const FileAnswer& file);
  void choose_coding(FileAnswer& file);
  void continue_file();
  void read_on();
  // What add_header adds to a response of status_; `values` holds the texts the fields point to.
  void collect_added(std::vector<std::string>& values, std::vector<http::Field>& fields) const;
  bool flush_client();  // false: the client is gone and the exchange has ended

  WorkerContext& context_;
  ClientConnection* connection_ = nullptr;
  mutable std::uint64_t serial_ = 0;  // 0 = no module has asked for an id
  State state_ = State::head;
  Ending ending_ = Ending::keep_alive;

  // request
  http::RequestParser parser_;
  const VirtualServer* server_ = nullptr;
  const Location* location_ = nullptr;
  std::string path_scratch_;
  std::string_view path_;  // normalized
  std::string args_;       // with uri_changed_
  std::string target_;     // with uri_changed_
  bool off_location_ = false;         // path_ is not what location_ was chosen for: rewrite … break
  config::Regex::Captures captures_;  // of the last location or rewrite that matched
  bool uri_changed_ = false;          // what is asked for is path_ and args_, not the target
  RequestView view_;
  std::array<char, 32> request_id_{};
  bool request_complete_ = false;
  bool keep_alive_ = false;
  std::uint64_t request_body_bytes_ = 0;
  std::uint64_t started_ns_ = 0;

  // who asks, and limits
  std::optional<SocketAddress> client_;  // by real_ip_header; else it is the connection's peer
  std::string client_ip_;
  std::vector<ConnectionZone::Ticket> tickets_;
  std::unique_ptr<Timer> pause_;
  std::uint64_t body_started_ns_ = 0;  // with limit_rate

  // a module's interest
  std::string body_;
  std::size_t body_limit_ = 0;
  UniqueFunction<void(Result<std::string>)> body_done_;
  UniqueFunction<void()> on_end_;
  std::string user_;
  std::string route_;

  // upstream
  std::unique_ptr<UpstreamConnection> upstream_;
  http::ResponseParser response_parser_;
  SocketAddress upstream_address_;
  std::string upstream_target_;
  std::string upstream_host_;
  std::string forwarded_prefix_;
  std::string hidden_cookie_;
  UniqueFunction<Reply(int status)> failed_;  // a module's answer instead of the plain page
  KeepAliveLimits upstream_keepalive_;
  int server_index_ = -1;
  std::uint64_t servers_tried_ = 0;
  bool splice_ = true;  // false: tried, and it does not work here
  SpliceStream body_up_;
  SpliceStream body_down_;
  bool retried_ = false;
  bool upload_failed_ = false;
  unsigned upstream_status_ = 0;
  std::uint64_t upstream_started_ns_ = 0;
  std::uint64_t upstream_time_us_ = 0;
  Gather to_upstream_;
  http::ConnectionNominated nominated_;

  // response
  Gather to_client_;
  bool response_started_ = false;
  http::ClientFraming framing_;
  int status_ = 0;
  int status_override_ = 0;  // by error_page
  int internal_redirects_ = 0;
  std::uint64_t response_body_bytes_ = 0;
  std::shared_ptr<FileAnswer> file_;
  bool reading_file_ = false;  // a pool thread is filling file_->block
};

}  // namespace hearth::proxy
