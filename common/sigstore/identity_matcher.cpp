#include "sigstore/identity_matcher.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/encoding.hpp"

namespace gridseal::sigstore {
namespace {

using base::Error;
using base::Result;

constexpr size_t kMaxPatterns = 64;
constexpr size_t kMaxText = 1024;           // of an expression or exact value, bytes
constexpr int64_t kMaxMemory = 256 * 1024;  // of a compiled expression

Error bad_pattern(const std::string& why) {
  return Error::refused("identity.pattern", why);
}

// Either an exact text or an expression.
struct Rule {
  std::string exact;
  std::shared_ptr<const re2::RE2> expression;

  bool matches(const std::string& text) const {
    return expression ? re2::RE2::PartialMatch(text, *expression) : text == exact;
  }
};

Result<std::shared_ptr<const re2::RE2>> compile(const std::string& field, const std::string& text) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kMaxMemory);
  auto expression = std::make_shared<const re2::RE2>(text, options);
  if (expression->ok()) return std::shared_ptr<const re2::RE2>(std::move(expression));
  return bad_pattern(field + " '" + base::printable(text, 80) +
                     "' is not a usable expression: " + base::printable(expression->error(), 100));
}

// What an operator easily overlooks in an expression that is searched for.
class Review {
 public:
  explicit Review(const std::string& text) : text_(text) {
    for (at_ = 0; at_ < text_.size(); ++at_) step();
    anchored_ = !alternatives_ && starts_anchored() && end_anchor_;
  }

  bool anchored() const { return anchored_; }
  bool loose_dot() const { return loose_dot_; }

 private:
  void step() {
    const char c = text_[at_];
    const bool last = at_ + 1 == text_.size();
    end_anchor_ = false;
    if (c == '\\') {
      ++at_;
      end_anchor_ = at_ + 1 == text_.size() && text_[at_] == 'z';
    } else if (in_class_) {
      in_class_ = c != ']';
    } else if (c == '[') {
      in_class_ = true;
    } else if (c == '(') {
      ++depth_;
    } else if (c == ')') {
      --depth_;
    } else if (c == '|') {
      alternatives_ = alternatives_ || depth_ == 0;
    } else if (c == '$') {
      end_anchor_ = last;
    } else if (c == '.') {
      loose_dot_ =
          loose_dot_ || last || std::string_view("*+?{").find(text_[at_ + 1]) == std::string_view::npos;
    }
  }

  bool starts_anchored() const { return text_.starts_with('^') || text_.starts_with("\\A"); }

  const std::string& text_;
  size_t at_ = 0;
  int depth_ = 0;
  bool in_class_ = false;
  bool alternatives_ = false;
  bool end_anchor_ = false;
  bool anchored_ = false;
  bool loose_dot_ = false;
};

void review(const std::string& field, const std::string& text, std::vector<std::string>& warnings) {
  const Review seen(text);
  const std::string what = field + " '" + base::printable(text, 80) + "'";
  if (!seen.anchored())
    warnings.push_back(what + " is not anchored with ^ and $: it matches anywhere in the text");
  if (seen.loose_dot())
    warnings.push_back(what + " has a dot that stands for any character; write \\. for a dot");
}

Result<Rule> make_rule(const std::string& field, const std::string& exact, const std::string& expression,
                       std::vector<std::string>& warnings) {
  if (exact.empty() == expression.empty())
    return bad_pattern("an identity needs exactly one of " + field + " and " + field + "_regexp");
  if (exact.size() > kMaxText || expression.size() > kMaxText)
    return bad_pattern(field + " of an identity is longer than " + std::to_string(kMaxText) + " bytes");
  if (expression.empty()) return Rule{exact, nullptr};
  auto compiled = compile(field + "_regexp", expression);
  if (!compiled) return std::move(compiled).error();
  review(field + "_regexp", expression, warnings);
  return Rule{{}, std::move(*compiled)};
}

struct Entry {
  Rule issuer;
  Rule subject;
  std::map<std::string, std::string> extensions;
};

Result<void> check_extensions(const std::map<std::string, std::string>& extensions) {
  const auto& known = extension_names();
  for (const auto& [name, value] : extensions) {
    if (std::find(known.begin(), known.end(), name) == known.end())
      return bad_pattern("'" + base::printable(name, 60) + "' is no extension of a signing certificate");
    if (value.empty() || value.size() > kMaxText)
      return bad_pattern("the value of " + name + " is empty or longer than " + std::to_string(kMaxText) +
                         " bytes");
  }
  return {};
}

// Where a pattern said no: the further, the closer it came.
enum class Miss { issuer, subject, extension };

struct Missed {
  Miss where;
  std::string extension;
};

std::optional<Missed> miss(const Entry& entry, const CertificateIdentity& identity) {
  if (!entry.issuer.matches(identity.issuer)) return Missed{Miss::issuer, {}};
  if (!entry.subject.matches(identity.subject)) return Missed{Miss::subject, {}};
  for (const auto& [name, value] : entry.extensions) {
    const auto found = identity.extensions.find(name);
    if (found == identity.extensions.end() || found->second != value) return Missed{Miss::extension, name};
  }
  return std::nullopt;
}

std::string text_of(const Rule& rule) {
  return rule.expression ? "/" + base::printable(rule.expression->pattern(), 120) + "/"
                         : base::printable(rule.exact, 120);
}

// What is asked for, the first few of it.
std::string asked_for(const std::vector<Entry>& entries, Rule Entry::*rule) {
  constexpr size_t kShown = 3;
  std::string text = "; asked for is ";
  for (size_t i = 0; i < entries.size() && i < kShown; ++i)
    text += (i == 0 ? "" : " or ") + text_of(entries[i].*rule);
  if (entries.size() > kShown) text += " or one of " + std::to_string(entries.size() - kShown) + " more";
  return text;
}

Error explain(const Missed& missed, const CertificateIdentity& identity, const std::vector<Entry>& entries) {
  const std::string who = "signed by " + describe(identity) + ", ";
  if (missed.where == Miss::issuer)
    return Error::refused("identity.issuer", who + "whose issuer is none of those that are trusted" +
                                                 asked_for(entries, &Entry::issuer));
  if (missed.where == Miss::subject)
    return Error::refused("identity.san", who + "who is none of the identities that are trusted" +
                                              asked_for(entries, &Entry::subject));
  const auto found = identity.extensions.find(missed.extension);
  const std::string has =
      found == identity.extensions.end() ? "none" : "'" + base::printable(found->second, 120) + "'";
  return Error::refused("identity.extension",
                        who + "whose " + missed.extension + " is not the one asked for but " + has);
}

}  // namespace

struct IdentityMatcher::State {
  std::vector<Entry> entries;
  std::vector<std::string> warnings;
};

Result<IdentityMatcher> IdentityMatcher::make(const std::vector<IdentityPattern>& patterns) {
  if (patterns.empty())
    return Error::refused("identity.none_configured",
                          "no identity is configured: name at least one issuer and subject that may sign");
  if (patterns.size() > kMaxPatterns)
    return bad_pattern("more than " + std::to_string(kMaxPatterns) + " identities in one list");
  auto state = std::make_shared<State>();
  for (const IdentityPattern& pattern : patterns) {
    auto issuer = make_rule("issuer", pattern.issuer, pattern.issuer_regexp, state->warnings);
    if (!issuer) return std::move(issuer).error();
    auto subject = make_rule("subject", pattern.subject, pattern.subject_regexp, state->warnings);
    if (!subject) return std::move(subject).error();
    if (auto known = check_extensions(pattern.extensions); !known) return std::move(known).error();
    state->entries.push_back({std::move(*issuer), std::move(*subject), pattern.extensions});
  }
  return IdentityMatcher(std::move(state));
}

Result<size_t> IdentityMatcher::match(const CertificateIdentity& identity) const {
  if (identity.issuer.empty())
    return Error::refused("identity.issuer", "signed by " + describe(identity) + ": nobody vouches for it");
  std::optional<Missed> closest;
  for (size_t i = 0; i < state_->entries.size(); ++i) {
    auto missed = miss(state_->entries[i], identity);
    if (!missed) return i;
    if (!closest || missed->where > closest->where) closest = std::move(missed);
  }
  return explain(*closest, identity, state_->entries);
}

std::vector<std::string> expression_warnings(const std::string& field, const std::string& expression) {
  std::vector<std::string> warnings;
  review(field, expression, warnings);
  return warnings;
}

const std::vector<std::string>& IdentityMatcher::warnings() const {
  return state_->warnings;
}

}  // namespace gridseal::sigstore
