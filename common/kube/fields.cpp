#include "kube/fields.hpp"

#include <algorithm>

#include "base/encoding.hpp"

namespace gridseal::kube {

using base::Json;

const Json* field_at(const Json& object, std::initializer_list<std::string_view> path) {
  const Json* at = &object;
  for (const std::string_view name : path) {
    at = base::find_member(*at, name);
    if (at == nullptr) return nullptr;
  }
  return at;
}

std::string text_at(const Json& object, std::initializer_list<std::string_view> path) {
  const Json* field = field_at(object, path);
  return field != nullptr && field->is_string() ? field->get<std::string>() : std::string();
}

int64_t number_at(const Json& object, std::initializer_list<std::string_view> path, int64_t absent) {
  const Json* field = field_at(object, path);
  return field != nullptr && field->is_number_integer() ? field->get<int64_t>() : absent;
}

bool true_at(const Json& object, std::initializer_list<std::string_view> path) {
  const Json* field = field_at(object, path);
  return field != nullptr && *field == true;
}

Condition condition_of(const Json& object, std::string_view type) {
  const Json* conditions = field_at(object, {"status", "conditions"});
  if (conditions == nullptr || !conditions->is_array()) return {};
  for (const Json& condition : *conditions) {
    if (text_at(condition, {"type"}) != type) continue;
    return {text_at(condition, {"status"}), base::printable(text_at(condition, {"reason"}), 100),
            base::printable(text_at(condition, {"message"}), 400)};
  }
  return {};
}

std::string group_of(const Json& object) {
  const std::string version = text_at(object, {"apiVersion"});
  const size_t slash = version.find('/');
  return slash == std::string::npos ? std::string() : version.substr(0, slash);
}

namespace {

// One of matchExpressions; empty when it is not understood.
std::string expression_text(const Json& expression) {
  const std::string key = text_at(expression, {"key"});
  const std::string verb = text_at(expression, {"operator"});
  if (verb == "Exists") return key;
  if (verb == "DoesNotExist") return "!" + key;
  if (verb != "In" && verb != "NotIn") return {};
  std::string values;
  if (const Json* list = field_at(expression, {"values"}); list != nullptr && list->is_array()) {
    for (const Json& value : *list)
      if (value.is_string()) values += (values.empty() ? "" : ",") + value.get<std::string>();
  }
  return key + (verb == "In" ? " in (" : " notin (") + values + ")";
}

}  // namespace

std::string selector_text(const Json& selector) {
  std::string text;
  const auto add = [&](const std::string& term) {
    if (!term.empty()) text += (text.empty() ? "" : ",") + term;
  };
  if (const Json* labels = base::find_object(selector, "matchLabels"); labels != nullptr) {
    for (const auto& [name, value] : labels->items())
      if (value.is_string()) add(name + "=" + value.get<std::string>());
  }
  if (const Json* expressions = base::find_array(selector, "matchExpressions"); expressions != nullptr)
    for (const Json& expression : *expressions) add(expression_text(expression));
  return text;
}

bool is_controlled_by(const Json& object, std::string_view uid) {
  const Json* owners = field_at(object, {"metadata", "ownerReferences"});
  if (owners == nullptr || !owners->is_array()) return false;
  return std::any_of(owners->begin(), owners->end(), [&](const Json& owner) {
    return true_at(owner, {"controller"}) && text_at(owner, {"uid"}) == uid;
  });
}

}  // namespace gridseal::kube
