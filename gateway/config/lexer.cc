#include "config/lexer.h"

#include <utility>

namespace hearth::config {

namespace {
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
}  // namespace

Error error_at(const Where& where, const std::string& message) {
  return Error{ErrorCode::invalid_argument, ErrorSource::config, false, 0,
               where.file + ":" + std::to_string(where.line) + ": " + message};
}

tl::unexpected<Error> Lexer::unexpected(char c) const {
  return fail(error_at(here(), "unexpected \"" + std::string(1, c) + "\""));
}

tl::unexpected<Error> Lexer::too_long() const {
  const Where where{file_, start_line_};
  if (state_ == State::quoted_word) {
    return fail(error_at(
        where, "too long parameter, probably missing terminating \"" + std::string(1, quote_) + "\" character"));
  }
  return fail(error_at(where, "too long parameter \"" + std::string(text_.substr(start_, 10)) + "...\" started"));
}

Result<Lexed> Lexer::at_end() const {
  const bool pending = has_name_ || (state_ != State::between && state_ != State::comment);
  if (!pending) return Lexed{Lexed::Kind::end_of_text, Statement{{}, {}, here()}};
  if (state_ == State::quoted_word) {
    return fail(
        error_at({file_, start_line_}, "unexpected end of " + std::string(command_line_ ? "parameter" : "file") +
                                           ", missing terminating \"" + std::string(1, quote_) + "\" character"));
  }
  return fail(error_at(here(), command_line_ ? "unexpected end of parameter, expecting \";\""
                                             : "unexpected end of file, expecting \";\" or \"}\""));
}

Result<Lexed> Lexer::next() {
  statement_ = {};
  has_name_ = false;
  state_ = State::between;
  escaped_ = variable_ = false;
  while (position_ < text_.size()) {
    const bool in_word = state_ == State::word || state_ == State::quoted_word;
    if (in_word && position_ - start_ >= kMaxWord) return too_long();
    const char c = text_[position_++];
    if (c == '\0') return fail(error_at(here(), "unexpected NUL byte"));
    Result<Step> step = Step::more;
    switch (state_) {
      case State::comment:
        if (c == '\n') state_ = State::between;
        break;
      case State::between:
        step = between_words(c);
        break;
      case State::after_quote:
        step = after_quote(c);
        break;
      case State::word:
      case State::quoted_word:
        step = inside_word(c);
        break;
    }
    if (!step) return fail(step.error());
    if (c == '\n') ++line_;
    if (*step == Step::more) continue;
    const Lexed::Kind kind = *step == Step::simple        ? Lexed::Kind::simple
                             : *step == Step::block_start ? Lexed::Kind::block_start
                                                          : Lexed::Kind::block_end;
    if (kind == Lexed::Kind::block_end) statement_.where = here();
    return Lexed{kind, std::move(statement_)};
  }
  return at_end();
}

Result<Lexer::Step> Lexer::between_words(char c) {
  if (is_space(c)) return Step::more;
  start_ = position_ - 1;
  start_line_ = line_;
  switch (c) {
    case ';':
    case '{':
      if (!has_name_) return unexpected(c);
      return c == '{' ? Step::block_start : Step::simple;
    case '}':
      if (has_name_) return unexpected(c);
      return Step::block_end;
    case '#':
      state_ = State::comment;
      return Step::more;
    case '"':
    case '\'':
      quote_ = c;
      start_ = position_;
      state_ = State::quoted_word;
      return Step::more;
    case '\\':
      escaped_ = true;
      break;
    case '$':
      variable_ = true;
      break;
    default:
      break;
  }
  state_ = State::word;
  return Step::more;
}

Result<Lexer::Step> Lexer::after_quote(char c) {
  state_ = State::between;
  if (c == ';' || c == '{' || c == ')' || is_space(c)) return between_words(c);
  return unexpected(c);
}

Lexer::Step Lexer::inside_word(char c) {
  if (escaped_) {
    escaped_ = false;
    return Step::more;
  }
  if (c == '{' && variable_) return Step::more;
  variable_ = false;
  if (c == '\\') {
    escaped_ = true;
    return Step::more;
  }
  if (c == '$') {
    variable_ = true;
    return Step::more;
  }
  if (state_ == State::quoted_word) {
    if (c != quote_) return Step::more;
    finish_word(position_ - 1);
    state_ = State::after_quote;
    return Step::more;
  }
  if (!is_space(c) && c != ';' && c != '{') return Step::more;
  finish_word(position_ - 1);
  state_ = State::between;
  return c == ';' ? Step::simple : c == '{' ? Step::block_start : Step::more;
}

void Lexer::finish_word(std::size_t end) {
  std::string word;
  word.reserve(end - start_);
  for (std::size_t i = start_; i < end; ++i) {
    char c = text_[i];
    if (c == '\\' && i + 1 < end) {
      switch (text_[i + 1]) {
        case '"':
        case '\'':
        case '\\':
          c = text_[++i];
          break;
        case 't':
          c = '\t', ++i;
          break;
        case 'r':
          c = '\r', ++i;
          break;
        case 'n':
          c = '\n', ++i;
          break;
        default:
          break;
      }
    }
    word.push_back(c);
  }
  if (has_name_) {
    statement_.args.push_back(std::move(word));
    return;
  }
  has_name_ = true;
  statement_.name = std::move(word);
  statement_.where = Where{file_, start_line_};
}

}  // namespace hearth::config
