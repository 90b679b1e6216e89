#include "object_store/s3_protocol.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/strings.h"

namespace hearth::object_store {
namespace {

struct Meaning {
  std::string_view code;
  ErrorCode error;
  bool retryable;
};

// By the code in the body, which is more exact than the status.
constexpr std::array kMeanings = {
    Meaning{"SlowDown", ErrorCode::unavailable, true},
    Meaning{"ServiceUnavailable", ErrorCode::unavailable, true},
    Meaning{"InternalError", ErrorCode::unavailable, true},
    Meaning{"RequestTimeout", ErrorCode::timeout, true},
    Meaning{"OperationAborted", ErrorCode::conflict, true},
    Meaning{"ConditionalRequestConflict", ErrorCode::conflict, true},
    Meaning{"BadDigest", ErrorCode::corrupt, true},  // damaged on the way: send again
    Meaning{"XAmzContentSHA256Mismatch", ErrorCode::corrupt, true},
    Meaning{"IncompleteBody", ErrorCode::unavailable, true},
    Meaning{"NoSuchBucket", ErrorCode::unavailable, false},  // a wrong setting, not a lost archive
    Meaning{"NoSuchKey", ErrorCode::not_found, false},
    Meaning{"NoSuchUpload", ErrorCode::not_found, false},
    Meaning{"PreconditionFailed", ErrorCode::already_exists, false},
    Meaning{"QuotaExceeded", ErrorCode::limit, false},
    Meaning{"EntityTooLarge", ErrorCode::limit, false},
    Meaning{"XMinioStorageFull", ErrorCode::limit, false},
};

Error by_status(long status) {
  const auto error = [](ErrorCode code, bool retryable) { return Error{code, ErrorSource::storage, retryable, 0, {}}; };
  if (status == 401 || status == 403) return error(ErrorCode::permission_denied, false);
  if (status == 404) return error(ErrorCode::not_found, false);
  if (status == 412) return error(ErrorCode::already_exists, false);
  if (status == 408 || status == 504) return error(ErrorCode::timeout, true);
  if (status == 409) return error(ErrorCode::conflict, true);
  if (status == 429) return error(ErrorCode::unavailable, true);
  if (status == 507) return error(ErrorCode::limit, false);
  if (status == 501) return error(ErrorCode::invalid_argument, false);
  if (status >= 500) return error(ErrorCode::unavailable, true);
  return error(ErrorCode::protocol, false);
}

Error with_code(Error error, std::string_view body, std::string_view what, long status) {
  const std::string code = xml_text(body, "Code").value_or("");
  for (const Meaning& meaning : kMeanings)
    if (meaning.code == code) {
      error.code = meaning.error;
      error.retryable = meaning.retryable;
    }
  const std::string text = xml_text(body, "Message").value_or("");
  error.message = fmt::format("{}: object storage answered {}{}{}{}{}", what, status, code.empty() ? "" : " ", code,
                              text.empty() ? "" : ": ", text);
  return error;
}

std::string xml_unescape(std::string_view text) {
  constexpr std::pair<std::string_view, char> kEntities[] = {
      {"&amp;", '&'},  {"&lt;", '<'},   {"&gt;", '>'},   {"&quot;", '"'}, {"&apos;", '\''}, {"&#34;", '"'},
      {"&#39;", '\''}, {"&#13;", '\r'}, {"&#10;", '\n'}, {"&#xD;", '\r'}, {"&#xA;", '\n'}};
  std::string out;
  while (!text.empty()) {
    const auto* entity = std::find_if(std::begin(kEntities), std::end(kEntities), [&](const auto& known) {
      return text.substr(0, known.first.size()) == known.first;
    });
    out.push_back(entity != std::end(kEntities) ? entity->second : text.front());
    text.remove_prefix(entity != std::end(kEntities) ? entity->first.size() : 1);
  }
  return out;
}

}  // namespace

std::vector<std::string_view> xml_blocks(std::string_view xml, std::string_view tag) {
  std::vector<std::string_view> out;
  const std::string open = fmt::format("<{}", tag);
  const std::string close = fmt::format("</{}>", tag);
  std::size_t at = 0;
  while ((at = xml.find(open, at)) != std::string_view::npos) {
    const char after = at + open.size() < xml.size() ? xml[at + open.size()] : '\0';
    const std::size_t begin = xml.find('>', at);
    at += open.size();
    if (begin == std::string_view::npos || (after != '>' && after != ' ')) continue;
    const std::size_t end = xml.find(close, begin);
    if (end == std::string_view::npos) break;
    out.push_back(xml.substr(begin + 1, end - begin - 1));
    at = end + close.size();
  }
  return out;
}

std::optional<std::string> xml_text(std::string_view xml, std::string_view tag) {
  const auto blocks = xml_blocks(xml, tag);
  if (blocks.empty()) return std::nullopt;
  return xml_unescape(blocks.front());
}

std::string xml_escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '"')
      out += "&quot;";
    else
      out.push_back(c);
  }
  return out;
}

Error s3_error(const HttpReply& reply, std::string_view what) {
  return with_code(by_status(reply.status), reply.body, what, reply.status);
}

Error s3_error_inside(std::string_view body, std::string_view what) {
  return with_code(by_status(500), body, what, 200);
}

}  // namespace hearth::object_store
