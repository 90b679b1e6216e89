#include "object_store/s3_upload.h"

#include <fmt/format.h>

#include "base/encoding.h"
#include "object_store/digest.h"
#include "object_store/s3_protocol.h"

namespace hearth::object_store {
namespace {

constexpr std::chrono::seconds kAbortBudget{4};
// A store that puts a large object together sends blanks meanwhile, for minutes and far below the usual limit.
constexpr std::chrono::seconds kCompleteStall{600};
constexpr int kEtagAttempts = 2;  // how often a part is sent again because its etag is not its MD5

std::string bare(std::string_view etag) {
  if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"') etag = etag.substr(1, etag.size() - 2);
  return std::string(etag);
}

}  // namespace

S3Upload::S3Upload(S3Client& client, std::string key, const UploadOptions& options)
    : client_(client), key_(std::move(key)), options_(options), plan_(plan_parts(options.expected_size)) {
  current_ = buffer();
}

S3Upload::~S3Upload() {
  if (finished_) return;
  failed_ = true;
  (void)wait_for_parts(0);
  abort();
}

std::shared_ptr<std::string> S3Upload::buffer() {
  const std::lock_guard lock(mutex_);
  if (!spare_.empty()) {
    auto out = std::move(spare_.back());
    spare_.pop_back();
    out->clear();
    return out;
  }
  auto out = std::make_shared<std::string>();
  out->reserve(plan_.part_size);
  return out;
}

Result<void> S3Upload::write(std::string_view bytes) {
  while (!bytes.empty()) {
    if (current_->size() == plan_.part_size)
      if (auto sent = send_part(); !sent) return sent;
    const std::size_t take = std::min<std::size_t>(bytes.size(), plan_.part_size - current_->size());
    current_->append(bytes.substr(0, take));
    bytes.remove_prefix(take);
    size_ += take;
  }
  return {};
}

Result<void> S3Upload::begin() {
  auto reply = client_.perform(
      {.method = "POST", .key = key_, .query = {{"uploads", ""}}, .headers = {{"content-type", "application/zstd"}}},
      "begin upload of " + key_, [](const HttpReply& answer) -> Result<void> {
        if (!xml_text(answer.body, "UploadId"))
          return fail(ErrorCode::protocol, ErrorSource::storage, "object storage began an upload without an id", true);
        return {};
      });
  if (!reply) return fail(reply.error());
  upload_id_ = *xml_text(reply->body, "UploadId");
  return {};
}

Result<void> S3Upload::send_part() {
  if (upload_id_.empty())
    if (auto begun = begin(); !begun) return begun;
  if (auto room = wait_for_parts(plan_.in_flight - 1); !room) return room;
  unsigned number = 0;
  {
    const std::lock_guard lock(mutex_);
    parts_.push_back({"", md5_raw(*current_)});
    number = static_cast<unsigned>(parts_.size());
    ++in_flight_;
  }
  if (number > kMaxParts) {
    const std::lock_guard lock(mutex_);
    --in_flight_;
    return fail(ErrorCode::limit, ErrorSource::storage, "the archive needs more than 10 000 parts");
  }
  submit_part(number, std::move(current_));
  current_ = buffer();
  return {};
}

void S3Upload::submit_part(unsigned number, std::shared_ptr<const std::string> body) {
  std::string md5;
  {
    const std::lock_guard lock(mutex_);
    md5 = parts_[number - 1].md5;
  }
  S3Request request{.method = "PUT", .key = key_, .body = body};
  request.query = {{"partNumber", std::to_string(number)}, {"uploadId", upload_id_}};
  auto wrong = std::make_shared<int>(0);
  const std::string hex = to_hex(md5.data(), md5.size());
  Call call = client_.call(std::move(request), fmt::format("part {} of {}", number, key_),
                           [wrong, hex](const HttpReply& reply) -> Result<void> {
                             const std::string etag = reply.header("etag");
                             if (etag.empty())
                               return fail(ErrorCode::protocol, ErrorSource::storage, "a part has no etag", true);
                             // An encrypting store has other etags; then the read-back is the proof.
                             if (bare(etag) != hex && ++*wrong <= kEtagAttempts)
                               return fail(ErrorCode::corrupt, ErrorSource::storage, "a part arrived damaged", true);
                             return {};
                           });
  call.judge = [this, inner = std::move(call.judge)](const HttpReply& reply) -> Result<void> {
    auto verdict = inner(reply);
    if (!verdict && failed_) verdict.error().retryable = false;
    return verdict;
  };
  call.done = [this, number, body = std::move(body)](Result<HttpReply> reply) {
    const std::lock_guard lock(mutex_);
    --in_flight_;
    if (reply) {
      parts_[number - 1].etag = reply->header("etag");
    } else if (!error_) {
      error_ = reply.error();
      failed_ = true;
    }
    spare_.push_back(std::const_pointer_cast<std::string>(body));
    changed_.notify_all();
  };
  client_.transport().submit(std::move(call));
}

Result<void> S3Upload::wait_for_parts(std::size_t at_most) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return in_flight_ <= at_most || (error_ && in_flight_ == 0); });
  if (error_) return fail(*error_);
  return {};
}

std::string S3Upload::expected_etag() const {
  const std::lock_guard lock(mutex_);
  std::string all;
  for (const Part& part : parts_) all += part.md5;
  const std::string digest = md5_raw(all);
  return fmt::format("{}-{}", to_hex(digest.data(), digest.size()), parts_.size());
}

std::string S3Upload::complete_body() const {
  const std::lock_guard lock(mutex_);
  std::string out = "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">";
  for (std::size_t i = 0; i < parts_.size(); ++i)
    out += fmt::format("<Part><PartNumber>{}</PartNumber><ETag>{}</ETag></Part>", i + 1, xml_escape(parts_[i].etag));
  return out + "</CompleteMultipartUpload>";
}

Result<void> S3Upload::complete() {
  S3Request request{.method = "POST", .key = key_, .query = {{"uploadId", upload_id_}}};
  request.headers.emplace_back("content-type", "application/xml");
  request.body = std::make_shared<const std::string>(complete_body());
  const S3Request plain = request;
  const bool conditional = options_.if_absent && client_.knows_conditions;
  if (conditional) request.headers.emplace_back("if-none-match", "*");
  const std::string what = "complete upload of " + key_;
  const auto check = [what](const HttpReply& reply) -> Result<void> {
    if (xml_text(reply.body, "Error")) return fail(s3_error_inside(reply.body, what));
    if (reply.body.find("CompleteMultipartUploadResult") == std::string::npos)
      return fail(ErrorCode::protocol, ErrorSource::storage, what + ": an answer that is none", true);
    return {};
  };
  const auto perform = [&](S3Request one) {
    Call call = client_.call(std::move(one), what, check);
    call.stall = kCompleteStall;
    return client_.transport().perform(std::move(call));
  };
  auto reply = perform(std::move(request));
  if (!reply && conditional && reply.error().code == ErrorCode::invalid_argument) {
    client_.knows_conditions = false;
    reply = perform(plain);
  }
  if (!reply) return fail(reply.error());
  return {};
}

Result<ObjectStat> S3Upload::confirm() {
  // A stale "not found" right after the write passes; anything older does not.
  Call call = client_.call({.method = "HEAD", .key = key_}, "HEAD " + key_);
  call.judge = [inner = std::move(call.judge)](const HttpReply& reply) -> Result<void> {
    auto verdict = inner(reply);
    if (!verdict && reply.status == 404) verdict.error().retryable = true;
    if (verdict && reply.header("etag").empty())  // not the store's own answer
      return fail(ErrorCode::protocol, ErrorSource::storage, "an uploaded object without an etag", true);
    return verdict;
  };
  call.budget = std::chrono::seconds(3);
  auto reply = client_.transport().perform(std::move(call));
  if (!reply) return fail(reply.error());
  ObjectStat stat{std::strtoull(reply->header("content-length").c_str(), nullptr, 10), reply->header("etag"), false};
  if (stat.size != size_)
    return fail(ErrorCode::corrupt, ErrorSource::storage,
                fmt::format("{}: {} bytes were sent, but the store has {}", key_, size_, stat.size));
  stat.proven = !upload_id_.empty() && bare(stat.etag) == expected_etag();
  return stat;
}

Result<ObjectStat> S3Upload::put_whole() {
  S3Request request{.method = "PUT", .key = key_, .body = current_};
  const S3Request plain = request;
  const bool conditional = options_.if_absent && client_.knows_conditions;
  if (conditional) request.headers.emplace_back("if-none-match", "*");
  auto reply = client_.perform(std::move(request), "PUT " + key_);
  if (!reply && conditional && reply.error().code == ErrorCode::invalid_argument) {
    client_.knows_conditions = false;
    reply = client_.perform(plain, "PUT " + key_);
  }
  // After a lost answer the retry meets our own object; whoever reads back sees whether it is ours.
  if (!reply) return fail(reply.error());
  finished_ = true;
  return confirm();
}

Result<ObjectStat> S3Upload::finish() {
  if (upload_id_.empty()) return put_whole();
  if (!current_->empty())
    if (auto sent = send_part(); !sent) return fail(sent.error());
  if (auto all = wait_for_parts(0); !all) return fail(all.error());
  const auto completed = complete();
  if (!completed) {
    // Only an answer that says nothing about the outcome is settled by looking.
    const Error& error = completed.error();
    const bool unknown = error.retryable || error.code == ErrorCode::not_found;
    if (!unknown) return fail(error);
    auto there = confirm();
    if (!there || !there->proven) return fail(error);
    finished_ = true;
    return there;
  }
  finished_ = true;
  return confirm();
}

void S3Upload::abort() {
  if (upload_id_.empty()) return;
  Call call =
      client_.call({.method = "DELETE", .key = key_, .query = {{"uploadId", upload_id_}}}, "abort upload of " + key_);
  call.ignore_cancel = true;
  call.budget = kAbortBudget;
  (void)client_.transport().perform(std::move(call));  // what stays is listed and aborted by the next run
}

}  // namespace hearth::object_store
