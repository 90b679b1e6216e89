// Every way a configuration can be wrong: the text, and the exact message.
#include <gtest/gtest.h>
#include <unistd.h>

#include "unit/config/load_text.h"

namespace hearth::config {
namespace {

class ConfigErrors : public ConfigTest {
 protected:
  struct Case {
    std::string text;
    std::string error;
  };
  void expect(const std::vector<Case>& cases, const std::function<std::string(const std::string&)>& wrap) {
    for (const Case& c : cases) EXPECT_EQ(error_of(wrap(c.text)), "P/c.conf:" + c.error) << c.text;
  }
};

const auto kAsIs = [](const std::string& text) { return text; };

TEST_F(ConfigErrors, Structure) {
  expect(
      {
          {"", "1: no \"http\" block in the configuration: nothing to serve"},
          {"\nhttp { }", "2: no \"server\" in the \"http\" block: nothing to serve"},
          {"lisen 80;", "1: unknown directive \"lisen\""},
          {"http { server {\n lisen 80; } }", "2: unknown directive \"lisen\", did you mean \"listen\"?"},
          {"worker_thread 2;", "1: unknown directive \"worker_thread\", did you mean \"worker_threads\"?"},
          {"htpp { }", "1: unknown directive \"htpp\", did you mean \"http\"?"},
          {"wibble;", "1: unknown directive \"wibble\""},
          {"events { daemon on; }", "1: \"daemon\" directive is not allowed here (allowed in: main)"},
          {"listen 80;", "1: \"listen\" directive is not allowed here (allowed in: server)"},
          {"http { location / { } }", "1: \"location\" directive is not allowed here (allowed in: server)"},
          {"server 127.0.0.1;", "1: \"server\" directive is not allowed here (allowed in: http, upstream)"},
          {"daemon off { }", "1: directive \"daemon\" is not terminated by \";\""},
          {"\nhttp;", "2: directive \"http\" has no opening \"{\""},
          {"daemon;", "1: invalid number of arguments in \"daemon\" directive, expected: daemon on | off"},
          {"daemon on off;", "1: invalid number of arguments in \"daemon\" directive, expected: daemon on | off"},
          {"http x { }", "1: invalid number of arguments in \"http\" directive, expected: http { ... }"},
          {"daemon off;\ndaemon off;", "2: \"daemon\" directive is duplicate"},
          {"http { server { } }\nhttp { }", "2: \"http\" directive is duplicate"},
          {"}", "1: unexpected \"}\""},
          {"http {\n", "2: unexpected end of file, expecting \"}\""},
          {"daemon off", "1: unexpected end of file, expecting \";\" or \"}\""},
      },
      kAsIs);
}

TEST_F(ConfigErrors, Main) {
  expect(
      {
          {"daemon yes;", "1: invalid value \"yes\" in \"daemon\" directive, it must be \"on\" or \"off\""},
          {"worker_threads 0;",
           "1: invalid value \"0\" in \"worker_threads\" directive, it must be \"auto\" or a number from 1 to 1024"},
          {"worker_threads many;",
           "1: invalid value \"many\" in \"worker_threads\" directive, it must be \"auto\" or a number from 1 to 1024"},
          {"worker_threads 1;\nworker_processes 1;",
           "2: \"worker_processes\" directive is duplicate: worker_threads and worker_processes are the same"},
          {"worker_shutdown_timeout 5x;",
           "1: invalid value \"5x\" in \"worker_shutdown_timeout\" directive, it must be a time such as 30s, 500ms, "
           "1h30m or 7d"},
          {"worker_rlimit_nofile many;",
           "1: invalid value \"many\" in \"worker_rlimit_nofile\" directive, it must be a number"},
          {"error_log stderr loud;",
           "1: invalid log level \"loud\", it must be one of debug, info, notice, warn, error, crit, alert, emerg"},
          {"error_log syslog:server=x;",
           "1: invalid value \"syslog:server=x\" in \"error_log\" directive, it must be \"stderr\" or a path; syslog "
           "and memory logs are not supported"},
          {"user no-such-user-here;", "1: user \"no-such-user-here\" does not exist"},
          {"events { worker_connections 0; }",
           "1: invalid value \"0\" in \"worker_connections\" directive, it must be a number from 1 to 4294967295"},
          {"events { use kqueue; }", "1: invalid event type \"kqueue\", only \"epoll\" is available"},
          {"events { multi_accept maybe; }",
           "1: invalid value \"maybe\" in \"multi_accept\" directive, it must be \"on\" or \"off\""},
          {"load_module modules/x.so;", "1: modules cannot be loaded here"},
      },
      kAsIs);
}

TEST_F(ConfigErrors, Includes) {
  EXPECT_EQ(error_of("\ninclude missing.conf;"),
            "P/c.conf:2: open() \"P/missing.conf\" failed (2: No such file or directory)");
  directory_.write("inner.conf", "\n\nnosuch;");
  EXPECT_EQ(error_of("include inner.conf;"), "P/inner.conf:3: unknown directive \"nosuch\"");
  directory_.write("closes.conf", "}");
  EXPECT_EQ(error_of("http { include closes.conf;"), "P/closes.conf:1: unexpected \"}\"");
  directory_.write("opens.conf", "server {");
  EXPECT_EQ(error_of("http { include opens.conf; }"), "P/opens.conf:1: unexpected end of file, expecting \"}\"");
  EXPECT_EQ(error_of("include c.conf;"),
            "P/c.conf:1: includes are nested too deeply, does \"P/c.conf\" include itself?");
  directory_.write("d/one.conf", "daemon off;");
  EXPECT_EQ(error_of("daemon off; include d/*.conf;"), "P/d/one.conf:1: \"daemon\" directive is duplicate");
  options_.file = "nowhere.conf";
  options_.prefix = directory_.path();
  auto loaded = load(options_);
  ASSERT_FALSE(loaded);
  EXPECT_EQ(shorten(loaded.error().message), "open() \"P/nowhere.conf\" failed (2: No such file or directory)");
}

TEST_F(ConfigErrors, CommandLine) {
  options_.global_directives = "daemon off";
  EXPECT_EQ(error_of(in_server("")), "command line:1: unexpected end of parameter, expecting \";\"");
  options_.global_directives = "http { }";
  EXPECT_EQ(error_of(in_server("")), "command line:1: block directives are not supported in -g option");
  options_.global_directives = "daemn off;";
  EXPECT_EQ(error_of(in_server("")), "command line:1: unknown directive \"daemn\", did you mean \"daemon\"?");
  options_.global_directives = "daemon off;";
  EXPECT_EQ(error_of("daemon on;"), "P/c.conf:1: \"daemon\" directive is duplicate");
}

TEST_F(ConfigErrors, Server) {
  expect(
      {
          {"listen 99999;", "1: invalid port in \"99999\" of the \"listen\" directive"},
          {"listen 127.0.0.1:0;", "1: invalid port in \"127.0.0.1:0\" of the \"listen\" directive"},
          {"listen 127.0.0.1:http;", "1: invalid port in \"127.0.0.1:http\" of the \"listen\" directive"},
          {"listen :80;", "1: no host in \":80\" of the \"listen\" directive"},
          {"listen [::1:80;", "1: invalid host in \"[::1:80\" of the \"listen\" directive"},
          {"listen unix:;", "1: no path in the unix domain socket in \"unix:\" of the \"listen\" directive"},
          {"listen 80 fast;", "1: invalid parameter \"fast\""},
          {"listen 80 backlog=x;", "1: invalid backlog \"x\""},
          {"listen 80 ssl;", "1: the \"ssl\" parameter of the \"listen\" directive is not supported yet"},
          {"listen 80;\nlisten *:80;", "2: a duplicate listen 0.0.0.0:80"},
          {"server_name ~^www;", "1: regular expressions are not supported in \"server_name\" yet: \"~^www\""},
          {"server_name a*b;", "1: server name \"a*b\" is invalid, a wildcard reads \"*.example.com\""},
          {"server_name www.*;", "1: server name \"www.*\" is not supported: a wildcard can only stand in front"},
          {"location /a { }\nlocation ^~ /a { }", "2: duplicate location \"/a\", the first is at P/c.conf:1"},
          {"location ~ (a { }", "1: invalid regular expression \"(a\": missing closing parenthesis at offset 2"},
          {"location @x { }\nlocation @x { }", "2: duplicate location \"@x\", the first is at P/c.conf:1"},
          {"location ! /x { }", "1: invalid location modifier \"!\", it must be \"=\", \"^~\", \"~\" or \"~*\""},
          {"location ~ x { alias /a; }",
           "1: \"alias\" cannot stand in location \"x\", only in one that begins with \"/\""},
          {"location @x { proxy_pass http://127.0.0.1/; }",
           "1: \"proxy_pass\" cannot have a URI part in location \"@x\", only in one that begins with \"/\""},
          {"location ~ (x) { return 200 $1; }\nlocation / { return 200 $1; }", "2: unknown \"1\" variable"},
          {"location / {\ntry_files $uri @none; }", "2: no location \"@none\" in this server"},
          {"location x { }", "1: invalid location \"x\", it must start with \"/\""},
          {"location / { location /b { } }", "1: \"location\" directive is not allowed here (allowed in: server)"},
          {"large_client_header_buffers 0 8k;",
           "1: invalid value \"0\" in \"large_client_header_buffers\" directive, it must be a number from 1 to 1024"},
          {"large_client_header_buffers 4 1;",
           "1: invalid value \"1\" in \"large_client_header_buffers\" directive, it must be at least 256, and all "
           "buffers together at most 16m"},
          {"client_header_timeout 0;",
           "1: invalid value \"0\" in \"client_header_timeout\" directive, it must be more than 0"},
      },
      [](const std::string& text) { return "http { server { " + text + " } }"; });
}

TEST_F(ConfigErrors, AcrossServers) {
  EXPECT_EQ(error_of("http {\nserver { listen 80 default_server; }\nserver { listen 80 default_server; } }"),
            "P/c.conf:3: a duplicate default server for 0.0.0.0:80, the first is at P/c.conf:2");
  EXPECT_EQ(error_of("http {\nserver { listen 80 backlog=1; }\nserver { listen 80 backlog=2; } }"),
            "P/c.conf:3: duplicate listen options for 0.0.0.0:80, they are already given at P/c.conf:2");
}

TEST_F(ConfigErrors, Limits) {
  const auto in_http = [](const std::string& text) {
    return "http { " + text + "\nserver { listen 127.0.0.1:8080; } }";
  };
  expect(
      {
          {"limit_req_zone $remote_addr zone=z:1m rate=0r/s;", "1: invalid rate \"0r/s\", it must read 10r/s or 30r/m"},
          {"limit_req_zone $remote_addr zone=z:1m rate=s;", "1: invalid rate \"s\", it must read 10r/s or 30r/m"},
          {"limit_req_zone $remote_addr zone=z rate=1r/s;", "1: invalid zone \"z\", it reads zone=name:10m"},
          {"limit_req_zone $remote_addr zone=z:1k rate=1r/s;", "1: zone \"z\" is too small, it needs at least 32k"},
          {"limit_req_zone $remote_adr zone=z:1m rate=1r/s;",
           "1: unknown \"remote_adr\" variable, did you mean \"remote_addr\"?"},
          {"limit_conn_zone $remote_addr rate=1r/s;", "1: invalid parameter \"rate=1r/s\""},
          {"limit_conn_zone $remote_addr zone=z:1m;\nlimit_conn_zone $host zone=z:1m;",
           "2: zone \"z\" is already bound at P/c.conf:1"},
      },
      in_http);
}

TEST_F(ConfigErrors, Location) {
  expect(
      {
          {"client_max_body_size 10q;",
           "1: invalid value \"10q\" in \"client_max_body_size\" directive, it must be a size such as 512, 8k, 10m or "
           "1g"},
          {"keepalive_timeout 1y;",
           "1: invalid value \"1y\" in \"keepalive_timeout\" directive, it must be a time such as 30s, 500ms, 1h30m or "
           "7d"},
          {"root /a; alias /b;", "1: \"alias\" directive is duplicate, \"root\" directive was specified earlier"},
          {"root /a/$host;", "1: variables are not supported in \"/a/$host\""},
          {"index a/b;", "1: invalid index file \"a/b\""},
          {"error_page 404 50x.html;",
           "1: invalid error page \"50x.html\", it must be a path of this server such as \"/50x.html\""},
          {"error_page 99 /x;", "1: value \"99\" must be between 300 and 599"},
          {"error_page abc /x;", "1: invalid value \"abc\""},
          {"error_page 404 = /x;",
           "1: invalid value \"=\" in \"error_page\" directive, it must be \"=\" and a status from 200 to 599"},
          {"error_page =200 /x;", "1: \"error_page\" directive needs a status before \"=200\""},
          {"return 99;", "1: invalid return code \"99\""},
          {"return hello;", "1: invalid return code \"hello\""},
          {"return 200 $nosuch;", "1: unknown \"nosuch\" variable"},
          {"return 301 \"http://a\\r\\nX: y\";", "1: control character in the value of header \"Location\""},
          {"add_header \"X Y\" z;", "1: invalid header name \"X Y\""},
          {"add_header X z sometimes;", "1: invalid parameter \"sometimes\""},
          {"add_header X ${host;", "1: the closing bracket in \"host\" variable is missing"},
          {"proxy_set_header X \"a\\nb\";", "1: control character in the value of header \"X\""},
          {"proxy_set_header X $remote_adr;", "1: unknown \"remote_adr\" variable, did you mean \"remote_addr\"?"},
          {"proxy_hide_header \"\";", "1: invalid header name \"\""},
          {"allow 10.0.0.0/33;",
           "1: invalid parameter \"10.0.0.0/33\", it must be \"all\", an address or a network such as 10.0.0.0/8"},
          {"deny example.com;",
           "1: invalid parameter \"example.com\", it must be \"all\", an address or a network such as 10.0.0.0/8"},
          {"set_real_ip_from all;",
           "1: invalid parameter \"all\", it must be \"unix:\", an address or a network such as 10.0.0.0/8"},
          {"real_ip_header \"\";", "1: invalid header name \"\""},
          {"real_ip_recursive maybe;",
           "1: invalid value \"maybe\" in \"real_ip_recursive\" directive, it must be \"on\" or \"off\""},
          {"limit_req burst=5;", "1: \"limit_req\" must have \"zone\" parameter"},
          {"limit_req zone=z wait;", "1: invalid parameter \"wait\""},
          {"limit_req zone=z;", "1: unknown zone \"z\", \"limit_req_zone\" makes one"},
          {"limit_conn z 0;",
           "1: invalid value \"0\" in \"limit_conn\" directive, it must be a number from 1 to 65535"},
          {"limit_conn z 1;", "1: unknown zone \"z\", \"limit_conn_zone\" makes one"},
          {"limit_req_status 200;",
           "1: invalid value \"200\" in \"limit_req_status\" directive, it must be a status from 400 to 599"},
          {"proxy_protocol v3;",
           "1: invalid value \"v3\" in \"proxy_protocol\" directive, it must be on, off, v1 or v2"},
          {"access_log x.log fancy;", "1: unknown log format \"fancy\", it must be \"combined\" or \"json\""},
          {"access_log off json;", "1: invalid parameter \"json\""},
          {"proxy_http_version 1.0;",
           "1: invalid value \"1.0\" in \"proxy_http_version\" directive, it must be \"1.1\""},
          {"proxy_buffering maybe;",
           "1: invalid value \"maybe\" in \"proxy_buffering\" directive, it must be \"on\" or \"off\""},
          {"types { text/html; }",
           "1: invalid number of arguments in \"text/html\" directive, expected: media-type extension ..."},
      },
      [](const std::string& text) { return in_location(text); });
}

TEST_F(ConfigErrors, TryFiles) {
  expect(
      {
          {"try_files $uri;",
           "1: invalid number of arguments in \"try_files\" directive, expected: try_files file ... uri | @name | "
           "=code"},
          {"try_files index.html =404;",
           "1: invalid path \"index.html\" in \"try_files\", it must start with \"/\" or a variable"},
          {"try_files $uri index.html;",
           "1: invalid path \"index.html\" in \"try_files\", it must start with \"/\" or a variable"},
          {"try_files $uri =99;",
           "1: invalid value \"=99\" in \"try_files\" directive, it must be \"=\" and a status from 200 to 599"},
          {"try_files $uir /x;", "1: unknown \"uir\" variable"},
          {"try_files $uri /x;\ntry_files $uri /y;", "2: \"try_files\" directive is duplicate"},
      },
      [](const std::string& text) { return in_location(text); });
}

TEST_F(ConfigErrors, Rewrite) {
  expect(
      {
          {"rewrite ^/a;",
           "1: invalid number of arguments in \"rewrite\" directive, expected: rewrite regex replacement [last | break "
           "| "
           "redirect | permanent]"},
          {"rewrite ^/[a /b;",
           "1: invalid regular expression \"^/[a\": missing terminating ] for character class at offset 4"},
          {"rewrite ^/a b;",
           "1: invalid replacement \"b\", it must start with \"/\", a variable, \"http://\" or \"https://\""},
          {"rewrite ^/a /b lost;", "1: invalid parameter \"lost\""},
          {"rewrite ^/a /$nosuch;", "1: unknown \"nosuch\" variable"},
          {"rewrite ^/a \"http://a\\r\\nX: y\";", "1: control character in the value of header \"Location\""},
      },
      [](const std::string& text) { return in_location(text); });
}

TEST_F(ConfigErrors, Map) {
  expect(
      {
          {"map $host { }",
           "1: invalid number of arguments in \"map\" directive, expected: map string $variable { ... }"},
          {"map $host x { }", "1: invalid variable name \"x\""},
          {"map $host $1 { }", "1: invalid variable name \"$1\""},
          {"map $host $uri { }", "1: the variable \"uri\" is already the gateway's own"},
          {"map $host $arg_x { }", "1: the variable \"arg_x\" is already the gateway's own"},
          {"map $host $x { }\nmap $host $x { }", "2: duplicate map \"x\", the first is at P/c.conf:1"},
          {"map $hots $x { }", "1: unknown \"hots\" variable"},
          {"map $backnd $backend { }", "1: unknown \"backnd\" variable, did you mean \"backend\"?"},
          {"map $host $x {\n a 1;\n A 2; }", "3: conflicting parameter \"a\""},
          {"map $host $x {\n a 1;\n default $1; }", "3: unknown \"1\" variable"},
          {"map $host $x {\n default 1;\n default 2; }", "3: \"default\" directive is duplicate"},
          {"map $host $x {\n ~( 1; }", "2: invalid regular expression \"(\": missing closing parenthesis at offset 1"},
          {"map $host $x {\n a; }", "2: invalid number of arguments in \"a\" directive, expected: key value"},
          {"map $y $x { }\nmap $host $y { a $x; }", "1: the variable \"x\" depends on itself"},
      },
      [](const std::string& text) { return "http { " + text + "\nserver { listen 127.0.0.1:8080; } }"; });
  EXPECT_EQ(error_of("http { server { listen 127.0.0.1:8080; return 200 $later; } map $host $later { } }"), "(loaded)");
}

TEST_F(ConfigErrors, Compression) {
  expect(
      {
          {"gzip yes;", "1: invalid value \"yes\" in \"gzip\" directive, it must be \"on\" or \"off\""},
          {"gzip_comp_level 10;",
           "1: invalid value \"10\" in \"gzip_comp_level\" directive, it must be a number from 1 to 9"},
          {"zstd_comp_level 0;",
           "1: invalid value \"0\" in \"zstd_comp_level\" directive, it must be a number from 1 to 19"},
          {"gzip_static maybe;",
           "1: invalid value \"maybe\" in \"gzip_static\" directive, it must be \"on\", \"off\" or \"always\""},
          {"gzip_types css;",
           "1: invalid value \"css\" in \"gzip_types\" directive, it must be a media type such as text/css, or \"*\""},
      },
      [](const std::string& text) { return in_location(text); });
}

TEST_F(ConfigErrors, ProxyPass) {
  expect(
      {
          {"proxy_pass app;", "1: invalid URL prefix in \"app\", it must start with \"http://\""},
          {"proxy_pass https://app;", "1: https upstreams are not supported yet: \"https://app\""},
          {"proxy_pass http://$host;", "1: variables are not supported in \"proxy_pass\": \"http://$host\""},
          {"proxy_pass http://;", "1: no host in upstream \"\""},
          {"proxy_pass http://a:99999/x;", "1: invalid port in upstream \"a:99999/x\""},
          {"proxy_pass http://a?b;", "1: invalid URI \"?b\" in \"proxy_pass\", it must start with \"/\""},
          {"proxy_pass http://127.0.0.1; return 200;",
           "1: \"return\" conflicts with \"proxy_pass\" at P/c.conf:1: location \"/a\" can be answered by only one of "
           "them"},
          {"proxy_pass http://127.0.0.1; proxy_pass http://127.0.0.2;", "1: \"proxy_pass\" directive is duplicate"},
      },
      [](const std::string& text) { return in_location(text); });
  const std::string unknown = error_of("http { server { location / {\nproxy_pass http://no-such-host.invalid/x; } } }");
  EXPECT_EQ(unknown.rfind("P/c.conf:2: host not found (", 0), 0u) << unknown;
  EXPECT_NE(unknown.find(") in upstream \"no-such-host.invalid\""), std::string::npos) << unknown;
  EXPECT_EQ(
      error_of("http { upstream app { server 127.0.0.1; }\nserver { location / {\nproxy_pass http://app:81; } } }"),
      "P/c.conf:3: upstream \"app\" may not have port 81");
}

TEST_F(ConfigErrors, Upstream) {
  expect(
      {
          {"upstream a { }", "1: no servers are inside upstream"},
          {"upstream a { server 127.0.0.1 backup; }", "1: no servers in upstream \"a\" but backups"},
          {"upstream a { server 127.0.0.1; }\nupstream A { }",
           "2: duplicate upstream \"A\", the first is at P/c.conf:1"},
          {"upstream a:80 { }", "1: invalid upstream name \"a:80\""},
          {"upstream a { server 127.0.0.1 weight=0; }", "1: invalid parameter \"weight=0\""},
          {"upstream a { server 127.0.0.1 fail_timeout=x; }", "1: invalid parameter \"fail_timeout=x\""},
          {"upstream a { server 127.0.0.1 fast; }", "1: invalid parameter \"fast\""},
          {"upstream a { server 127.0.0.1:0; }", "1: invalid port in upstream \"127.0.0.1:0\""},
          {"upstream a { keepalive x; }", "1: invalid value \"x\" in \"keepalive\" directive, it must be a number"},
          {"upstream a { keepalive 4294967296; }",
           "1: invalid value \"4294967296\" in \"keepalive\" directive, it must be at most 4294967295"},
          {"upstream a { listen 80; }", "1: \"listen\" directive is not allowed here (allowed in: server)"},
      },
      [](const std::string& text) { return "http { server { listen 127.0.0.1:80; } " + text + " }"; });
}

}  // namespace
}  // namespace hearth::config
