#include "orchestrator/web/pages.h"

#include <fmt/format.h>

#include "orchestrator/web/html.h"

namespace hearth::orchestrator {
namespace {

constexpr std::string_view kLogin = R"html(<main class="card">
{brand}
<h1>Sign in</h1>
<noscript><p class="form-error">This page needs JavaScript.</p></noscript>
<form id="login" class="form" method="post" data-next="{next}">
<div class="field"><label for="username">User name</label>
<input id="username" name="username" autocomplete="username" autocapitalize="none" spellcheck="false" required autofocus maxlength="255"></div>
<div class="field"><label for="password">Password</label>
<div class="password"><input id="password" name="password" type="password" autocomplete="current-password" required maxlength="1024">
<button id="reveal" type="button" class="button small quiet" aria-pressed="false" aria-label="Show password">Show</button></div></div>
<p id="problem" class="form-error" role="alert" hidden></p>
<button id="submit" type="submit" class="button primary wide-button">Sign in</button>
</form>
</main>
)html";

constexpr std::string_view kDashboard = R"html(<header class="top"><div class="top-inner">
{brand}
<div class="top-side">
<span id="connection" class="connection" role="status" hidden>Reconnecting…</span>
<details id="account" class="menu"><summary class="button small"><span class="menu-name">{username}</span></summary>
<div class="menu-list">
{password}<button id="shortcuts" type="button">Keyboard shortcuts</button>
<button id="sign-out" type="button">Sign out</button>
</div></details>
</div></div></header>
<main id="dashboard" class="content" data-user-id="{user_id}" data-username="{username}" data-admin="{admin}">
<div class="section-head"><div><h1>Workspaces</h1><p id="count"></p></div>
<button id="new" type="button" class="button primary" title="New workspace (n)" aria-keyshortcuts="n">{plus}New workspace</button></div>
<noscript><p class="form-error">This page needs JavaScript.</p></noscript>
<div id="search-box" class="search" hidden>{search}<input id="search" type="search" placeholder="Search by name, description, image or state"
 aria-label="Search workspaces" aria-keyshortcuts="/" autocomplete="off" spellcheck="false"></div>
<div id="skeleton" class="skeleton" role="status" aria-label="Loading workspaces"><span></span><span></span></div>
<ul id="workspaces" class="rows" aria-label="Workspaces"></ul>
<p id="no-match" class="quiet-note" hidden>No workspace matches.</p>
<div id="empty" class="empty" hidden>{ember}<h2>No workspace yet</h2>
<p>A workspace is an editor with a terminal and a home directory of its own. It sleeps when nobody uses it, and keeps its files.</p>
<button id="new-first" type="button" class="button primary">{plus}New workspace</button></div>
{users}</main>
<div id="toasts" class="toasts"></div>
<p id="announce" class="visually-hidden" role="status" aria-live="polite"></p>
)html";

constexpr std::string_view kUsers = R"html(<details id="users-section" class="fold"><summary><h2>Users</h2></summary>
<div class="fold-head"><p>Who may sign in to this Hearth.</p><button id="new-user" type="button" class="button small"></button></div>
<ul id="users" class="users" aria-label="Users"></ul></details>
)html";

}  // namespace

std::string login_page(std::string_view next) {
  const std::string body = fmt::format(fmt::runtime(kLogin), fmt::arg("brand", brand()),
                                       fmt::arg("next", escape_html(safe_next_path(next))));
  return frame({.title = "Sign in · Hearth", .script = "login.js", .body_class = "single"}, body);
}

std::string dashboard_page(const Viewer& viewer) {
  const std::string_view password =
      viewer.can_change_password ? "<button id=\"password-change\" type=\"button\">Change password</button>\n" : "";
  const std::string body = fmt::format(
      fmt::runtime(kDashboard), fmt::arg("brand", brand()), fmt::arg("username", escape_html(viewer.username)),
      fmt::arg("user_id", escape_html(viewer.id)), fmt::arg("admin", viewer.is_admin ? "true" : "false"),
      fmt::arg("password", password), fmt::arg("plus", icon("plus")), fmt::arg("search", icon("search")),
      fmt::arg("ember", icon("ember", "icon big")), fmt::arg("users", viewer.is_admin ? kUsers : std::string_view()));
  return frame({.title = "Workspaces · Hearth", .script = "dashboard.js", .body_class = "app"}, body);
}

}  // namespace hearth::orchestrator
