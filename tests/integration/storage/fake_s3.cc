#include "fake_s3.h"

#include <fmt/format.h>

#include "base/encoding.h"
#include "base/strings.h"
#include "object_store/digest.h"
#include "object_store/s3_protocol.h"

namespace hearth::test {
namespace {

using object_store::xml_blocks;
using object_store::xml_text;

std::string etag_of(const std::string& bytes) {
  const std::string md5 = object_store::md5_raw(bytes);
  return to_hex(md5.data(), md5.size());
}

std::string response(int status, const std::string& body, const std::string& headers = "") {
  return fmt::format("HTTP/1.1 {} X\r\nContent-Length: {}\r\n{}\r\n{}", status, body.size(), headers, body);
}

S3Seen parse(const std::string& head) {
  S3Seen out;
  const auto lines = split(head, '\n');
  const auto words = split(lines[0], ' ');
  out.method = words[0];
  const std::string_view target = words[1];
  const std::size_t mark = target.find('?');
  const std::string path = percent_decode(target.substr(0, mark)).value_or("");
  const std::size_t slash = path.find('/', 1);
  out.key = slash == std::string::npos ? "" : path.substr(slash + 1);
  if (mark != std::string_view::npos)
    for (const std::string_view pair : split(target.substr(mark + 1), '&')) {
      const std::size_t equals = pair.find('=');
      out.query[std::string(pair.substr(0, equals))] = percent_decode(pair.substr(equals + 1)).value_or("");
    }
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const std::size_t colon = lines[i].find(':');
    if (colon == std::string_view::npos) continue;
    std::string_view value = lines[i].substr(colon + 1);
    if (value.ends_with('\r')) value.remove_suffix(1);
    out.headers[to_lower(lines[i].substr(0, colon))] = std::string(trim(value));
  }
  return out;
}

}  // namespace

std::string s3_refusal(int status, const std::string& code) {
  return response(status, fmt::format("<Error><Code>{}</Code></Error>", code));
}

bool S3Seen::is(std::string_view what) const {
  const bool upload = query.contains("uploadId");
  const bool copy = headers.contains("x-amz-copy-source");
  if (what == "part") return method == "PUT" && upload && !copy;
  if (what == "copy") return method == "PUT" && upload && copy;
  if (what == "complete") return method == "POST" && upload;
  if (what == "begin") return method == "POST" && query.contains("uploads");
  if (what == "abort") return method == "DELETE" && upload;
  if (what == "put") return method == "PUT" && !upload;
  if (what == "get") return method == "GET" && !key.empty();
  if (what == "head") return method == "HEAD";
  if (what == "uploads") return method == "GET" && query.contains("uploads");
  return false;
}

FakeS3::FakeS3() : server_([this](ScriptedPeer& peer) { serve(peer); }) {}

void FakeS3::spoil(Hook hook) {
  const std::lock_guard lock(mutex_);
  hook_ = std::move(hook);
}

void FakeS3::spoil(std::string kind, int times, Spoil spoil) {
  auto left = std::make_shared<std::atomic<int>>(times);
  this->spoil([kind, left, spoil](const S3Seen& seen) {
    if (seen.is(kind) && (*left)-- > 0) return spoil;
    return Spoil{};
  });
}

std::map<std::string, std::string> FakeS3::objects() const {
  const std::lock_guard lock(mutex_);
  return objects_;
}

void FakeS3::set(const std::string& key, std::string bytes) {
  const std::lock_guard lock(mutex_);
  objects_[key] = std::move(bytes);
  etags_.erase(key);
}

void FakeS3::forget(const std::string& key) {
  const std::lock_guard lock(mutex_);
  objects_.erase(key);
  etags_.erase(key);
}

std::size_t FakeS3::open_uploads() const {
  const std::lock_guard lock(mutex_);
  return uploads_.size();
}

int FakeS3::count(std::string_view kind) const {
  const std::lock_guard lock(mutex_);
  int out = 0;
  for (const S3Seen& seen : seen_) out += seen.is(kind) ? 1 : 0;
  return out;
}

std::uint64_t FakeS3::received() const {
  const std::lock_guard lock(mutex_);
  std::uint64_t out = 0;
  for (const S3Seen& seen : seen_)
    if (seen.method == "PUT" && seen.key.ends_with(".zst"))
      out += parse_decimal<std::uint64_t>(seen.headers.at("content-length")).value_or(0);
  return out;
}

std::vector<S3Seen> FakeS3::seen() const {
  const std::lock_guard lock(mutex_);
  return seen_;
}

void FakeS3::serve(ScriptedPeer& peer) {
  while (true) {
    const std::string head = peer.read_head();
    if (!head.ends_with("\r\n\r\n")) return;
    S3Seen request = parse(head);
    Hook hook;
    {
      const std::lock_guard lock(mutex_);
      seen_.push_back(request);
      hook = hook_;
    }
    const Spoil spoil = hook ? hook(request) : Spoil{};
    if (spoil.how == Spoil::How::reset_before) return peer.reset();
    const auto length = parse_decimal<std::size_t>(request.headers["content-length"]).value_or(0);
    if (spoil.how == Spoil::How::reset_middle && length > 0) {
      peer.read_exactly(length / 2);
      return peer.reset();
    }
    request.body = peer.read_exactly(length);
    if (request.body.size() != length) return;
    if (spoil.how == Spoil::How::stall) {
      peer.wait_for_close();
      return;
    }
    if (!reply(peer, request, spoil)) return;
  }
}

bool FakeS3::reply(ScriptedPeer& peer, const S3Seen& request, const Spoil& spoil) {
  using How = Spoil::How;
  std::string text = spoil.how == How::answer ? spoil.bytes : answer(request, spoil.how == How::lie);
  const std::size_t head = text.find("\r\n\r\n") + 4;
  if (request.method == "HEAD") text.resize(head);
  if (spoil.how == How::reset_after) {
    peer.reset();
    return false;
  }
  if (spoil.how == How::reset_middle || spoil.how == How::close_middle) {
    peer.send(text.substr(0, text.size() - text.size() / 3));
    if (spoil.how == How::reset_middle) peer.reset();
    return false;
  }
  if (spoil.how == How::trickle) {
    for (const char byte : text) {
      if (!peer.send({&byte, 1})) return false;
      std::this_thread::sleep_for(std::chrono::seconds(1));
    }
    return true;
  }
  if (spoil.how == How::blanks) {
    const std::string body = text.substr(head);
    if (!peer.send(fmt::format("HTTP/1.1 200 X\r\nContent-Length: {}\r\n\r\n", body.size() + 30))) return false;
    for (int i = 0; i < 30; ++i) {
      if (!peer.send(" ")) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    return peer.send(body);
  }
  if (spoil.how == How::wrong_etag)
    if (const std::size_t at = text.find("ETag: \""); at != std::string::npos) text[at + 7] = 'x';
  if (spoil.how == How::flip && text.size() > head) text[head + (text.size() - head) / 2] ^= 1;
  return peer.send(text);
}

std::string FakeS3::get(const S3Seen& request) const {
  const auto found = objects_.find(request.key);
  if (found == objects_.end()) return s3_refusal(404, "NoSuchKey");
  const auto kept = etags_.find(request.key);
  const std::string etag = "\"" + (kept != etags_.end() ? kept->second : etag_of(found->second)) + "\"";
  const auto match = request.headers.find("if-match");
  if (match != request.headers.end() && match->second != etag) return s3_refusal(412, "PreconditionFailed");
  const auto range = request.headers.find("range");
  if (range == request.headers.end()) return response(200, found->second, "ETag: " + etag + "\r\n");
  unsigned long long from = 0, to = 0;
  if (std::sscanf(range->second.c_str(), "bytes=%llu-%llu", &from, &to) != 2) return s3_refusal(416, "InvalidRange");
  return response(206, found->second.substr(from, to - from + 1),
                  fmt::format("ETag: {}\r\nContent-Range: bytes {}-{}/{}\r\n", etag, from, to, found->second.size()));
}

std::string FakeS3::copy_answer(const S3Seen& request, Upload& upload, bool lie) {
  const std::string source = percent_decode(request.headers.at("x-amz-copy-source")).value_or("");
  const auto found = objects_.find(source.substr(source.find('/', 1) + 1));
  if (found == objects_.end()) return s3_refusal(404, "NoSuchKey");
  unsigned long long from = 0, to = 0;
  if (std::sscanf(request.headers.at("x-amz-copy-source-range").c_str(), "bytes=%llu-%llu", &from, &to) != 2 ||
      to >= found->second.size())
    return s3_refusal(400, "InvalidArgument");
  const int number = std::stoi(request.query.at("partNumber"));
  std::string body = found->second.substr(from, to - from + 1);
  if (lie) body[body.size() / 2] = static_cast<char>(body[body.size() / 2] ^ 1);
  upload.etags[number] = "\"" + etag_of(body) + "\"";
  upload.parts[number] = std::move(body);
  return response(
      200, "<CopyPartResult><ETag>" + object_store::xml_escape(upload.etags[number]) + "</ETag></CopyPartResult>");
}

std::string FakeS3::upload_answer(const S3Seen& request, bool lie) {
  const auto upload = uploads_.find(request.query.at("uploadId"));
  if (upload == uploads_.end()) return s3_refusal(404, "NoSuchUpload");
  if (request.is("abort")) {
    uploads_.erase(upload);
    return response(204, "");
  }
  if (request.is("copy")) return copy_answer(request, upload->second, lie);
  if (request.is("part")) {
    const int number = std::stoi(request.query.at("partNumber"));
    std::string body = request.body;
    upload->second.etags[number] = "\"" + etag_of(body) + "\"";
    if (lie) body[body.size() / 2] = static_cast<char>(body[body.size() / 2] ^ 1);  // other bytes, the right etag
    upload->second.parts[number] = std::move(body);
    return response(200, "", "ETag: " + upload->second.etags[number] + "\r\n");
  }
  if (request.headers.contains("if-none-match") && objects_.contains(upload->second.key))
    return s3_refusal(412, "PreconditionFailed");
  std::string whole, digests;
  int number = 0;
  for (const std::string_view part : xml_blocks(request.body, "Part")) {
    ++number;
    if (xml_text(part, "PartNumber") != std::to_string(number)) return s3_refusal(400, "InvalidPartOrder");
    if (xml_text(part, "ETag") != upload->second.etags[number]) return s3_refusal(400, "InvalidPart");
    whole += upload->second.parts[number];
    digests += from_hex(upload->second.etags[number].substr(1, 32)).value_or("");
  }
  if (number != static_cast<int>(upload->second.parts.size())) return s3_refusal(400, "InvalidPart");
  etags_[upload->second.key] = fmt::format("{}-{}", etag_of(digests), number);
  objects_[upload->second.key] = std::move(whole);
  uploads_.erase(upload);
  return response(200, "<CompleteMultipartUploadResult><ETag></ETag></CompleteMultipartUploadResult>");
}

std::string FakeS3::answer(const S3Seen& request, bool lie) {
  const std::lock_guard lock(mutex_);
  const auto hash = request.headers.find("x-amz-content-sha256");
  if (hash == request.headers.end() || hash->second != object_store::sha256_hex(request.body))
    return s3_refusal(400, "XAmzContentSHA256Mismatch");
  if (request.query.contains("uploadId")) return upload_answer(request, lie);
  if (request.is("begin")) {
    const std::string id = std::to_string(++next_upload_);
    uploads_[id].key = request.key;
    return response(200, "<R><UploadId>" + id + "</UploadId></R>");
  }
  if (request.is("uploads")) {
    std::string body = "<ListMultipartUploadsResult>";
    for (const auto& [id, upload] : uploads_)
      body += fmt::format("<Upload><Key>{}</Key><UploadId>{}</UploadId></Upload>", upload.key, id);
    return response(200, body + "</ListMultipartUploadsResult>");
  }
  if (request.method == "PUT") {
    if (request.headers.contains("if-none-match") && objects_.contains(request.key))
      return s3_refusal(412, "PreconditionFailed");
    objects_[request.key] = request.body;
    etags_[request.key] = etag_of(request.body);
    if (lie) objects_[request.key].back() ^= 1;
    return response(200, "", "ETag: \"" + etag_of(request.body) + "\"\r\n");
  }
  if (request.method == "DELETE") {
    objects_.erase(request.key);
    return response(204, "");
  }
  return get(request);
}

}  // namespace hearth::test
