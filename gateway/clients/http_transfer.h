// HttpTransfer: one easy handle: request out, head and body in, outcome translated. Private to this folder.
#pragma once

#include <curl/curl.h>

#include <memory>
#include <string>

#include "clients/http.h"

namespace hearth {

class HttpTransfer {
 public:
  // `chunk` empty: the body is collected.
  HttpTransfer(HttpRequest request, HttpClient::Chunk chunk, HttpClient::Done done);
  HttpTransfer(const HttpTransfer&) = delete;
  HttpTransfer& operator=(const HttpTransfer&) = delete;

  CURL* easy() const { return easy_.get(); }
  // No callback from here on; the transfer ends at its next byte.
  void silence();
  bool silenced() const { return silenced_; }
  // Calls `done`, which may destroy the client: the caller must not rely on anything afterwards.
  void finish(CURLcode outcome);

 private:
  void set_method();
  void set_headers();
  void take_header(std::string_view line);
  bool take_body(std::string_view bytes);
  bool within_limit(std::size_t more);
  Error error(CURLcode outcome) const;

  struct FreeEasy {
    void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
  };
  struct FreeList {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  };

  HttpRequest request_;
  HttpClient::Chunk chunk_;
  HttpClient::Done done_;
  HttpResponse response_;
  std::size_t received_ = 0;
  bool streaming_;
  bool silenced_ = false;
  bool too_long_ = false;
  char detail_[CURL_ERROR_SIZE] = {};
  std::unique_ptr<curl_slist, FreeList> headers_;  // outlives easy_
  std::unique_ptr<CURL, FreeEasy> easy_;
};

}  // namespace hearth
