// Users and groups out of /etc/passwd and /etc/group, and what one of them may read.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "doctor/host.hpp"

namespace gridseal::doctor {

struct User {
  std::string name;  // "uid 999" when it has none
  uint32_t id = 0;
  std::set<uint32_t> groups{};
};

// The one that gridseald runs as: the owner of the state directory; before there is one, the user "gridseal".
std::optional<User> agent_user(const Host& host);

std::string user_name(const Host& host, uint32_t id);

// What keeps `user` from reading `path`: the file itself or a folder above it; empty when nothing does, or
// when it cannot be seen.
std::string obstacle(const Host& host, const User& user, const std::string& path);

}  // namespace gridseal::doctor
