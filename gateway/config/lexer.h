// The lexer of configuration text: nginx's rules (ngx_conf_read_token), byte by byte.
//
// - Words are separated by SP, TAB, CR, LF; a statement ends with ";" or "{"; "}" closes a block only where a statement
//   could start. "#" starts a comment only where a word could start.
// - Quotes are special only as a word's first byte; a backslash keeps the next byte from ending the word. Of the
//   escapes, \" \' \\ lose the backslash and \t \r \n become control characters; any other stays as written.
// - "${" does not open a block.
// Unlike nginx a statement's place is the line where it starts, not where it ends.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "hearth/directive.h"

namespace hearth::config {

// "file:line: message", as every configuration error reads.
Error error_at(const Where& where, const std::string& message);

struct Lexed {
  enum class Kind { simple, block_start, block_end, end_of_text } kind = Kind::end_of_text;
  Statement statement;  // for block_end and end_of_text only `where` is set
};

class Lexer {
 public:
  static constexpr std::size_t kMaxWord = 4096;  // nginx's buffer: a longer word is most likely a missing quote

  // `text` must outlive the lexer. `command_line`: the text of -g.
  Lexer(std::string_view text, std::string file, bool command_line = false)
      : text_(text), file_(std::move(file)), command_line_(command_line) {}

  Result<Lexed> next();
  bool command_line() const { return command_line_; }

 private:
  enum class Step { more, simple, block_start, block_end };

  Result<Step> between_words(char c);
  Result<Step> after_quote(char c);
  Step inside_word(char c);
  void finish_word(std::size_t end);
  Result<Lexed> at_end() const;
  Where here() const { return Where{file_, line_}; }
  tl::unexpected<Error> unexpected(char c) const;
  tl::unexpected<Error> too_long() const;

  std::string_view text_;
  std::string file_;
  bool command_line_;
  std::size_t position_ = 0;
  int line_ = 1;

  // The statement being read.
  enum class State { between, word, quoted_word, after_quote, comment } state_ = State::between;
  char quote_ = 0;
  bool escaped_ = false;   // the last byte was a backslash
  bool variable_ = false;  // the last byte was a dollar
  std::size_t start_ = 0;
  int start_line_ = 1;
  bool has_name_ = false;
  Statement statement_;
};

}  // namespace hearth::config
