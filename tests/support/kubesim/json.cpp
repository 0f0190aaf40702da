#include "kubesim/json.hpp"

namespace gridseal::kubesim {

const Json* find(const Json& root, std::initializer_list<const char*> path) {
  const Json* at = &root;
  for (const char* key : path) {
    if (!at->is_object()) return nullptr;
    auto it = at->find(key);
    if (it == at->end()) return nullptr;
    at = &*it;
  }
  return at;
}

Json& make(Json& root, std::initializer_list<const char*> path) {
  Json* at = &root;
  for (const char* key : path) {
    if (!at->is_object()) *at = Json::object();
    at = &(*at)[key];
  }
  return *at;
}

std::string text(const Json& root, std::initializer_list<const char*> path) {
  const Json* value = find(root, path);
  return value != nullptr && value->is_string() ? value->get<std::string>() : std::string();
}

std::int64_t number(const Json& root, std::initializer_list<const char*> path, std::int64_t fallback) {
  const Json* value = find(root, path);
  return value != nullptr && value->is_number() ? value->get<std::int64_t>() : fallback;
}

bool flag(const Json& root, std::initializer_list<const char*> path, bool fallback) {
  const Json* value = find(root, path);
  return value != nullptr && value->is_boolean() ? value->get<bool>() : fallback;
}

std::string compact(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

bool is_blank(const Json& value) {
  if (value.is_null()) return true;
  if (value.is_string() || value.is_structured())
    return value.is_string() ? value.get_ref<const std::string&>().empty() : value.empty();
  return false;
}

}  // namespace gridseal::kubesim
