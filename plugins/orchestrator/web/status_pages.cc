#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "orchestrator/web/html.h"
#include "orchestrator/web/pages.h"

namespace hearth::orchestrator {
namespace {

constexpr std::string_view kLoading =
    R"html(<main id="loading" class="card" data-id="{id}" data-name="{name}" data-phase="{phase}"
 data-operation="{operation}" data-desired="{desired}">
{brand}
<div class="title-block"><h1 id="headline">Waking your workspace</h1><p class="name-line"><strong>{name}</strong></p></div>
<progress id="progress" max="3" aria-label="Progress"></progress>
<ol id="steps" class="steps" aria-label="Steps"></ol>
<div id="ending" class="form" hidden>
<p id="ending-text"></p>
<p id="ending-message" class="message" hidden></p>
<div class="card-actions">
<button id="retry" type="button" class="button primary" hidden>Try again</button>
<button id="start" type="button" class="button primary" hidden>Start it</button>
<a class="button" href="/">All workspaces</a></div></div>
<p id="elapsed" class="elapsed"><span>Opens by itself when ready</span><span id="elapsed-time" aria-hidden="true"></span></p>
<p id="connection" class="hint" hidden>Connection lost; trying again…</p>
<noscript><p>Without JavaScript this page cannot follow: reload it in a few seconds.</p></noscript>
</main>
<p id="announce" class="visually-hidden" role="status" aria-live="polite"></p>
)html";

std::string link(const PageAction& action, bool main) {
  return fmt::format(R"(<a class="button{}" href="{}">{}</a>)", main ? " primary" : "", escape_html(action.href),
                     escape_html(action.label));
}

std::string work_button(std::string_view what, std::string_view id, std::string_view label, std::string_view extra) {
  return fmt::format(R"(<button type="button" class="button {}" data-do="{}" data-id="{}">{}</button>)", extra, what,
                     escape_html(id), label);
}

// One card: what happened, why, and the way out. `content` and `actions` are HTML.
std::string card(int status, std::string_view title, std::string_view explanation, std::string_view content,
                 std::string_view actions, std::string_view script) {
  const std::string body = fmt::format(
      R"html(<main class="card" data-status="{status}">
{brand}
<div class="title-block"><h1>{title}</h1><p class="explanation">{explanation}</p></div>
{content}<p id="problem" class="form-error" role="alert" hidden></p>
<div class="card-actions">{actions}</div>
<p class="status-code">Status {status}</p>
</main>
)html",
      fmt::arg("status", status), fmt::arg("brand", brand()), fmt::arg("title", escape_html(title)),
      fmt::arg("explanation", escape_html(explanation)), fmt::arg("content", content), fmt::arg("actions", actions));
  return frame({.title = std::string(title) + " · Hearth", .script = script, .body_class = "single"}, body);
}

struct UsualWords {
  int status;
  std::string_view title;
  std::string_view explanation;
};

constexpr std::array kUsualWords = {
    UsualWords{400, "That request makes no sense", "The address or the request is malformed."},
    UsualWords{401, "Please sign in", "Your session has ended, or you have not signed in yet."},
    UsualWords{403, "This is not yours", "You are signed in, but this belongs to someone else."},
    UsualWords{404, "There is nothing here", "The address is wrong, or what was here has been deleted."},
    UsualWords{405, "That cannot be done here", "This address does not take requests of that kind."},
    UsualWords{413, "That is too large", "The request is larger than this server accepts."},
    UsualWords{429, "Too many requests", "Please wait a moment, then try again."},
    UsualWords{500, "Something went wrong", "This is a fault of the server. Its log says more."},
    UsualWords{502, "The workspace does not answer",
               "It is supposed to run, but could not be reached. It may be restarting; try again in a few seconds."},
    UsualWords{503, "Not available right now",
               "Hearth is starting, or something it needs is away. Try again in a few seconds."},
    UsualWords{504, "The workspace took too long", "It accepted the request but gave no answer in time."},
};

const UsualWords& usual_words(int status) {
  const auto same = [&](const UsualWords& words) { return words.status == status; };
  const auto found = std::find_if(kUsualWords.begin(), kUsualWords.end(), same);
  if (found != kUsualWords.end()) return *found;
  const int fallback = status < 500 ? 400 : 500;
  return *std::find_if(kUsualWords.begin(), kUsualWords.end(),
                       [&](const UsualWords& w) { return w.status == fallback; });
}

std::string quoted(const Route& route) { return fmt::format("“{}”", route.name); }

std::string failed_page(const Route& route) {
  std::string why;
  if (!route.error_reason.empty() || !route.error_message.empty()) {
    why = fmt::format("<p class=\"message\"><code class=\"reason\">{}</code> {}</p>\n", escape_html(route.error_reason),
                      escape_html(route.error_message));
  }
  const std::string actions =
      work_button("recover", route.workspace.text(), "Try again", "primary") + link({"All workspaces", "/"}, false);
  return card(502, "This workspace has a problem",
              fmt::format("{} stopped with an error and waits for you. Its files are left as they are.", quoted(route)),
              why, actions, "status.js");
}

}  // namespace

std::string loading_page(const Route& route) {
  const std::string body = fmt::format(fmt::runtime(kLoading), fmt::arg("id", route.workspace.text()),
                                       fmt::arg("name", escape_html(route.name)), fmt::arg("phase", name(route.phase)),
                                       fmt::arg("operation", name(route.operation)),
                                       fmt::arg("desired", name(route.desired)), fmt::arg("brand", brand()));
  return frame({.title = route.name + " · Hearth", .script = "loading.js", .body_class = "single"}, body);
}

std::string workspace_error_page(const Route& route) {
  const std::string id = route.workspace.text();
  const std::string home = link({"All workspaces", "/"}, false);
  switch (route.phase) {
    case Phase::error:
      return failed_page(route);
    case Phase::pending:
      return card(502, "This workspace is not set up yet",
                  fmt::format("{} has no home volume yet, and is not meant to run now.", quoted(route)), "",
                  work_button("start", id, "Start it", "primary") + home, "status.js");
    case Phase::archived:
      return card(502, "This workspace is archived",
                  fmt::format("The files of {} are in the archive. They must be restored before it can open; that can "
                              "take some minutes.",
                              quoted(route)),
                  "", work_button("start", id, "Restore and open", "primary") + home, "status.js");
    case Phase::deleting:
    case Phase::deleted:
      return card(502, "This workspace is being deleted",
                  fmt::format("{} is going away, and its files with it.", quoted(route)), "",
                  link({"All workspaces", "/"}, true), "");
    case Phase::standby:
    case Phase::running:
      break;
  }
  return error_page(502);
}

std::string limit_page(RunningLimit limit, unsigned maximum, const std::vector<RunningWorkspace>& running) {
  const std::string explanation =
      limit == RunningLimit::per_user
          ? fmt::format("You may run {} workspace{} at a time. Stop one below, and this one opens.", maximum,
                        maximum == 1 ? "" : "s")
          : fmt::format("All {} places on this server are taken. Stop one of yours, or try again later.", maximum);
  std::string list;
  for (const RunningWorkspace& each : running) {
    list += fmt::format("<li><span>{}</span>{}</li>\n", escape_html(each.name),
                        work_button("stop", each.id, "Stop", "small"));
  }
  if (!list.empty()) list = "<ul class=\"running\" aria-label=\"Running workspaces\">\n" + list + "</ul>\n";
  return card(429, "Too many workspaces are running", explanation, list,
              "<button id=\"reload\" type=\"button\" class=\"button\">Try again</button>" +
                  link({"All workspaces", "/"}, false),
              "status.js");
}

std::string error_page(int status, std::string_view title, std::string_view explanation,
                       const std::vector<PageAction>& actions) {
  std::string links;
  for (const PageAction& action : actions) links += link(action, &action == &actions.front());
  if (links.empty()) links = link({"All workspaces", "/"}, true);
  return card(status, title, explanation, "", links, "");
}

std::string error_page(int status, std::string_view return_path) {
  const UsualWords& words = usual_words(status);
  if (status == 401) {
    return error_page(status, words.title, words.explanation, {{"Sign in", login_location(return_path)}});
  }
  const bool worth_trying = status == 429 || status >= 500;
  if (!worth_trying) return error_page(status, words.title, words.explanation);
  return card(status, words.title, words.explanation, "",
              "<button id=\"reload\" type=\"button\" class=\"button primary\">Try again</button>" +
                  link({"All workspaces", "/"}, false),
              "status.js");
}

}  // namespace hearth::orchestrator
