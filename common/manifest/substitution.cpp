#include "manifest/substitution.hpp"

#include <cmath>

#include "base/encoding.hpp"
#include "manifest/scalar.hpp"
#include "manifest/yaml.hpp"

namespace gridseal::manifest {
namespace {

constexpr std::string_view kSubstitute = "kustomize.toolkit.fluxcd.io/substitute";
constexpr size_t kLongestPath = 300;
constexpr size_t kMaxUndefined = 20;

bool is_disabled(const Json& body) {
  const auto* metadata = base::find_object(body, "metadata");
  if (metadata == nullptr) return false;
  for (const char* map : {"labels", "annotations"}) {
    const auto* found = base::find_object(*metadata, map);
    const auto* value = found == nullptr ? nullptr : base::find_string(*found, kSubstitute);
    if (value != nullptr && *value == "disabled") return true;
  }
  return false;
}

void unmark(Json& value) {
  if (value.is_binary()) value = marked_text(value);
  if (value.is_structured())
    for (auto& child : value) unmark(child);
}

// Its name is what was written, before it was looked at.
std::string describe(const Json& body, const Origin& origin) {
  const auto* kind = base::find_string(body, "kind");
  const auto* metadata = base::find_object(body, "metadata");
  const auto* name = metadata == nullptr ? nullptr : base::find_member(*metadata, "name");
  std::string out = kind == nullptr ? "an object" : base::printable(*kind, 63);
  if (name != nullptr && name->is_string()) out += " " + base::printable(name->get<std::string>(), 253);
  if (name != nullptr && name->is_binary()) out += " " + base::printable(marked_text(*name), 253);
  return out + " in " + origin.describe();
}

bool is_secret(const Json& body) {
  const auto* kind = base::find_string(body, "kind");
  return kind == nullptr || *kind == "Secret";
}

}  // namespace

Substitution Substitution::without_values() {
  return Substitution(Unknown{});
}

base::Result<void> Substitution::apply(Json& document, const Origin& origin) {
  if (!is_list(document)) return object(document, origin);
  const auto items = document.find("items");
  if (items == document.end() || !items->is_array()) return object(document, origin);
  for (auto& item : *items)
    if (auto done = object(item, origin); !done) return done;
  return {};
}

base::Result<void> Substitution::object(Json& body, const Origin& origin) {
  if (is_disabled(body)) {
    unmark(body);
    return {};
  }
  object_ = describe(body, origin);
  hides_text_ = is_secret(body);
  std::string path;
  return walk(body, path);
}

base::Result<void> Substitution::found(Json& value, const std::string& path, const base::Error& error) {
  const bool is_reference = error.code() == "manifest.substitution";
  const std::string what =
      hides_text_ && is_reference
          ? "a reference to a variable cannot be replaced (what it says is not shown); write $$ where a $ is "
            "meant"
          : error.message();
  std::string sentence = object_ + ", " + base::printable(path, kLongestPath) + ": " + what;
  if (!collects_ || !is_reference) return base::Error::refused(error.code(), std::move(sentence));
  unmark(value);
  if (findings_.size() < kMaxUndefined) findings_.push_back(std::move(sentence));
  return {};
}

base::Result<void> Substitution::walk(Json& value, std::string& path) {
  if (value.is_string() || value.is_binary()) {
    auto done = text(value);
    return done ? done : found(value, path, done.error());
  }
  if (!value.is_structured()) return {};
  const size_t length = path.size();
  size_t index = 0;
  for (auto child = value.begin(); child != value.end(); ++child) {
    if (value.is_array()) {
      path += "[" + std::to_string(index++) + "]";
    } else {
      if (!path.empty()) path += '.';
      path += child.key();
    }
    if (auto done = walk(*child, path); !done) return done;
    path.resize(length);
  }
  return {};
}

base::Result<void> Substitution::text(Json& value) {
  const bool plain = value.is_binary();
  if (!plain && !Expander::concerns(value.get_ref<const std::string&>())) return {};
  auto expanded = expander_.expand(plain ? marked_text(value) : value.get_ref<const std::string&>());
  if (!expanded) return std::move(expanded).error();
  if (!plain) {
    value = std::move(*expanded);
    return {};
  }
  auto typed = resolve_scalar({}, *expanded);
  if (!typed) return std::move(typed).error();
  if (typed->is_number_float() && !std::isfinite(typed->get<double>()))
    return base::Error::refused("manifest.substitution", "infinity and NaN have no JSON form");
  value = as_value(std::move(*typed));
  return {};
}

}  // namespace gridseal::manifest
