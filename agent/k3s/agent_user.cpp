#include "k3s/agent_user.hpp"

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

namespace gridseal::k3s {
namespace {

using base::Error;
using base::Result;

Error failed(const std::string& what) {
  return Error::blocked("k3s.user", what + ": " + std::strerror(errno));  // NOLINT: one thread
}

class SystemUser final : public AgentUser {
 public:
  SystemUser(uid_t user, gid_t group) : user_(user), group_(group) {}

  Result<void> run(const std::function<Result<void>()>& work) override {
    // Root's further groups are not the agent's.
    std::vector<gid_t> groups(static_cast<size_t>(std::max(0, ::getgroups(0, nullptr))));
    if (::getgroups(static_cast<int>(groups.size()), groups.data()) < 0 || ::setgroups(0, nullptr) != 0 ||
        ::setegid(group_) != 0 || ::seteuid(user_) != 0) {
      return failed("cannot act as the agent's user");
    }
    auto done = work();
    if (::seteuid(0) != 0 || ::setegid(0) != 0 || ::setgroups(groups.size(), groups.data()) != 0)
      return failed("cannot act as root again");
    return done;
  }
  Result<void> own(const std::string& path) override { return change(path, user_); }
  Result<void> share(const std::string& path) override { return change(path, 0); }

 private:
  Result<void> change(const std::string& path, uid_t user) const {
    if (::lchown(path.c_str(), user, group_) == 0) return {};
    return failed("the owner of " + path + " cannot be set");
  }

  uid_t user_;
  gid_t group_;
};

}  // namespace

std::unique_ptr<AgentUser> find_agent_user(const std::string& state_directory, const std::string& name) {
  if (::geteuid() != 0) return nullptr;
  struct stat info {};
  if (::stat(state_directory.c_str(), &info) == 0) {
    if (info.st_uid == 0) return nullptr;
    return std::make_unique<SystemUser>(info.st_uid, info.st_gid);
  }
  std::array<char, 16 * 1024> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr)
    return nullptr;
  return std::make_unique<SystemUser>(found->pw_uid, found->pw_gid);
}

}  // namespace gridseal::k3s
