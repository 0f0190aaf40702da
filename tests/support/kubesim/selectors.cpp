#include "kubesim/selectors.hpp"

#include <algorithm>
#include <cctype>

namespace gridseal::kubesim {

namespace {

// 051: "unable to parse requirement: found '=', expected: identifier".
Failure unreadable(const std::string& found, const std::string& expected) {
  return bad_request("unable to parse requirement: found '" + found + "', expected: " + expected);
}

class Lexer {
 public:
  explicit Lexer(const std::string& text) : text_(text) { next(); }
  const std::string& token() const { return token_; }
  void next() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])) != 0) ++at_;
    token_.clear();
    if (at_ >= text_.size()) return;
    static const std::string kSpecial = "=!<>(),";
    if (kSpecial.find(text_[at_]) == std::string::npos) {
      while (at_ < text_.size() && kSpecial.find(text_[at_]) == std::string::npos &&
             std::isspace(static_cast<unsigned char>(text_[at_])) == 0) {
        token_ += text_[at_++];
      }
      return;
    }
    token_ = text_[at_++];
    if ((token_ == "=" || token_ == "!") && at_ < text_.size() && text_[at_] == '=') token_ += text_[at_++];
  }
  bool word() const { return !token_.empty() && std::string("=!<>(),").find(token_[0]) == std::string::npos; }

 private:
  const std::string& text_;
  std::size_t at_ = 0;
  std::string token_;
};

Outcome<std::vector<std::string>> read_values(Lexer& lexer) {
  std::vector<std::string> out;
  if (lexer.token() != "(") return tl::unexpected(unreadable(lexer.token(), "'('"));
  lexer.next();
  while (lexer.token() != ")") {
    if (lexer.token().empty()) return tl::unexpected(unreadable("", "',', or ')'"));
    if (lexer.token() != ",") out.push_back(lexer.token());
    lexer.next();
  }
  lexer.next();
  return out;
}

Outcome<Requirement> read_requirement(Lexer& lexer) {
  Requirement out{{}, Requirement::Operator::exists, {}};
  if (lexer.token() == "!") {
    lexer.next();
    out.op = Requirement::Operator::not_exists;
  }
  if (!lexer.word()) return tl::unexpected(unreadable(lexer.token(), "identifier"));
  out.key = lexer.token();
  lexer.next();
  const std::string op = lexer.token();
  if (out.op == Requirement::Operator::not_exists || op.empty() || op == ",") return out;
  lexer.next();
  if (op == "in" || op == "notin") {
    out.op = op == "in" ? Requirement::Operator::in : Requirement::Operator::not_in;
    auto values = read_values(lexer);
    if (!values) return tl::unexpected(values.error());
    out.values = std::move(*values);
    return out;
  }
  if (op == "=" || op == "==") {
    out.op = Requirement::Operator::in;
  } else if (op == "!=") {
    out.op = Requirement::Operator::not_in;
  } else if (op == ">" || op == "gt") {
    out.op = Requirement::Operator::greater;
  } else if (op == "<" || op == "lt") {
    out.op = Requirement::Operator::less;
  } else {
    return tl::unexpected(unreadable(op, "in, notin, =, ==, !=, gt, lt"));
  }
  if (!lexer.word() && !lexer.token().empty() && lexer.token() != ",") {
    return tl::unexpected(unreadable(lexer.token(), "identifier"));
  }
  out.values = {lexer.word() ? lexer.token() : ""};
  if (lexer.word()) lexer.next();
  return out;
}

bool holds(const Requirement& requirement, const Json* labels) {
  const Json* value = labels != nullptr && labels->is_object() && labels->contains(requirement.key)
                          ? &(*labels)[requirement.key]
                          : nullptr;
  const std::string text = value != nullptr && value->is_string() ? value->get<std::string>() : "";
  const bool listed =
      std::find(requirement.values.begin(), requirement.values.end(), text) != requirement.values.end();
  auto as_number = [](const std::string& s) { return std::strtoll(s.c_str(), nullptr, 10); };
  switch (requirement.op) {
    case Requirement::Operator::in:
      return value != nullptr && listed;
    case Requirement::Operator::not_in:
      return value == nullptr || !listed;
    case Requirement::Operator::exists:
      return value != nullptr;
    case Requirement::Operator::not_exists:
      return value == nullptr;
    case Requirement::Operator::greater:
      return value != nullptr && as_number(text) > as_number(requirement.values[0]);
    case Requirement::Operator::less:
      return value != nullptr && as_number(text) < as_number(requirement.values[0]);
  }
  return false;
}

const std::vector<std::string>& selectable(const Resource& resource) {
  static const std::vector<std::string> kNone;
  static const std::map<std::string, std::vector<std::string>> kByPlural = {
      {"pods",
       {"spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName",
        "status.phase", "status.podIP"}},
      {"events",
       {"involvedObject.kind", "involvedObject.name", "involvedObject.namespace", "involvedObject.uid",
        "reason", "type"}},
      {"namespaces", {"status.phase"}},
      {"secrets", {"type"}},
      {"services", {"spec.clusterIP", "spec.type"}},
      {"nodes", {"spec.unschedulable"}},
      {"jobs", {"status.successful"}},
      {"replicasets", {"status.replicas"}}};
  auto it = kByPlural.find(resource.plural);
  return it == kByPlural.end() ? kNone : it->second;
}

std::vector<std::string> split_path(const std::string& path) {
  std::vector<std::string> out;
  std::size_t at = 0;
  for (std::size_t dot; (dot = path.find('.', at)) != std::string::npos; at = dot + 1)
    out.push_back(path.substr(at, dot - at));
  out.push_back(path.substr(at));
  return out;
}

}  // namespace

Outcome<Selector> Selector::labels(const std::string& text) {
  Selector out;
  Lexer lexer(text);
  while (!lexer.token().empty()) {
    auto requirement = read_requirement(lexer);
    if (!requirement) return tl::unexpected(requirement.error());
    out.requirements_.push_back(std::move(*requirement));
    if (lexer.token().empty()) break;
    if (lexer.token() != ",") return tl::unexpected(unreadable(lexer.token(), "',' or 'end of string'"));
    lexer.next();
  }
  return out;
}

Outcome<Selector> Selector::fields(const std::string& text, const Resource& resource) {
  Selector out;
  std::size_t at = 0;
  while (at < text.size()) {
    std::size_t end = text.find(',', at);
    if (end == std::string::npos) end = text.size();
    const std::string term = text.substr(at, end - at);
    at = end + 1;
    if (term.empty()) continue;
    Field field;
    std::size_t op = term.find("!=");
    std::size_t width = 2;
    field.equals = op == std::string::npos;
    if (field.equals) {
      op = term.find("==");
      if (op == std::string::npos) {
        op = term.find('=');
        width = 1;
      }
    }
    if (op == std::string::npos)
      return tl::unexpected(bad_request("invalid selector: '" + term + "'; can't understand '" + term + "'"));
    const std::string name = term.substr(0, op);
    field.value = term.substr(op + width);
    const auto& known = selectable(resource);
    if (name != "metadata.name" && name != "metadata.namespace" &&
        std::find(known.begin(), known.end(), name) == known.end()) {
      if (!known.empty() || resource.custom)
        return tl::unexpected(bad_request("field label not supported: " + name));
      return tl::unexpected(bad_request(
          "\"" + name + "\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\""));
    }
    field.path = split_path(name);
    out.fields_.push_back(std::move(field));
  }
  return out;
}

Selector Selector::of(const Json& label_selector) {
  Selector out;
  if (const Json* labels = find(label_selector, {"matchLabels"}); labels != nullptr && labels->is_object()) {
    for (const auto& [key, value] : labels->items()) {
      out.requirements_.push_back(
          {key, Requirement::Operator::in, {value.is_string() ? value.get<std::string>() : ""}});
    }
  }
  const Json* expressions = find(label_selector, {"matchExpressions"});
  if (expressions == nullptr || !expressions->is_array()) return out;
  for (const Json& expression : *expressions) {
    Requirement requirement{kubesim::text(expression, {"key"}), Requirement::Operator::exists, {}};
    const std::string op = kubesim::text(expression, {"operator"});
    if (op == "In") requirement.op = Requirement::Operator::in;
    if (op == "NotIn") requirement.op = Requirement::Operator::not_in;
    if (op == "DoesNotExist") requirement.op = Requirement::Operator::not_exists;
    if (expression.contains("values"))
      requirement.values = expression["values"].get<std::vector<std::string>>();
    out.requirements_.push_back(std::move(requirement));
  }
  return out;
}

bool Selector::matches_labels(const Json* labels) const {
  return std::all_of(requirements_.begin(), requirements_.end(),
                     [&](const Requirement& r) { return holds(r, labels); });
}

bool Selector::matches(const Json& object) const {
  if (!matches_labels(find(object, {"metadata", "labels"}))) return false;
  return std::all_of(fields_.begin(), fields_.end(), [&](const Field& field) {
    const Json* at = &object;
    for (const std::string& key : field.path) {
      at = at != nullptr && at->is_object() && at->contains(key) ? &(*at)[key] : nullptr;
    }
    std::string value;
    if (at != nullptr) value = at->is_string() ? at->get<std::string>() : compact(*at);
    return (value == field.value) == field.equals;
  });
}

}  // namespace gridseal::kubesim
