// FakeS3: a small S3 server in memory whose answers a test can spoil. It checks payload hashes and part etags as a real
// server does, but no signatures: the real servers of the compatibility suite do that.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "support/scripted_server.h"

namespace hearth::test {

struct S3Seen {
  std::string method, key;  // the key without its bucket
  std::map<std::string, std::string> query, headers;
  std::string body;
  bool is(std::string_view what)
      const;  // "part", "copy" (of a part), "complete", "begin", "abort", "put", "get", "head", "uploads"
};

// What happens to one request instead of the right thing.
struct Spoil {
  enum class How {
    nothing,
    answer,        // with `bytes`, and nothing is done
    reset_before,  // the body is read
    reset_middle,  // of the body, or of the answer when there is none
    reset_after,   // it is done, and not told
    close_middle,  // of the answer, which ends as if it were whole
    stall,
    trickle,     // one byte of the answer a second
    blanks,      // for three seconds, then the answer
    lie,         // other bytes are kept than were sent
    wrong_etag,  // of what is kept
    flip         // one bit of the answer's body
  };
  How how = How::nothing;
  std::string bytes;  // of answer: the whole response
};
std::string s3_refusal(int status, const std::string& code);  // a response with an error document

class FakeS3 {
 public:
  using Hook = std::function<Spoil(const S3Seen&)>;  // may block: the request waits then
  FakeS3();

  std::string endpoint() const { return server_.url(""); }
  void spoil(Hook hook);
  // Spoils the first `times` requests of a kind.
  void spoil(std::string kind, int times, Spoil spoil);
  std::map<std::string, std::string> objects() const;
  void set(const std::string& key, std::string bytes);
  void forget(const std::string& key);
  std::size_t open_uploads() const;
  int count(std::string_view kind) const;  // requests seen
  std::uint64_t received() const;          // bytes of archives in requests, whatever became of them
  std::vector<S3Seen> seen() const;        // without bodies

 private:
  struct Upload {
    std::string key;
    std::map<int, std::string> parts, etags;
  };
  void serve(ScriptedPeer& peer);
  // Everything a spoiled answer needs; false when the conversation is over.
  bool reply(ScriptedPeer& peer, const S3Seen& request, const Spoil& spoil);
  std::string answer(const S3Seen& request, bool lie);
  std::string upload_answer(const S3Seen& request, bool lie);
  std::string copy_answer(const S3Seen& request, Upload& upload, bool lie);
  std::string get(const S3Seen& request) const;

  mutable std::mutex mutex_;
  Hook hook_;
  std::map<std::string, std::string> objects_, etags_;
  std::map<std::string, Upload> uploads_;
  std::vector<S3Seen> seen_;  // without bodies
  int next_upload_ = 0;
  ScriptedServer server_;  // last: its threads use the rest
};

}  // namespace hearth::test
