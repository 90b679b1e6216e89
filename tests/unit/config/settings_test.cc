// What a right configuration becomes.
#include "config/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "unit/config/load_text.h"

namespace hearth::config {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ConfigSettings : public ConfigTest {};

TEST_F(ConfigSettings, Defaults) {
  const auto settings = settings_of(in_location(""));
  ASSERT_NE(settings, nullptr);
  EXPECT_EQ(settings->prefix, directory_.path());
  EXPECT_EQ(settings->file, directory_.path() + "/c.conf");
  EXPECT_EQ(settings->pid_file, directory_.path() + "/logs/hearth.pid");
  EXPECT_EQ(settings->worker_threads, 1u);
  EXPECT_EQ(settings->error_log.target, "stderr");
  const LocationSettings& location = settings->http.servers[0].locations[0];
  EXPECT_EQ(location.root, directory_.path() + "/html");
  EXPECT_EQ(location.access_log.path, directory_.path() + "/logs/access.log");
  EXPECT_EQ(location.types->at("html"), "text/html");
  EXPECT_THAT(location.index, ElementsAre("index.html"));
  EXPECT_EQ(location.where.file, directory_.path() + "/c.conf");
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(ConfigSettings, Main) {
  const auto settings = settings_of(
      "worker_processes 3; worker_rlimit_nofile 4096; worker_shutdown_timeout 1m; pid /run/h.pid; daemon on;"
      "master_process off; error_log e.log debug; events { worker_connections 77; multi_accept on; accept_mutex off; "
      "use epoll; } http { server_tokens off; sendfile on; tcp_nopush off; types_hash_max_size 4096; server { } }");
  ASSERT_NE(settings, nullptr);
  EXPECT_EQ(settings->worker_threads, 3u);
  EXPECT_EQ(settings->worker_rlimit_nofile, 4096u);
  EXPECT_EQ(settings->worker_shutdown_timeout, Milliseconds(60000));
  EXPECT_EQ(settings->pid_file, "/run/h.pid");
  EXPECT_TRUE(settings->daemon);
  EXPECT_FALSE(settings->master_process);
  EXPECT_EQ(settings->error_log.target, directory_.path() + "/e.log");
  EXPECT_EQ(settings->error_log.level, LogLevel::debug);
  EXPECT_EQ(settings->worker_connections, 77u);
  EXPECT_FALSE(settings->http.server_tokens);
  ASSERT_EQ(settings->http.servers.size(), 1u);
  EXPECT_EQ(settings->http.servers[0].listens[0].address.text(), ::geteuid() == 0 ? "0.0.0.0:80" : "0.0.0.0:8000");
  EXPECT_GE(settings_of("worker_threads auto; http { server { } }")->worker_threads, 1u);
}

TEST_F(ConfigSettings, ListensAndNames) {
  const auto settings = settings_of(
      "http { server { listen 8001; listen 127.0.0.1:8002 backlog=7 reuseport; listen [::1]:8003; "
      "listen unix:/tmp/h.sock; server_name Example.COM .a.b *.c.d example.com \"\"; }"
      "server { listen 127.0.0.1:8002 default_server; listen *:8001; } }");
  ASSERT_NE(settings, nullptr);
  const ServerSettings& first = settings->http.servers[0];
  const ServerSettings& second = settings->http.servers[1];
  std::vector<std::string> addresses;
  for (const ListenSettings& listen : first.listens) addresses.push_back(listen.address.text());
  EXPECT_THAT(addresses, ElementsAre("0.0.0.0:8001", "127.0.0.1:8002", "[::1]:8003", "unix:/tmp/h.sock"));
  EXPECT_THAT(first.names, ElementsAre("example.com", "a.b", "*.a.b", "*.c.d", ""));
  // The first server of an address is its default unless another says so; socket options hold for the address.
  EXPECT_TRUE(first.listens[0].default_server);
  EXPECT_FALSE(first.listens[1].default_server);
  EXPECT_TRUE(second.listens[0].default_server);
  EXPECT_FALSE(second.listens[1].default_server);
  EXPECT_EQ(second.listens[0].backlog, 7);
  EXPECT_EQ(first.listens[0].backlog, 511);
}

TEST_F(ConfigSettings, InheritsAsNginxDoes) {
  const auto settings = settings_of(
      "http { client_max_body_size 2m; send_timeout 5s; access_log a.log json; proxy_set_header A 1; "
      "proxy_set_header B 2; add_header X y always; error_page 404 =200 /h.html; deny 10.0.0.0/8; index a b; "
      "large_client_header_buffers 2 4k; client_header_timeout 7s; types { text/x a; }"
      "server { client_max_body_size 3m; proxy_set_header C 3; client_header_timeout 8s;"
      "  location /a { }"
      "  location /b { client_max_body_size 0; proxy_set_header D 4; add_header Z z; access_log off; index c; "
      "     allow all; error_page 500 502 /e; types { text/y b; } root r; } } }");
  ASSERT_NE(settings, nullptr);
  const ServerSettings& server = settings->http.servers[0];
  EXPECT_EQ(server.client_header_timeout, Milliseconds(8000));
  EXPECT_EQ(server.client_header_line_max_size, 4096u);
  EXPECT_EQ(server.client_header_max_size, 8192u);
  const LocationSettings& a = server.locations[0];
  EXPECT_EQ(a.client_max_body_size, 3u << 20);
  EXPECT_EQ(a.send_timeout, Milliseconds(5000));
  EXPECT_TRUE(a.access_log.on);
  EXPECT_EQ(a.access_log.path, directory_.path() + "/a.log");
  EXPECT_EQ(a.access_log.format, AccessLogFormat::json);
  ASSERT_EQ(a.proxy_set_headers.size(), 1u);
  EXPECT_EQ(a.proxy_set_headers[0].name, "C");
  ASSERT_EQ(a.add_headers.size(), 1u);
  EXPECT_TRUE(a.add_headers[0].always);
  ASSERT_EQ(a.error_pages.size(), 1u);
  EXPECT_EQ(a.error_pages[0].status, 404);
  EXPECT_EQ(a.error_pages[0].new_status, 200);
  ASSERT_EQ(a.access_rules.size(), 1u);
  EXPECT_FALSE(a.access_rules[0].allow);
  EXPECT_EQ(a.access_rules[0].network.prefix_bits, 8u);
  EXPECT_EQ(a.access_rules[0].network.address.ip(), "10.0.0.0");
  EXPECT_THAT(a.index, ElementsAre("a", "b"));
  EXPECT_EQ(a.types->size(), 1u);
  EXPECT_EQ(a.types->at("a"), "text/x");
  // The fallback holds the server's own values.
  EXPECT_EQ(server.fallback.client_max_body_size, 3u << 20);
  EXPECT_EQ(server.fallback.proxy_set_headers.size(), 1u);
  EXPECT_THAT(server.fallback.path, IsEmpty());

  const LocationSettings& b = server.locations[1];
  EXPECT_EQ(b.client_max_body_size, 0u);
  ASSERT_EQ(b.proxy_set_headers.size(), 1u);
  EXPECT_EQ(b.proxy_set_headers[0].name, "D");
  ASSERT_EQ(b.add_headers.size(), 1u);
  EXPECT_EQ(b.add_headers[0].name, "Z");
  EXPECT_FALSE(b.add_headers[0].always);
  EXPECT_FALSE(b.access_log.on);
  EXPECT_THAT(b.index, ElementsAre("c"));
  ASSERT_EQ(b.access_rules.size(), 1u);
  EXPECT_EQ(b.access_rules[0].network.kind, Network::Kind::all);
  ASSERT_EQ(b.error_pages.size(), 2u);
  EXPECT_EQ(b.error_pages[1].status, 502);
  EXPECT_EQ(b.types->count("a"), 0u);
  EXPECT_EQ(b.types->at("b"), "text/y");
  EXPECT_EQ(b.root, directory_.path() + "/r");
}

TEST_F(ConfigSettings, Locations) {
  const auto settings =
      settings_of(in_server("location /a { } location = /a { } location ^~ /b/ { } location =/c { } "
                            "location /d { alias /srv/d; }"));
  ASSERT_NE(settings, nullptr);
  const auto& locations = settings->http.servers[0].locations;
  ASSERT_EQ(locations.size(), 5u);
  EXPECT_EQ(locations[0].match, LocationSettings::Match::prefix);
  EXPECT_EQ(locations[1].match, LocationSettings::Match::exact);
  EXPECT_EQ(locations[2].match, LocationSettings::Match::prefix_final);
  EXPECT_EQ(locations[3].match, LocationSettings::Match::exact);
  EXPECT_EQ(locations[3].path, "/c");
  EXPECT_EQ(locations[4].alias, "/srv/d");
}

TEST_F(ConfigSettings, Rewrites) {
  using Then = RewriteSettings::Then;
  const auto settings =
      settings_of(in_server("rewrite a /b?; return 403;\nrewrite c /d; location /x {"
                            "rewrite a /b?x=1 last; rewrite a /b break; rewrite a /b redirect;"
                            "rewrite a https://h permanent; rewrite a $scheme://h; try_files $uri @y; }"
                            "location ~ x { } location ~* x { } location @y { }"));
  ASSERT_NE(settings, nullptr);
  const ServerSettings& server = settings->http.servers[0];
  ASSERT_EQ(server.fallback.rewrites.size(), 1u);
  EXPECT_FALSE(server.fallback.rewrites[0].keeps_args);
  EXPECT_FALSE(server.fallback.rewrites[0].has_args);
  EXPECT_FALSE(server.fallback.returns);
  ASSERT_TRUE(server.returning);
  EXPECT_EQ(server.returning->returns->status, 403);
  EXPECT_THAT(warnings_, ElementsAre("P/c.conf:2: this \"rewrite\" is never reached: \"return\" before it answers"));
  ASSERT_EQ(server.locations.size(), 4u);
  const auto& rewrites = server.locations[0].rewrites;
  ASSERT_EQ(rewrites.size(), 5u);
  EXPECT_EQ(rewrites[0].then, Then::last);
  EXPECT_EQ(rewrites[0].path, "/b");
  EXPECT_EQ(rewrites[0].args, "x=1");
  EXPECT_TRUE(rewrites[0].keeps_args);
  EXPECT_EQ(rewrites[1].then, Then::stop);
  EXPECT_EQ(rewrites[2].then, Then::redirect);
  EXPECT_EQ(rewrites[3].then, Then::permanent);
  EXPECT_EQ(rewrites[4].then, Then::redirect);
  EXPECT_EQ(server.locations[0].try_files->uri, "@y");
  EXPECT_EQ(server.locations[1].match, LocationSettings::Match::regex);
  EXPECT_EQ(server.locations[2].match, LocationSettings::Match::regex_no_case);
  EXPECT_EQ(server.locations[3].match, LocationSettings::Match::named);
}

TEST_F(ConfigSettings, MapsAndCompression) {
  using Kind = MapSettings::Row::Kind;
  const auto settings = settings_of(
      "http { map $host $x { hostnames; volatile; default d; A 1; \\hostnames 2; ~b 3; ~*c 4; \"\" 5; }"
      "gzip on; gzip_types Text/CSS a/b; zstd_comp_level 5; server { listen 127.0.0.1:8080; gzip off;"
      "location / { gzip_types c/d; gzip_static always; zstd on; zstd_min_length 1k; } } }");
  ASSERT_NE(settings, nullptr);
  const MapSettings& map = settings->http.maps.at(0);
  EXPECT_TRUE(map.hostnames);
  EXPECT_EQ(map.fallback, "d");
  ASSERT_EQ(map.rows.size(), 5u);
  EXPECT_EQ(map.rows[0].key, "a");
  EXPECT_EQ(map.rows[1].key, "hostnames");
  EXPECT_EQ(map.rows[2].kind, Kind::regex);
  EXPECT_EQ(map.rows[3].kind, Kind::regex_no_case);
  EXPECT_EQ(map.rows[3].key, "c");
  EXPECT_EQ(map.rows[4].key, "");
  const ServerSettings& server = settings->http.servers[0];
  EXPECT_FALSE(server.fallback.gzip.on);
  EXPECT_THAT(server.fallback.gzip_types, ElementsAre("text/css", "a/b"));
  EXPECT_THAT(server.locations[0].gzip_types, ElementsAre("c/d"));
  EXPECT_EQ(server.locations[0].gzip_static, Precompressed::always);
  EXPECT_TRUE(server.locations[0].zstd.on);
  EXPECT_EQ(server.locations[0].zstd.level, 5u);
  EXPECT_EQ(server.locations[0].zstd.min_length, 1024u);
}

TEST_F(ConfigSettings, Returns) {
  EXPECT_EQ(location_of("return 204;")->returns->status, 204);
  const LocationSettings* text = location_of("return 200 \"hello $host\";");
  EXPECT_EQ(text->returns->text, "hello $host");
  const LocationSettings* url = location_of("return https://a.example/;");
  EXPECT_EQ(url->returns->status, 302);
  EXPECT_EQ(url->returns->text, "https://a.example/");
  // A server's return answers everything.
  const auto settings = settings_of(in_server("return 301 https://$host$request_uri; location /a { }"));
  ASSERT_NE(settings, nullptr);
  EXPECT_EQ(settings->http.servers[0].fallback.returns->status, 301);
  EXPECT_THAT(settings->http.servers[0].locations, IsEmpty());
  EXPECT_THAT(warnings_, ElementsAre("P/c.conf:1: the locations of this server are never reached: its \"return\" "
                                     "answers every request"));
}

TEST_F(ConfigSettings, ProxyPassToAnUpstreamDefinedLater) {
  const auto settings = settings_of(
      "http { server { location /a { proxy_pass http://App/x/; } location /b { proxy_pass http://app; } }"
      "upstream app { server 127.0.0.1:9000 weight=3 max_fails=0 fail_timeout=2s; server [::1]:9001 backup; "
      "server unix:/tmp/s down; keepalive 9; keepalive_timeout 3s; keepalive_requests 5; } }");
  ASSERT_NE(settings, nullptr);
  const auto& locations = settings->http.servers[0].locations;
  ASSERT_EQ(settings->http.upstreams.size(), 1u);
  const UpstreamSettings& app = *settings->http.upstreams[0];
  EXPECT_EQ(locations[0].proxy_pass->upstream.get(), &app);
  EXPECT_EQ(locations[1].proxy_pass->upstream.get(), &app);
  EXPECT_EQ(locations[0].proxy_pass->uri, "/x/");
  EXPECT_EQ(locations[1].proxy_pass->uri, std::nullopt);
  EXPECT_EQ(locations[1].proxy_pass->host, "app");
  ASSERT_EQ(app.servers.size(), 3u);
  EXPECT_EQ(app.servers[0].address.text(), "127.0.0.1:9000");
  EXPECT_EQ(app.servers[0].weight, 3u);
  EXPECT_EQ(app.servers[0].max_fails, 0u);
  EXPECT_EQ(app.servers[0].fail_timeout, Milliseconds(2000));
  EXPECT_TRUE(app.servers[1].backup);
  EXPECT_TRUE(app.servers[2].down);
  EXPECT_EQ(app.keepalive, 9u);
  EXPECT_EQ(app.keepalive_timeout, Milliseconds(3000));
  EXPECT_EQ(app.keepalive_requests, 5u);
}

TEST_F(ConfigSettings, ProxyPassToAnAddress) {
  const auto settings = settings_of(in_server(
      "location /a { proxy_pass http://127.0.0.1:9000/x?y=1; } location /b { proxy_pass http://127.0.0.1:9000; } "
      "location /c { proxy_pass http://127.0.0.1:80/; } location /d { proxy_pass http://unix:/tmp/s:/u; } "
      "location /e { proxy_pass http://unix:/tmp/s; } location /f { proxy_pass http://[::1]:9; }"));
  ASSERT_NE(settings, nullptr);
  const auto& locations = settings->http.servers[0].locations;
  const auto pass = [&](std::size_t i) { return *locations.at(i).proxy_pass; };
  EXPECT_EQ(pass(0).upstream, pass(1).upstream);
  EXPECT_EQ(pass(0).upstream->servers.at(0).address.text(), "127.0.0.1:9000");
  EXPECT_EQ(pass(0).host, "127.0.0.1:9000");
  EXPECT_EQ(pass(0).uri, "/x?y=1");
  EXPECT_EQ(pass(2).host, "127.0.0.1");
  EXPECT_EQ(pass(2).upstream->servers.at(0).address.port(), 80);
  EXPECT_EQ(pass(3).upstream->servers.at(0).address.text(), "unix:/tmp/s");
  EXPECT_EQ(pass(3).host, "localhost");
  EXPECT_EQ(pass(3).uri, "/u");
  EXPECT_EQ(pass(4).uri, std::nullopt);
  EXPECT_EQ(pass(5).host, "[::1]:9");
  EXPECT_EQ(settings->http.upstreams.size(), 4u);
}

TEST_F(ConfigSettings, LocalhostIsIPv4First) {
  const LocationSettings* location = location_of("proxy_pass http://localhost:9000;");
  ASSERT_NE(location, nullptr);
  EXPECT_EQ(location->proxy_pass->upstream->servers.at(0).address.text(), "127.0.0.1:9000");
}

TEST_F(ConfigSettings, Warnings) {
  settings_of(
      "http { server { listen 8001; server_name a;\nallow 10.1.2.3/8; }\nserver { listen 8001; server_name a; } }");
  EXPECT_THAT(warnings_, ElementsAre("P/c.conf:2: low address bits of 10.1.2.3/8 are meaningless",
                                     "P/c.conf:3: conflicting server name \"a\" on 0.0.0.0:8001, ignored"));
  const LocationSettings* location = location_of("types { text/a x; text/b x y; }");
  EXPECT_EQ(location->types->at("x"), "text/b");
  EXPECT_THAT(warnings_,
              ElementsAre("P/c.conf:1: duplicate extension \"x\", content type: \"text/b\", previous content "
                          "type: \"text/a\""));
}

TEST_F(ConfigSettings, IncludesAndDump) {
  directory_.write("mime.types", "types { text/q q; }");
  directory_.write("sites/2.conf", "server { listen 8002; }\n");
  directory_.write("sites/1.conf", "server { listen 8001; }\n");
  auto loaded = load_text("http { include mime.types; include sites/*.conf; include none/*.conf; }");
  ASSERT_TRUE(loaded) << loaded.error().message;
  const auto& servers = (*loaded)->settings->http.servers;
  ASSERT_EQ(servers.size(), 2u);
  EXPECT_EQ(servers[0].listens[0].address.port(), 8001);
  EXPECT_EQ(servers[0].fallback.types->at("q"), "text/q");
  EXPECT_EQ(shorten((*loaded)->dump()),
            "# configuration file P/c.conf:\n"
            "http { include mime.types; include sites/*.conf; include none/*.conf; }\n\n"
            "# configuration file P/mime.types:\ntypes { text/q q; }\n\n"
            "# configuration file P/sites/1.conf:\nserver { listen 8001; }\n\n"
            "# configuration file P/sites/2.conf:\nserver { listen 8002; }\n\n");
}

TEST_F(ConfigSettings, CommandLineComesFirst) {
  options_.global_directives = "daemon on; pid x.pid;";
  const auto settings = settings_of(in_server(""));
  ASSERT_NE(settings, nullptr);
  EXPECT_TRUE(settings->daemon);
  EXPECT_EQ(settings->pid_file, directory_.path() + "/x.pid");
}

}  // namespace
}  // namespace hearth::config
