// Pages and assets: what a person sees. Pure functions from values to HTML; no I/O, no state, any thread.
//
// Every text that comes from outside is escaped here. Pages hold no inline script and no inline style, so they live
// under kContentSecurityPolicy; what their scripts need travels in data-* attributes.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "orchestrator/routes.h"

namespace hearth::orchestrator {

inline constexpr std::string_view kContentSecurityPolicy =
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

using PageHeaders = std::vector<std::pair<std::string, std::string>>;

// A file of the pages, embedded at build time. Lives as long as the module.
struct Asset {
  std::string_view path;  // "/assets/app.css"
  std::string_view content_type;
  std::string_view body;
  std::string_view etag;  // strong, quoted (RFC 9110 8.8.3)
};

// Finds an asset by request path: "/assets/<file>", "/assets/<version>/<file>" (what pages refer to) or
// "/favicon.ico". Any version finds the current file, so a page loaded before an upgrade keeps working. Null: none.
const Asset* find_asset(std::string_view path);

// The version in the paths that pages use: changes when any asset does.
std::string_view asset_version();

// Headers of an answer with an asset (200, or 304 when If-None-Match names asset.etag). Cacheable for ever when `path`
// carries the current version, else to be revalidated each time.
PageHeaders asset_headers(const Asset& asset, std::string_view path);

// Headers of an answer with any page below: type, policy, Cache-Control: no-store (a page states what is now).
PageHeaders page_headers();

// Who looks at the dashboard.
struct Viewer {
  std::string id;
  std::string username;
  bool is_admin = false;
  bool can_change_password = false;  // PATCH /api/v1/users/{own id} {password} is allowed
};

// A link on an error page.
struct PageAction {
  std::string label;
  std::string href;
};

// A row of the limit page; each gets a button that sets desired_state STANDBY.
struct RunningWorkspace {
  std::string id;
  std::string name;
  Phase phase = Phase::running;
};

enum class RunningLimit { per_user, total };

// `next` must already be percent-decoded; it goes through safe_next_path().
std::string login_page(std::string_view next);
std::string dashboard_page(const Viewer& viewer);

// 202 at /w/<id>/ while the workspace wakes. Follows live and reloads its own address, so path and query are kept.
std::string loading_page(const Route& route);

// 502 at /w/<id>/ for PENDING, ERROR, DELETING and ARCHIVED: says why, and offers the way out there is.
std::string workspace_error_page(const Route& route);

// 429 at /w/<id>/. `running` are the viewer's own; with RunningLimit::total it may be empty.
std::string limit_page(RunningLimit limit, unsigned maximum, const std::vector<RunningWorkspace>& running);

// The first action is the main one. No action: a link to the dashboard.
std::string error_page(int status, std::string_view title, std::string_view explanation,
                       const std::vector<PageAction>& actions = {});
// The same with the usual words for 400, 401, 403, 404, 405, 413, 429, 500, 502, 503, 504. `return_path` (path and
// query) makes the link to the login page of a 401.
std::string error_page(int status, std::string_view return_path = "/");

// A path on this site to go to after login: starts with one "/", no backslash, no control bytes, not the login page
// and not the API; anything else becomes "/". The result is not escaped for HTML.
std::string safe_next_path(std::string_view next);
// Location of the redirect to the login page that comes back to `path_and_query`: "/login?next=%2Fw%2F…".
std::string login_location(std::string_view path_and_query);

// For element content and for quoted attribute values. Bytes that are no valid UTF-8 become U+FFFD.
std::string escape_html(std::string_view text);

}  // namespace hearth::orchestrator
