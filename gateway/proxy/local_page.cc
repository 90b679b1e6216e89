#include "proxy/local_page.h"

#include "http/serialize.h"

namespace hearth::proxy {

std::string local_page(int status, std::string_view request_id) {
  const std::string title =
      std::to_string(status) + " " + std::string(http::reason_phrase(static_cast<std::uint16_t>(status)));
  std::string page = "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>";
  page += title;
  page +=
      "</title><meta name=\"viewport\" content=\"width=device-width\"><style>:root{color-scheme:light dark}"
      "body{font:16px/1.5 system-ui,sans-serif;margin:20vh auto 0;max-width:32rem;padding:0 1rem}"
      "h1{font-size:1.4rem}small{opacity:.6}</style></head><body><h1>";
  page += title;
  page += "</h1><small>Request ";
  page += request_id;
  page += "</small></body></html>\n";
  return page;
}

}  // namespace hearth::proxy
