// Reading fields of live objects; absent ones have their zero value, as Kubernetes leaves zeros out.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "base/json.hpp"

namespace gridseal::kube {

// The member at a path of names, or nullptr.
const base::Json* field_at(const base::Json& object, std::initializer_list<std::string_view> path);
std::string text_at(const base::Json& object, std::initializer_list<std::string_view> path);
int64_t number_at(const base::Json& object, std::initializer_list<std::string_view> path, int64_t absent = 0);
bool true_at(const base::Json& object, std::initializer_list<std::string_view> path);

// An entry of status.conditions; all empty when there is none of this type.
struct Condition {
  std::string status;  // "True", "False", "Unknown"
  std::string reason;
  std::string message;

  bool is_true() const { return status == "True"; }
  bool is_false() const { return status == "False"; }
};
Condition condition_of(const base::Json& object, std::string_view type);

// "apps" of apps/v1, "" of v1.
std::string group_of(const base::Json& object);

// A LabelSelector as the text of a labelSelector parameter; empty when it selects nothing in particular.
std::string selector_text(const base::Json& selector);

// Whether `object` names `uid` as its controller.
bool is_controlled_by(const base::Json& object, std::string_view uid);

}  // namespace gridseal::kube
