#include "config/variables.h"

#include <gtest/gtest.h>

namespace hearth::config {
namespace {

std::string expand(std::string_view text) {
  auto compiled = CompiledText::compile(text);
  if (!compiled) return compiled.error().message;
  std::string out;
  compiled->expand(out, [](Variable variable, std::string_view name, std::string& to) {
    if (variable == Variable::host) to.append("HOST");
    if (variable == Variable::args) to.append("ARGS");
    if (variable == Variable::http) to.append("H(").append(name).append(")");
    if (variable == Variable::arg) to.append("A(").append(name).append(")");
    if (variable == Variable::cookie) to.append("C(").append(name).append(")");
  });
  return out;
}

TEST(Variables, KnowsTheList) {
  for (const char* name : {"host",
                           "http_host",
                           "scheme",
                           "request_uri",
                           "uri",
                           "args",
                           "is_args",
                           "query_string",
                           "request_method",
                           "request_id",
                           "remote_addr",
                           "remote_port",
                           "server_port",
                           "server_name",
                           "proxy_host",
                           "proxy_add_x_forwarded_for",
                           "status",
                           "hostname",
                           "pid",
                           "http_x_y",
                           "arg_a",
                           "cookie_c"}) {
    EXPECT_TRUE(known_variable(name)) << name;
  }
  for (const char* name : {"", "nosuch", "HOST", "http_", "arg_", "cookie_", "http", "1"}) {
    EXPECT_FALSE(known_variable(name)) << name;
  }
}

TEST(Variables, Expands) {
  EXPECT_EQ(expand(""), "");
  EXPECT_EQ(expand("plain"), "plain");
  EXPECT_EQ(expand("$host"), "HOST");
  EXPECT_EQ(expand("a${host}b$host-$query_string"), "aHOSTbHOST-ARGS");
  EXPECT_EQ(expand("$http_X_Forwarded_For|$arg_A|$cookie_Sid"), "H(x-forwarded-for)|A(A)|C(Sid)");
  EXPECT_EQ(expand("$request_id."), ".");
  EXPECT_TRUE(CompiledText::compile("plain")->literal());
  EXPECT_TRUE(CompiledText::compile("")->literal());
  EXPECT_FALSE(CompiledText::compile("$host")->literal());
}

TEST(Variables, MapsAndCaptures) {
  VariableNames names;
  names.maps = {"backend"};
  names.captures = true;
  const auto compiled = CompiledText::compile("$backend${1}2$3x", names);
  ASSERT_TRUE(compiled);
  ASSERT_EQ(compiled->parts().size(), 5u);
  EXPECT_EQ(compiled->parts()[0].variable, Variable::mapped);
  EXPECT_EQ(compiled->parts()[0].text, "backend");
  EXPECT_EQ(compiled->parts()[1].variable, Variable::capture);
  EXPECT_EQ(compiled->parts()[1].text, "1");
  EXPECT_EQ(compiled->parts()[3].text, "3");
  EXPECT_EQ(CompiledText::compile("$bakend", names).error().message,
            "unknown \"bakend\" variable, did you mean \"backend\"?");
  EXPECT_FALSE(CompiledText::compile("$0", names));
  EXPECT_FALSE(CompiledText::compile("$1"));
}

TEST(Variables, Refuses) {
  EXPECT_EQ(expand("$nosuch"), "unknown \"nosuch\" variable");
  EXPECT_EQ(expand("$hots"), "unknown \"hots\" variable");
  EXPECT_EQ(expand("$requset_uri"), "unknown \"requset_uri\" variable, did you mean \"request_uri\"?");
  EXPECT_EQ(expand("$"), "invalid variable name");
  EXPECT_EQ(expand("a$ b"), "invalid variable name");
  EXPECT_EQ(expand("${}"), "invalid variable name");
  EXPECT_EQ(expand("${host"), "the closing bracket in \"host\" variable is missing");
  EXPECT_EQ(expand("${host-a}"), "the closing bracket in \"host\" variable is missing");
}

}  // namespace
}  // namespace hearth::config
