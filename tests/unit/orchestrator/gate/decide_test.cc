#include "orchestrator/gate/decide.h"

#include <gtest/gtest.h>

namespace hearth::orchestrator::gate {
namespace {

using K = RequestKind;
using V = Verdict;

const Uuid kOwner = *Uuid::parse("11111111-1111-4111-8111-111111111111");
const Uuid kOther = *Uuid::parse("22222222-2222-4222-8222-222222222222");

Identity person(const Uuid& id, bool admin = false) {
  Identity identity;
  identity.user = id;
  identity.admin = admin;
  return identity;
}

Route route(Phase phase, bool up = false, bool address = true) {
  Route r;
  r.owner = kOwner;
  r.phase = phase;
  r.on_its_way_up = up;
  if (address && phase == Phase::running) r.address = *SocketAddress::parse("127.0.0.1:8080");
  return r;
}

struct Row {
  const char* name;
  Route route;
  bool limit;
  V navigation, http, websocket;
};

// SPEC section 7, every phase with and without "on its way up".
TEST(Decide, FollowsThePhaseTable) {
  const std::vector<Row> rows = {
      {"running", route(Phase::running), false, V::proxy, V::proxy, V::proxy},
      {"running, over the limit", route(Phase::running), true, V::proxy, V::proxy, V::proxy},
      {"running, no address yet", route(Phase::running, false, false), false, V::loading_page, V::hold, V::hold},
      {"standby", route(Phase::standby), false, V::wake, V::unavailable, V::unavailable},
      {"standby, over the limit", route(Phase::standby), true, V::wake, V::over_limit, V::over_limit},
      {"standby, on its way up", route(Phase::standby, true), false, V::loading_page, V::hold, V::hold},
      {"standby, on its way up, limit reached by itself", route(Phase::standby, true), true, V::loading_page, V::hold,
       V::hold},
      {"pending", route(Phase::pending), false, V::broken, V::broken, V::broken},
      {"pending, on its way up", route(Phase::pending, true), false, V::loading_page, V::hold, V::hold},
      {"archived", route(Phase::archived), false, V::broken, V::unavailable, V::unavailable},
      {"archived, being restored", route(Phase::archived, true), false, V::loading_page, V::hold, V::hold},
      {"error", route(Phase::error), false, V::broken, V::broken, V::broken},
      {"deleting", route(Phase::deleting), false, V::broken, V::broken, V::broken},
      {"deleted", route(Phase::deleted), false, V::not_found, V::not_found, V::not_found},
  };
  const Identity owner = person(kOwner);
  for (const Row& row : rows) {
    const auto verdict = [&](K kind) { return decide({&row.route, &owner, kind, false, row.limit}); };
    EXPECT_EQ(verdict(K::navigation), row.navigation) << row.name << ", navigation";
    EXPECT_EQ(verdict(K::http), row.http) << row.name << ", http";
    EXPECT_EQ(verdict(K::websocket), row.websocket) << row.name << ", websocket";
  }
}

TEST(Decide, WithAutoRestoreAnArchivedWorkspaceIsLikeASleepingOne) {
  const Identity owner = person(kOwner);
  for (const bool up : {false, true}) {
    for (const bool limit : {false, true}) {
      for (const K kind : {K::navigation, K::http, K::websocket}) {
        const Route archived = route(Phase::archived, up);
        const Route standby = route(Phase::standby, up);
        EXPECT_EQ(decide({&archived, &owner, kind, false, limit, true}),
                  decide({&standby, &owner, kind, false, limit}));
      }
    }
  }
  const Route archived = route(Phase::archived);
  EXPECT_EQ(decide({&archived, &owner, K::navigation, false, false, true}), V::wake);
}

TEST(Decide, AsksForTheSessionBeforeAnythingElse) {
  const Route running = route(Phase::running);
  for (const Route* r : {&running, static_cast<const Route*>(nullptr)}) {
    EXPECT_EQ(decide({r, nullptr, K::navigation, false, false}), V::login);
    EXPECT_EQ(decide({r, nullptr, K::http, false, false}), V::unauthorized);
    EXPECT_EQ(decide({r, nullptr, K::websocket, true, false}), V::unauthorized);
  }
}

TEST(Decide, ExistsComesBeforeOwnerAndOwnerBeforePhase) {
  for (const K kind : {K::navigation, K::http, K::websocket}) {
    const Identity other = person(kOther);
    const Identity admin = person(kOther, true);
    EXPECT_EQ(decide({nullptr, &other, kind, false, false}), V::not_found);
    for (const Phase phase : {Phase::running, Phase::standby, Phase::error, Phase::deleting}) {
      const Route r = route(phase);
      EXPECT_EQ(decide({&r, &other, kind, false, false}), V::forbidden);
      EXPECT_EQ(decide({&r, &admin, kind, false, false}), V::forbidden) << "an administrator is not the owner";
    }
  }
}

TEST(Decide, RefusesAWebSocketOfAnotherSiteWhateverThePhase) {
  const Identity owner = person(kOwner);
  for (const Phase phase : {Phase::running, Phase::standby, Phase::error}) {
    const Route r = route(phase);
    EXPECT_EQ(decide({&r, &owner, K::websocket, true, false}), V::cross_site);
  }
  const Route running = route(Phase::running);
  EXPECT_EQ(decide({&running, &owner, K::http, true, false}), V::proxy);
}

RequestKind kind(std::string_view method, std::vector<HeaderView> headers, bool websocket = false) {
  RequestView request;
  request.method = method;
  request.headers = std::move(headers);
  request.websocket = websocket;
  return kind_of(request);
}

TEST(KindOf, ANavigationIsAGetThatSaysSoOrWantsHtml) {
  EXPECT_EQ(kind("GET", {{"Sec-Fetch-Mode", "navigate"}}), K::navigation);
  EXPECT_EQ(kind("GET", {{"Accept", "text/html,*/*;q=0.8"}}), K::navigation);
  EXPECT_EQ(kind("GET", {{"Accept", "application/xml, Text/HTML;q=0.9"}}), K::navigation);
  EXPECT_EQ(kind("GET", {{"Sec-Fetch-Mode", "cors"}, {"Accept", "text/html"}}), K::http) << "Sec-Fetch-Mode decides";
  EXPECT_EQ(kind("GET", {{"Accept", "*/*"}}), K::http);
  EXPECT_EQ(kind("GET", {}), K::http);
  EXPECT_EQ(kind("POST", {{"Sec-Fetch-Mode", "navigate"}, {"Accept", "text/html"}}), K::http);
  EXPECT_EQ(kind("HEAD", {{"Sec-Fetch-Mode", "navigate"}}), K::http);
  EXPECT_EQ(kind("GET", {{"Sec-Fetch-Mode", "websocket"}}, true), K::websocket);
}

}  // namespace
}  // namespace hearth::orchestrator::gate
