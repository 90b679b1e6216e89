// S3Client: signed requests to one bucket. Any thread.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>

#include "object_store/sigv4.h"
#include "object_store/transport.h"

namespace hearth::object_store {

enum class Addressing { automatic, path, virtual_host };  // automatic: path for a custom endpoint, else virtual host

struct S3Options {
  std::string endpoint;  // "https://host[:port][/base]"; empty: AWS, by region
  std::string region = "us-east-1";
  std::string bucket;
  Addressing addressing = Addressing::automatic;
  Credentials credentials;
  TransportOptions transport;
};

struct S3Request {
  std::string method{};
  std::string key{};  // empty: the bucket itself
  Pairs query{};
  Pairs headers{};
  std::shared_ptr<const std::string> body{};  // kept until the call has ended
  std::string payload_hash{};                 // of body; computed when empty
  std::size_t reply_limit = 1u << 20;
};

class S3Client {
 public:
  explicit S3Client(S3Options options);

  // A call ready for the transport but for `judge` and `done`. `what` names it in errors.
  // The judge set here accepts 2xx, follows the bucket's region and corrects a skewed clock once; it passes what it
  // accepts to `check`, if given.
  Call call(S3Request request, std::string what, std::function<Result<void>(const HttpReply&)> check = {});
  Result<HttpReply> perform(S3Request request, std::string what,
                            std::function<Result<void>(const HttpReply&)> check = {});
  Transport& transport() { return transport_; }
  const std::string& bucket() const { return options_.bucket; }

  // False once the store said that it does not know If-None-Match (501).
  std::atomic<bool> knows_conditions{true};

 private:
  HttpRequest build(const S3Request& request);
  Result<void> judge(const HttpReply& reply, const std::string& what);
  bool follow_region(const HttpReply& reply);
  bool correct_clock(const HttpReply& reply);
  std::string region() const;

  S3Options options_;
  std::string scheme_, host_, base_;  // host_ with its port
  bool path_style_ = true;
  mutable std::mutex mutex_;
  std::string region_;  // guarded by mutex_
  std::atomic<std::int64_t> clock_offset_{0};
  Transport transport_;
};

}  // namespace hearth::object_store
