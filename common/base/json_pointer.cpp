#include "base/json_pointer.hpp"

#include <charconv>

namespace gridseal::base {

std::optional<JsonPointer> JsonPointer::parse(std::string_view text) {
  JsonPointer pointer;
  if (text.empty()) return pointer;
  if (text.front() != '/') return std::nullopt;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '/') {
      pointer.steps.emplace_back();
      continue;
    }
    if (text[i] != '~') {
      pointer.steps.back() += text[i];
      continue;
    }
    const char next = ++i < text.size() ? text[i] : '\0';
    if (next != '0' && next != '1') return std::nullopt;
    pointer.steps.back() += next == '0' ? '~' : '/';
  }
  return pointer;
}

std::optional<size_t> array_position(std::string_view step, size_t size) {
  size_t index = 0;
  const auto [end, error] = std::from_chars(step.data(), step.data() + step.size(), index);
  const bool leading_zero = step.size() > 1 && step.front() == '0';
  if (error != std::errc() || end != step.data() + step.size() || leading_zero || index >= size)
    return std::nullopt;
  return index;
}

const Json* JsonPointer::find(const Json& root) const {
  const Json* at = &root;
  for (const std::string& step : steps) {
    if (at->is_object()) {
      const auto found = at->find(step);
      if (found == at->end()) return nullptr;
      at = &*found;
    } else if (at->is_array()) {
      const auto position = array_position(step, at->size());
      if (!position) return nullptr;
      at = &(*at)[*position];
    } else {
      return nullptr;
    }
  }
  return at;
}

}  // namespace gridseal::base
