#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <string>
#include <vector>

#include "orchestrator/web/pages.h"

namespace hearth::orchestrator {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kEvil = R"(<script>alert("x")</script>'&)";
constexpr std::string_view kEvilEscaped = "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&#39;&amp;";

Route a_route(Phase phase) {
  Route route;
  route.workspace = *Uuid::parse("11111111-2222-4333-8444-555555555555");
  route.name = kEvil;
  route.phase = phase;
  return route;
}

std::vector<std::string> every_page() {
  Route failed = a_route(Phase::error);
  failed.error_reason = kEvil;
  failed.error_message = kEvil;
  return {
      login_page(kEvil),
      login_page("/w/\"><script>"),
      dashboard_page(
          {.id = std::string(kEvil), .username = std::string(kEvil), .is_admin = true, .can_change_password = true}),
      loading_page(a_route(Phase::standby)),
      workspace_error_page(failed),
      workspace_error_page(a_route(Phase::pending)),
      workspace_error_page(a_route(Phase::archived)),
      workspace_error_page(a_route(Phase::deleting)),
      workspace_error_page(a_route(Phase::running)),
      limit_page(RunningLimit::per_user, 3, {{std::string(kEvil), std::string(kEvil), Phase::running}}),
      error_page(418, kEvil, kEvil, {{std::string(kEvil), std::string(kEvil)}}),
      error_page(401, kEvil),
      error_page(503)};
}

TEST(Pages, EscapeEverythingThatComesFromOutside) {
  for (const std::string& page : every_page()) {
    EXPECT_THAT(page, Not(HasSubstr("<script>"))) << page;
    EXPECT_THAT(page, Not(HasSubstr("alert(\"x\")"))) << page;
  }
}

// kContentSecurityPolicy forbids inline script and style: such a page would be broken, or the policy useless.
TEST(Pages, HoldNothingThatThePolicyForbids) {
  const std::regex forbidden(R"(<script(?![^>]*\ssrc=)|<style|\sstyle=|\son[a-z]+=|javascript:|https?://)");
  for (const std::string& page : every_page()) EXPECT_FALSE(std::regex_search(page, forbidden)) << page;
}

TEST(Pages, ReferOnlyToAssetsThatExist) {
  const std::regex reference(R"((?:src|href)="(/assets/[^"#]+))");
  for (const std::string& page : every_page()) {
    int count = 0;
    for (std::sregex_iterator it(page.begin(), page.end(), reference), end; it != end; ++it, ++count) {
      EXPECT_NE(find_asset((*it)[1].str()), nullptr) << (*it)[1];
    }
    EXPECT_GE(count, 2);
  }
}

TEST(Pages, ReferOnlyToIconsThatExist) {
  const std::string_view sprite = find_asset("/assets/icons.svg")->body;
  const std::regex reference(R"re(icons\.svg#([a-z]+)")re");
  for (const std::string& page : every_page()) {
    for (std::sregex_iterator it(page.begin(), page.end(), reference), end; it != end; ++it) {
      EXPECT_NE(sprite.find("<symbol id=\"" + (*it)[1].str() + "\""), std::string_view::npos) << (*it)[1];
    }
  }
}

TEST(Pages, SayWhatTheyAreToBrowsers) {
  for (const std::string& page : every_page()) {
    EXPECT_TRUE(page.starts_with("<!doctype html>\n<html lang=\"en\">"));
    EXPECT_THAT(page, HasSubstr("<meta name=\"viewport\""));
    EXPECT_THAT(page, HasSubstr("<main"));
    EXPECT_THAT(page, HasSubstr("<h1"));
    EXPECT_TRUE(page.ends_with("</html>\n"));
  }
}

TEST(LoginPage, KeepsTheWayBack) {
  EXPECT_THAT(login_page("/w/a/?folder=x&y=1"), HasSubstr("data-next=\"/w/a/?folder=x&amp;y=1\""));
  EXPECT_THAT(login_page("//evil.example/"), HasSubstr("data-next=\"/\""));
}

TEST(DashboardPage, ShowsUsersToAdministratorsOnly) {
  EXPECT_THAT(dashboard_page({"u", "ann", true, false}), HasSubstr("users-section"));
  EXPECT_THAT(dashboard_page({"u", "ann", false, false}), Not(HasSubstr("users-section")));
  EXPECT_THAT(dashboard_page({"u", "ann", false, false}), HasSubstr("data-admin=\"false\""));
}

TEST(DashboardPage, OffersThePasswordOnlyWhereTheApiDoes) {
  EXPECT_THAT(dashboard_page({"u", "ann", false, true}), HasSubstr("password-change"));
  EXPECT_THAT(dashboard_page({"u", "ann", false, false}), Not(HasSubstr("password-change")));
}

TEST(LoadingPage, TellsItsScriptWhereThingsStand) {
  Route route = a_route(Phase::standby);
  route.operation = Operation::starting;
  route.desired = DesiredState::running;
  const std::string page = loading_page(route);
  EXPECT_THAT(page, HasSubstr("data-id=\"11111111-2222-4333-8444-555555555555\""));
  EXPECT_THAT(page, HasSubstr("data-phase=\"STANDBY\""));
  EXPECT_THAT(page, HasSubstr("data-operation=\"STARTING\""));
  EXPECT_THAT(page, HasSubstr("data-desired=\"RUNNING\""));
  EXPECT_THAT(page, HasSubstr(std::string(kEvilEscaped)));
}

TEST(WorkspaceErrorPage, SaysWhyAndOffersTheWayOut) {
  Route failed = a_route(Phase::error);
  failed.error_reason = "CrashLoop";
  failed.error_message = "exit code 137";
  const std::string page = workspace_error_page(failed);
  EXPECT_THAT(page, HasSubstr("CrashLoop"));
  EXPECT_THAT(page, HasSubstr("exit code 137"));
  EXPECT_THAT(page, HasSubstr("data-do=\"recover\" data-id=\"11111111-2222-4333-8444-555555555555\""));
  EXPECT_THAT(workspace_error_page(a_route(Phase::archived)), HasSubstr("data-do=\"start\""));
  EXPECT_THAT(workspace_error_page(a_route(Phase::pending)), HasSubstr("data-do=\"start\""));
  EXPECT_THAT(workspace_error_page(a_route(Phase::deleting)), Not(HasSubstr("data-do")));
}

TEST(LimitPage, ListsWhatRunsWithAStopButtonEach) {
  const std::string page =
      limit_page(RunningLimit::per_user, 2, {{"id-1", "one", Phase::running}, {"id-2", "two", Phase::running}});
  EXPECT_THAT(page, HasSubstr("You may run 2 workspaces"));
  EXPECT_THAT(page, HasSubstr("data-do=\"stop\" data-id=\"id-1\""));
  EXPECT_THAT(page, HasSubstr("data-do=\"stop\" data-id=\"id-2\""));
  EXPECT_THAT(limit_page(RunningLimit::total, 100, {}), Not(HasSubstr("data-do")));
  EXPECT_THAT(limit_page(RunningLimit::per_user, 1, {}), HasSubstr("You may run 1 workspace at"));
}

TEST(ErrorPage, HasTheUsualWords) {
  EXPECT_THAT(error_page(404), HasSubstr("There is nothing here"));
  EXPECT_THAT(error_page(401, "/w/a/?b=1"), HasSubstr("href=\"/login?next=%2Fw%2Fa%2F%3Fb%3D1\""));
  EXPECT_THAT(error_page(503), HasSubstr("id=\"reload\""));
  EXPECT_THAT(error_page(403), Not(HasSubstr("id=\"reload\"")));
  EXPECT_THAT(error_page(418), HasSubstr("Status 418"));
  EXPECT_THAT(error_page(507), HasSubstr("Status 507"));
}

TEST(ErrorPage, TakesItsOwnWordsAndLinks) {
  const std::string page = error_page(409, "Busy", "Later", {{"Back", "/there?a=1&b=2"}, {"Home", "/"}});
  EXPECT_THAT(page, HasSubstr("<a class=\"button primary\" href=\"/there?a=1&amp;b=2\">Back</a>"));
  EXPECT_THAT(page, HasSubstr("<a class=\"button\" href=\"/\">Home</a>"));
}

TEST(EscapeHtml, CoversMarkupAndBrokenBytes) {
  EXPECT_EQ(escape_html(kEvil), kEvilEscaped);
  EXPECT_EQ(escape_html("gr\xC3\xBC\xC3\x9F \xF0\x9F\x94\xA5"), "gr\xC3\xBC\xC3\x9F \xF0\x9F\x94\xA5");
  EXPECT_EQ(escape_html("a\xC3"), "a\xEF\xBF\xBD");
  EXPECT_EQ(escape_html("\xC0\xAF"), "\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(escape_html("\xED\xA0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(escape_html(std::string_view("a\0b", 3)),
            "a\xEF\xBF\xBD"
            "b");
}

TEST(SafeNextPath, KeepsPathsOfThisSite) {
  for (const char* next : {"/", "/w/11111111-2222-4333-8444-555555555555/", "/w/a/?folder=/home/coder&x=1#top",
                           "/loginx", "/apis", "/w/a/?next=//other"}) {
    EXPECT_EQ(safe_next_path(next), next);
  }
}

TEST(SafeNextPath, TurnsEverythingElseIntoTheDashboard) {
  for (const char* next : {"", "//evil.example", "/\\evil.example", "https://evil.example/", "javascript:alert(1)",
                           "w/a", "/a\r\nSet-Cookie: x=1", "/a b", "/\t/evil.example", "/login", "/login?next=/",
                           "/login/x", "/api/v1/logout", "/api"}) {
    EXPECT_EQ(safe_next_path(next), "/") << next;
  }
  EXPECT_EQ(safe_next_path("/" + std::string(5000, 'a')), "/");
}

TEST(LoginLocation, EncodesTheWayBack) {
  EXPECT_EQ(login_location("/"), "/login");
  EXPECT_EQ(login_location("/w/a/?b=c"), "/login?next=%2Fw%2Fa%2F%3Fb%3Dc");
  EXPECT_EQ(login_location("//evil"), "/login");
}

TEST(PageHeaders, ForbidInlineScriptFramingAndStoring) {
  std::string all;
  for (const auto& [key, value] : page_headers()) all += key + ": " + value + "\n";
  EXPECT_THAT(all, HasSubstr("default-src 'self'"));
  EXPECT_THAT(all, HasSubstr("frame-ancestors 'none'"));
  EXPECT_THAT(all, Not(HasSubstr("unsafe-inline")));
  EXPECT_THAT(all, HasSubstr("Cache-Control: no-store"));
}

}  // namespace
}  // namespace hearth::orchestrator
