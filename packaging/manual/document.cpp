#include "manual/document.hpp"

namespace gridseal::manual {
namespace {

using base::Json;

std::string text_of(const Json& object, std::string_view name) {
  const std::string* found = base::find_string(object, name);
  return found == nullptr ? std::string() : *found;
}

bool is_true(const Json& object, std::string_view name) {
  const Json* found = base::find_member(object, name);
  return found != nullptr && found->is_boolean() && found->get<bool>();
}

std::vector<std::string> texts_of(const Json& object, std::string_view name) {
  std::vector<std::string> out;
  const Json* found = base::find_array(object, name);
  if (found == nullptr) return out;
  for (const Json& item : *found) {
    if (item.is_string()) out.push_back(item.get<std::string>());
  }
  return out;
}

std::vector<Option> options_of(const Json& object, std::string_view name) {
  std::vector<Option> out;
  const Json* found = base::find_array(object, name);
  if (found == nullptr) return out;
  for (const Json& item : *found)
    out.push_back({texts_of(item, "names"), text_of(item, "name"), text_of(item, "help"),
                   text_of(item, "value"), texts_of(item, "choices"), text_of(item, "default"),
                   is_true(item, "required"), is_true(item, "repeated")});
  return out;
}

Command command_of(const Json& object, std::vector<std::string> path) {
  path.push_back(text_of(object, "name"));
  Command out{path,
              text_of(object, "help"),
              text_of(object, "footer"),
              options_of(object, "options"),
              options_of(object, "arguments"),
              {},
              is_true(object, "needs_command")};
  if (const Json* commands = base::find_array(object, "commands")) {
    for (const Json& command : *commands) out.commands.push_back(command_of(command, path));
  }
  return out;
}

std::string joined(const std::vector<std::string>& words, const char* between) {
  std::string out;
  for (const auto& word : words) out += (out.empty() ? "" : between) + word;
  return out;
}

}  // namespace

std::string Command::words() const {
  return joined(path, " ");
}

std::string Command::page_name() const {
  return joined(path, "-");
}

base::Result<Document> read_document(std::string_view json) {
  auto parsed = base::parse_json(json);
  if (!parsed) return std::move(parsed).error();
  Document out{command_of(*parsed, {}), text_of(*parsed, "version")};
  if (out.program.path.front().empty())
    return base::Error::refused("manual.document", "this is not what --help-json prints");
  return out;
}

void for_each(const Command& command, const std::function<void(const Command&)>& visit) {
  visit(command);
  for (const Command& inner : command.commands) for_each(inner, visit);
}

}  // namespace gridseal::manual
