#include "manifest/expand.hpp"

#include <algorithm>

#include "base/encoding.hpp"
#include "manifest/expand_forms.hpp"

namespace gridseal::manifest {

namespace {

base::Error refuse(const std::string& what) {
  return base::Error::refused("manifest.substitution", what);
}

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// Good in a name of Kubernetes too.
std::string stand_in(const std::string& name) {
  std::string out = "v";
  for (const char c : name)
    if (c != '_') out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

constexpr size_t kMaxMissing = 1000;

}  // namespace

// Reads one text from left to right and evaluates while reading: both sides of a default are evaluated, so
// evaluation needs no tree.
class TemplateReader {
 public:
  TemplateReader(Expander& owner, std::string_view text) : owner_(owner), text_(text) {}

  base::Result<std::string> run() {
    std::string out;
    while (at_ < text_.size()) {
      if (starts("$$")) {
        out += '$';
        at_ += 2;
      } else if (starts("${")) {
        auto value = reference(1);
        if (!value) return value;
        out += *value;
      } else {
        out += text_[at_++];
      }
      if (out.size() > owner_.limits_.max_result) return too_large();
    }
    owner_.total_ += out.size();
    if (owner_.total_ > owner_.limits_.max_total) return too_large();
    if (!base::is_utf8(out)) return refuse("a part of a value ends inside a character");
    return out;
  }

 private:
  using Text = base::Result<std::string>;

  base::Error too_large() const {
    return base::Error::refused("manifest.limit", "what variables make of the texts is too large");
  }
  bool starts(std::string_view with) const { return text_.substr(at_, with.size()) == with; }
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool take(char c) {
    if (peek() != c || at_ >= text_.size()) return false;
    ++at_;
    return true;
  }
  std::string_view take_form(size_t length) {
    const auto form = text_.substr(at_, length);
    at_ += form.size();
    return form;
  }

  Text reference(size_t depth);
  Text form_of(const std::string& name, size_t depth);
  Text length();
  Text with_default(const std::string& name, size_t depth);
  Text part(const std::string& name, size_t depth);
  Text replaced(const std::string& name, size_t depth);
  Text trimmed(const std::string& name, size_t depth);
  Text recased(const std::string& name);
  Text argument(std::string_view ends, bool escapes, size_t depth);
  base::Result<std::string> name();
  base::Result<void> close();
  const std::string* find(const std::string& name);
  Text value_of(const std::string& name);

  Expander& owner_;
  std::string_view text_;
  size_t at_ = 0;
};

const std::string* TemplateReader::find(const std::string& name) {
  const auto found = owner_.variables_.find(name);
  if (found == owner_.variables_.end()) return nullptr;
  owner_.used_.insert(*found);
  owner_.work_ += found->second.size();
  return &found->second;
}

base::Result<std::string> TemplateReader::value_of(const std::string& name) {
  const auto* value = find(name);
  if (value != nullptr) return *value;
  if (owner_.missing_.size() < kMaxMissing) owner_.missing_.insert(name);
  if (owner_.unset_ == Unset::stands_in) return stand_in(name);
  return refuse("the variable \"" + base::printable(name, 80) +
                "\" is not set: name it in the site's or the component's variables, or write ${" +
                base::printable(name, 80) + ":=…} for a default, or $${ where the text itself is meant");
}

base::Result<std::string> TemplateReader::name() {
  const size_t from = at_;
  while (at_ < text_.size() && is_name_character(text_[at_])) ++at_;
  const std::string_view found = text_.substr(from, at_ - from);
  if (found.empty() || (found.front() >= '0' && found.front() <= '9'))
    return refuse(
        "no name of a variable follows \"${\" (letters, digits and '_', not beginning with a "
        "digit); write $${ where the text itself is meant");
  return std::string(found);
}

base::Result<void> TemplateReader::close() {
  if (take('}')) return {};
  return refuse(
      "a \"${\" is not closed, or its form is none that is known; write $${ where the text itself "
      "is meant");
}

// Text up to one of `ends` or a reference, or one reference alone.
base::Result<std::string> TemplateReader::argument(std::string_view ends, bool escapes, size_t depth) {
  if (starts("${")) return reference(depth + 1);
  if (at_ >= text_.size()) return std::move(close()).error();
  std::string out;
  while (at_ < text_.size() && !starts("${")) {
    if (escapes && (starts("$$") || starts("\\/") || starts("\\\\"))) {
      out += text_[at_ + 1];
      at_ += 2;
      continue;
    }
    if (ends.find(text_[at_]) != std::string_view::npos) break;
    out += text_[at_++];
  }
  if (out.empty()) return refuse("a reference to a variable lacks an argument");
  return out;
}

base::Result<std::string> TemplateReader::reference(size_t depth) {
  if (depth > owner_.limits_.max_nesting)
    return base::Error::refused("manifest.limit", "references to variables are nested too deeply");
  if (++owner_.references_ > owner_.limits_.max_references)
    return base::Error::refused("manifest.limit", "there are too many references to variables");
  at_ += 2;
  if (peek() == '#') return length();
  auto variable = name();
  if (!variable) return variable;
  auto value = form_of(*variable, depth);
  if (owner_.work_ > owner_.limits_.max_work || (value && value->size() > owner_.limits_.max_result))
    return too_large();
  return value;
}

base::Result<std::string> TemplateReader::form_of(const std::string& name, size_t depth) {
  switch (peek()) {
    case '=':
      return with_default(name, depth);
    case ':': {
      const char next = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
      const bool has_default = next == '=' || next == '-' || next == '?' || next == '+';
      return has_default ? with_default(name, depth) : part(name, depth);
    }
    case ',':
    case '^':
      return recased(name);
    case '/':
      return replaced(name, depth);
    case '#':
    case '%':
      return trimmed(name, depth);
    default:
      break;
  }
  if (auto closed = close(); !closed) return std::move(closed).error();
  return value_of(name);
}

base::Result<std::string> TemplateReader::length() {
  ++at_;
  auto variable = name();
  if (!variable) return variable;
  if (auto closed = close(); !closed) return std::move(closed).error();
  auto value = value_of(*variable);
  if (!value) return value;
  return std::to_string(value->size());
}

base::Result<std::string> TemplateReader::with_default(const std::string& name, size_t depth) {
  at_ += peek() == '=' ? 1 : 2;
  std::string text;
  while (peek() != '}') {
    auto piece = argument("}", false, depth);
    if (!piece) return piece;
    text += *piece;
    if (text.size() > owner_.limits_.max_result) return too_large();
  }
  ++at_;
  const auto* value = find(name);
  return value == nullptr || value->empty() ? text : *value;
}

base::Result<std::string> TemplateReader::part(const std::string& name, size_t depth) {
  ++at_;
  auto position = argument(":}", false, depth);
  if (!position) return position;
  std::string count;
  const bool has_count = peek() == ':';
  if (has_count) {
    while (take(':')) continue;
    auto argument_two = argument("}", false, depth);
    if (!argument_two) return argument_two;
    count = std::move(*argument_two);
  }
  if (auto closed = close(); !closed) return std::move(closed).error();
  auto value = value_of(name);
  if (!value) return value;
  return forms::part_of(*value, *position, has_count ? &count : nullptr);
}

base::Result<std::string> TemplateReader::replaced(const std::string& name, size_t depth) {
  const char second = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
  const auto form = take_form(second == '/' || second == '#' || second == '%' ? 2 : 1);
  auto what = argument("/", true, depth);
  if (!what) return what;
  if (!take('/')) return refuse("a replacement lacks its second '/'");
  while (take('/')) continue;
  std::string by;
  const bool has_text = peek() != '}';
  if (has_text) {
    auto text = argument("}", true, depth);
    if (!text) return text;
    by = std::move(*text);
  }
  if (auto closed = close(); !closed) return std::move(closed).error();
  auto value = value_of(name);
  if (!value) return value;
  // A long value times a long replacement: looked at before it is made.
  const size_t most = what->empty() ? 0 : value->size() / what->size();
  if (form == "//" && by.size() > what->size() && most * by.size() > 2 * owner_.limits_.max_result)
    return too_large();
  return forms::replace(form, *value, *what, has_text ? &by : nullptr);
}

base::Result<std::string> TemplateReader::trimmed(const std::string& name, size_t depth) {
  const bool twice = at_ + 1 < text_.size() && text_[at_ + 1] == peek();
  const auto form = take_form(twice ? 2 : 1);
  auto pattern = argument("}", false, depth);
  if (!pattern) return pattern;
  if (auto closed = close(); !closed) return std::move(closed).error();
  auto value = value_of(name);
  if (!value) return value;
  return forms::without_match(form, *value, *pattern, owner_.work_, owner_.limits_.max_work);
}

base::Result<std::string> TemplateReader::recased(const std::string& name) {
  const bool twice = at_ + 1 < text_.size() && text_[at_ + 1] == peek();
  const auto form = take_form(twice ? 2 : 1);
  if (auto closed = close(); !closed) return std::move(closed).error();
  auto value = value_of(name);
  if (!value) return value;
  return forms::change_case(form, *value);
}

bool Expander::concerns(std::string_view text) {
  for (size_t at = text.find('$'); at != std::string_view::npos; at = text.find('$', at + 1))
    if (at + 1 < text.size() && (text[at + 1] == '{' || text[at + 1] == '$')) return true;
  return false;
}

base::Result<std::string> Expander::expand(std::string_view text) {
  return TemplateReader(*this, text).run();
}

}  // namespace gridseal::manifest
