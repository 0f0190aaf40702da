#include "doctor/users.hpp"

#include <algorithm>
#include <charconv>
#include <vector>

namespace gridseal::doctor {
namespace {

constexpr const char* kAgentUser = "gridseal";
constexpr uint64_t kMaxDatabase = uint64_t{1} << 20U;

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (true) {
    const size_t end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::optional<uint32_t> parse_number(const std::string& text) {
  uint32_t value = 0;
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  return error == std::errc() && at == end ? std::optional(value) : std::nullopt;
}

// The lines of passwd(5) or group(5) as fields.
std::vector<std::vector<std::string>> entries(const Host& host, const char* path, size_t fields) {
  std::vector<std::vector<std::string>> out;
  const auto text = base::read_file(host.files, host.at(path), kMaxDatabase);
  if (!text) return out;
  for (const std::string& line : split(*text, '\n')) {
    auto parts = split(line, ':');
    if (parts.size() >= fields) out.push_back(std::move(parts));
  }
  return out;
}

void add_groups(const Host& host, User& user) {
  for (const auto& group : entries(host, "/etc/group", 4)) {
    const auto id = parse_number(group[2]);
    const auto members = split(group[3], ',');
    if (id && std::ranges::find(members, user.name) != members.end()) user.groups.insert(*id);
  }
}

std::optional<User> find_user(const Host& host,
                              const std::function<bool(const std::string&, uint32_t)>& wanted) {
  for (const auto& entry : entries(host, "/etc/passwd", 4)) {
    const auto id = parse_number(entry[2]);
    const auto group = parse_number(entry[3]);
    if (!id || !group || !wanted(entry[0], *id)) continue;
    User user{entry[0], *id, {*group}};
    add_groups(host, user);
    return user;
  }
  return std::nullopt;
}

bool allowed(const User& user, const base::FileInfo& info, uint32_t bit) {
  if (user.id == 0) return true;
  if (info.owner == user.id) return (info.mode >> 6U & bit) != 0;
  if (user.groups.contains(info.group)) return (info.mode >> 3U & bit) != 0;
  return (info.mode & bit) != 0;
}

}  // namespace

std::optional<User> agent_user(const Host& host) {
  const auto state = host.files.stat(host.state_directory);
  if (!state) return find_user(host, [](const std::string& name, uint32_t) { return name == kAgentUser; });
  auto user = find_user(host, [&](const std::string&, uint32_t id) { return id == state->owner; });
  return user ? user : User{"uid " + std::to_string(state->owner), state->owner, {state->group}};
}

std::string user_name(const Host& host, uint32_t id) {
  const auto user = find_user(host, [&](const std::string&, uint32_t other) { return other == id; });
  return user ? user->name : "uid " + std::to_string(id);
}

std::string obstacle(const Host& host, const User& user, const std::string& path) {
  constexpr uint32_t kRead = 4;
  constexpr uint32_t kEnter = 1;
  const auto info = host.files.stat(path);
  if (!info) return {};
  // The link's own bits say nothing; what it names is opened by the agent itself.
  if (info->kind != base::EntryKind::symlink && !allowed(user, *info, kRead)) return path;
  for (std::string folder = base::parent_directory(path); folder.size() > 1;
       folder = base::parent_directory(folder)) {
    const auto above = host.files.stat(folder);
    if (above && above->kind == base::EntryKind::directory && !allowed(user, *above, kEnter)) return folder;
  }
  return {};
}

}  // namespace gridseal::doctor
