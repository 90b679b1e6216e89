#include "config/lexer.h"

#include <gtest/gtest.h>

namespace hearth::config {
namespace {

// All statements as "name[arg][arg];", "{" and "}", or the error.
std::string lex(std::string_view text, bool command_line = false) {
  Lexer lexer(text, "f", command_line);
  std::string out;
  for (;;) {
    auto lexed = lexer.next();
    if (!lexed) return lexed.error().message;
    if (lexed->kind == Lexed::Kind::end_of_text) return out;
    if (lexed->kind == Lexed::Kind::block_end) {
      out += "}";
      continue;
    }
    out += lexed->statement.name;
    for (const std::string& argument : lexed->statement.args) out += "[" + argument + "]";
    out += lexed->kind == Lexed::Kind::simple ? ";" : "{";
  }
}

struct Case {
  std::string_view text;
  std::string_view expected;
};

TEST(Lexer, ReadsAsNginxDoes) {
  const Case cases[] = {
      {"", ""},
      {" \t\r\n# only a comment", ""},
      {"a;", "a;"},
      {"a b  c\n\td;", "a[b][c][d];"},
      {"a{b;}", "a{b;}"},
      {"location /a{}", "location[/a]{}"},
      {"a b}c;", "a[b}c];"},
      {"a#b;", "a#b;"},
      {"a #b;\nc;", "a[c];"},
      {"a \"b c;{}#\n\" 'd\"';", "a[b c;{}#\n][d\"];"},
      {"a \"\";", "a[];"},
      {"\"quoted name\" b;", "quoted name[b];"},
      {"a foo\"bar\";", "a[foo\"bar\"];"},
      {"a \"b\"{}", "a[b]{}"},
      {"a \"b\")c;", "a[b][)c];"},
      {"a b\\ c;", "a[b\\ c];"},
      {"a b\\;c;", "a[b\\;c];"},
      {"a \\;;", "a[\\;];"},
      {"a 'it\\'s';", "a[it's];"},
      {"a \"\\\"\\\\\\'\";", "a[\"\\'];"},
      {"a x\\ty\\rz\\n;", "a[x\ty\rz\n];"},
      {"a \\.php$;", "a[\\.php$];"},
      {"a ${b}c;", "a[${b}c];"},
      {"a x${b} {}", "a[x${b}]{}"},
      {"a $b{}", "a[$b]{}"},
      {"a \"$\"{}", "a[$]{}"},
      {"a 'x\\\\';", "a[x\\];"},
  };
  for (const Case& c : cases) EXPECT_EQ(lex(c.text), c.expected) << c.text;
}

TEST(Lexer, SaysWhatIsWrongAndWhere) {
  const Case cases[] = {
      {";", "f:1: unexpected \";\""},
      {"\n{", "f:2: unexpected \"{\""},
      {"a b }", "f:1: unexpected \"}\""},
      {"a \"b\"c;", "f:1: unexpected \"c\""},
      {"a\n\nb", "f:3: unexpected end of file, expecting \";\" or \"}\""},
      {"a ", "f:1: unexpected end of file, expecting \";\" or \"}\""},
      {"a \"b\"", "f:1: unexpected end of file, expecting \";\" or \"}\""},
      {"a;\nb 'c\n\n", "f:2: unexpected end of file, missing terminating \"'\" character"},
  };
  for (const Case& c : cases) EXPECT_EQ(lex(c.text), c.expected) << c.text;
  EXPECT_EQ(lex("daemon off", true), "f:1: unexpected end of parameter, expecting \";\"");
  EXPECT_EQ(lex(std::string_view("a\0;", 3)), "f:1: unexpected NUL byte");
}

TEST(Lexer, LimitsWordsToNginxsBuffer) {
  const std::string longest(Lexer::kMaxWord - 1, 'x');
  EXPECT_EQ(lex("a " + longest + ";"), "a[" + longest + "];");
  EXPECT_EQ(lex("a;\nb 0123456789" + longest + ";"), "f:2: too long parameter \"0123456789...\" started");
  EXPECT_EQ(lex("a;\nb \"\n" + longest + "x;"),
            "f:2: too long parameter, probably missing terminating \"\"\" character");
  EXPECT_EQ(lex("# " + longest + longest + "\na;"), "a;");
}

TEST(Lexer, PlacesAStatementWhereItStarts) {
  Lexer lexer("\n\nfirst\n a\n b;\n}\n", "f");
  auto first = lexer.next();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->statement.where.line, 3);
  auto end = lexer.next();
  ASSERT_TRUE(end);
  EXPECT_EQ(end->kind, Lexed::Kind::block_end);
  EXPECT_EQ(end->statement.where.line, 6);
}

}  // namespace
}  // namespace hearth::config
