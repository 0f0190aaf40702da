#include "kubesim/schema.hpp"

namespace gridseal::kubesim {

namespace {

std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

std::string_view take_word(std::string_view& text) {
  const std::size_t end = text.find(' ');
  std::string_view word = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return word;
}

std::string short_group(const std::string& group) {
  if (group.empty()) return "core";
  return group.substr(0, group.find('.'));
}

}  // namespace

Schema::Schema(std::string_view table) {
  Type* any = fresh(Shape::deduced);
  any->element = any;
  deduced_ = any;
  for (std::string_view text = table; !text.empty();) {
    std::string_view line = take_line(text);
    std::string_view name = take_word(line);
    const bool atomic = name.starts_with('!');
    if (atomic) name.remove_prefix(1);
    Type* type = fresh(line == "=?" ? Shape::deduced : Shape::structure);
    type->element = line == "=?" ? deduced_ : nullptr;
    type->atomic = atomic;
    named_[std::string(name)] = type;
  }
  for (std::string_view text = table; !text.empty();) read_line(take_line(text));
  // `!@Name` copies were made before their originals had fields.
  for (auto& [original, copy] : atomic_of_) {
    auto* target = const_cast<Type*>(copy);
    *target = *original;
    target->atomic = true;
  }
}

void Schema::read_line(std::string_view line) {
  std::string_view name = take_word(line);
  if (name.starts_with('!')) name.remove_prefix(1);
  if (line == "=?") return;
  Type* type = named_.at(std::string(name));
  while (!line.empty()) {
    std::string_view field = take_word(line);
    const std::size_t colon = field.find(':');
    const std::string key(field.substr(0, colon));
    std::string_view rest = field.substr(colon + 1);
    type->fields[key] = parse(rest);
    if (rest.starts_with('=')) type->key_defaults[key] = std::string(rest.substr(1));
  }
}

Type* Schema::fresh(Shape shape) {
  types_.emplace_back();
  types_.back().shape = shape;
  return &types_.back();
}

const Type* Schema::parse(std::string_view& text) {
  const char kind = text.front();
  text.remove_prefix(1);
  auto collection = [&](Shape shape, char close) {
    Type* type = fresh(shape);
    type->atomic = shape == Shape::list;
    type->element = parse(text);
    if (close != '\0' && text.starts_with(close)) text.remove_prefix(1);
    return type;
  };
  switch (kind) {
    case 's':
      return fresh(Shape::string);
    case 'n':
      return fresh(Shape::number);
    case 'b':
      return fresh(Shape::boolean);
    case '?':
      return deduced_;
    case '[':
      return collection(Shape::list, ']');
    case '<':
      return collection(Shape::set, '>');
    case '{':
      return collection(Shape::map, '}');
    case '(': {
      const std::size_t end = text.find(')');
      std::string_view keys = text.substr(0, end);
      text.remove_prefix(end + 1);
      std::vector<std::string> names;
      while (!keys.empty()) {
        const std::size_t comma = keys.find(',');
        names.emplace_back(keys.substr(0, comma));
        keys.remove_prefix(comma == std::string_view::npos ? keys.size() : comma + 1);
      }
      Type* type = collection(Shape::keyed_list, '\0');
      type->keys = std::move(names);
      return type;
    }
    case '@': {
      std::size_t end = 0;
      while (end < text.size() && std::string_view(")]}>= ").find(text[end]) == std::string_view::npos) ++end;
      const std::string name(text.substr(0, end));
      text.remove_prefix(end);
      return named_.at(name);
    }
    case '!': {
      const Type* original = parse(text);
      auto& copy = atomic_of_[original];
      if (copy == nullptr) {
        Type* made = fresh(original->shape);
        *made = *original;
        made->atomic = true;
        copy = made;
      }
      return copy;
    }
    default:
      return fresh(Shape::untyped);
  }
}

const Type* Schema::of_kind(const std::string& group, const std::string& version,
                            const std::string& kind) const {
  auto it = named_.find(short_group(group) + "." + version + "." + kind);
  return it == named_.end() ? deduced_ : it->second;
}

const Type* Schema::of_custom_resource(const Json& open_api) {
  if (!open_api.is_object()) return deduced_;
  return from_open_api(open_api, true);
}

const Type* Schema::from_open_api(const Json& schema, bool root) {
  const std::string kind = text(schema, {"type"});
  const bool preserve = flag(schema, {"x-kubernetes-preserve-unknown-fields"});
  if (flag(schema, {"x-kubernetes-int-or-string"})) return fresh(Shape::untyped);
  if (kind == "array") {
    const std::string how = text(schema, {"x-kubernetes-list-type"});
    Type* type = fresh(how == "set" ? Shape::set : how == "map" ? Shape::keyed_list : Shape::list);
    type->atomic = type->shape == Shape::list;
    const Json* items = find(schema, {"items"});
    type->element = items != nullptr ? from_open_api(*items, false) : deduced_;
    if (type->shape == Shape::keyed_list)
      type->keys = schema.at("x-kubernetes-list-map-keys").get<std::vector<std::string>>();
    return type;
  }
  if (kind == "string") return fresh(Shape::string);
  if (kind == "integer" || kind == "number") return fresh(Shape::number);
  if (kind == "boolean") return fresh(Shape::boolean);
  const Json* properties = find(schema, {"properties"});
  const Json* additional = find(schema, {"additionalProperties"});
  if (properties == nullptr && additional != nullptr && additional->is_object()) {
    Type* type = fresh(Shape::map);
    type->element = from_open_api(*additional, false);
    return type;
  }
  if (properties == nullptr && (preserve || !root)) return deduced_;
  Type* type = fresh(Shape::structure);
  type->open = preserve;
  type->atomic = text(schema, {"x-kubernetes-map-type"}) == "atomic";
  if (properties != nullptr) {
    for (const auto& [name, property] : properties->items()) {
      type->fields[name] = from_open_api(property, false);
      if (property.contains("default")) type->defaults[name] = property["default"];
    }
  }
  if (root) {
    type->fields["apiVersion"] = fresh(Shape::string);
    type->fields["kind"] = fresh(Shape::string);
    type->fields["metadata"] = named_.at("meta.v1.ObjectMeta");
  }
  return type;
}

}  // namespace gridseal::kubesim
