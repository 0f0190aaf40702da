#include "kubesim/field_set.hpp"

namespace gridseal::kubesim {

FieldSet unite(const FieldSet& a, const FieldSet& b) {
  FieldSet out = a;
  out.member = a.member || b.member;
  for (const auto& [step, child] : b.children) {
    auto it = out.children.find(step);
    if (it == out.children.end()) {
      out.children.emplace(step, child);
    } else {
      it->second = unite(it->second, child);
    }
  }
  return out;
}

FieldSet subtract(const FieldSet& a, const FieldSet& b) {
  FieldSet out;
  out.member = a.member && !b.member;
  for (const auto& [step, child] : a.children) {
    auto it = b.children.find(step);
    FieldSet left = it == b.children.end() ? child : subtract(child, it->second);
    if (!left.empty()) out.children.emplace(step, std::move(left));
  }
  return out;
}

FieldSet intersect(const FieldSet& a, const FieldSet& b) {
  FieldSet out;
  out.member = a.member && b.member;
  for (const auto& [step, child] : a.children) {
    auto it = b.children.find(step);
    if (it == b.children.end()) continue;
    FieldSet both = intersect(child, it->second);
    if (!both.empty()) out.children.emplace(step, std::move(both));
  }
  return out;
}

bool equal(const FieldSet& a, const FieldSet& b) {
  if (a.member != b.member || a.children.size() != b.children.size()) return false;
  auto other = b.children.begin();
  for (const auto& [step, child] : a.children) {
    if (step != other->first || !equal(child, other->second)) return false;
    ++other;
  }
  return true;
}

Json to_fields_v1(const FieldSet& set) {
  Json out = Json::object();
  for (const auto& [step, child] : set.children) {
    Json inner = to_fields_v1(child);
    if (child.member && !child.children.empty()) inner["."] = Json::object();
    out[step] = std::move(inner);
  }
  return out;
}

FieldSet from_fields_v1(const Json& fields) {
  FieldSet out;
  if (!fields.is_object()) return out;
  for (const auto& [step, inner] : fields.items()) {
    if (step == ".") {
      out.member = true;
      continue;
    }
    FieldSet child = from_fields_v1(inner);
    if (child.children.empty()) child.member = true;
    out.children.emplace(step, std::move(child));
  }
  return out;
}

std::string step_text(const std::string& step) {
  if (step.starts_with("f:")) return "." + step.substr(2);
  if (step.starts_with("v:")) return "[=" + step.substr(2) + "]";
  std::string out;
  const Json keys = Json::parse(step.substr(2), nullptr, false);
  if (!keys.is_object()) return step;
  for (const auto& [key, value] : keys.items()) out += (out.empty() ? "" : ",") + key + "=" + compact(value);
  return "[" + out + "]";
}

namespace {

void collect(const FieldSet& set, const std::string& prefix, std::vector<std::string>& out) {
  for (const auto& [step, child] : set.children) {
    const std::string path = prefix + step_text(step);
    if (child.member) out.push_back(path);
    collect(child, path, out);
  }
}

}  // namespace

std::vector<std::string> paths(const FieldSet& set) {
  std::vector<std::string> out;
  collect(set, "", out);
  return out;
}

}  // namespace gridseal::kubesim
