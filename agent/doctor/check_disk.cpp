#include <sstream>

#include "doctor/checks.hpp"
#include "doctor/users.hpp"

namespace gridseal::doctor {
namespace {

constexpr const char* kState = "disk.state";
constexpr const char* kSpace = "disk.space";

std::string octal(uint32_t mode) {
  std::ostringstream text;
  text << '0' << std::oct << mode;
  return text.str();
}

std::string mebibytes(uint64_t bytes) {
  return std::to_string(bytes >> 20U) + " MiB";
}

bool is_below(const std::string& path, const std::string& mount) {
  return mount == "/" || path == mount || path.starts_with(mount + "/");
}

// Of proc(5) "mounts": whether the file system of `path` is mounted read-only. The last of the longest
// counts.
bool read_only(const Host& host, const std::string& path) {
  constexpr uint64_t kMaxMounts = uint64_t{4} << 20U;
  const auto mounts = base::read_file(host.files, host.at("/proc/self/mounts"), kMaxMounts);
  if (!mounts) return false;
  std::istringstream lines(*mounts);
  std::string line;
  std::string longest;
  bool answer = false;
  while (std::getline(lines, line)) {
    std::istringstream words(line);
    std::string device;
    std::string mount;
    std::string type;
    std::string options;
    if (!(words >> device >> mount >> type >> options)) continue;
    if (!is_below(path, mount) || mount.size() < longest.size()) continue;
    longest = mount;
    answer = options == "ro" || options.starts_with("ro,");
  }
  return answer;
}

}  // namespace

Findings check_state_directory(const Case& subject, const std::stop_token& /*stop*/) {
  const Host& host = subject.host;
  const std::string& path = host.state_directory;
  const auto info = host.files.stat(path);
  if (!info && base::is_not_found(info.error()))
    return {warning(kState, path, path + " is not there yet; the service makes it when it starts",
                    "sudo systemctl enable --now gridseald")};
  if (!info) return {failed(kState, path, info.error(), "look at the disk")};
  if (info->kind != base::EntryKind::directory)
    return {wrong(kState, path, path + " is not a directory",
                  "move it away; the service makes the directory when it starts")};
  const std::string owner = user_name(host, info->owner);
  Findings findings;
  if ((info->mode & 0022U) != 0)
    findings.push_back(wrong(kState, path,
                             path + " can be written by others than its owner (mode " + octal(info->mode) +
                                 "): they could change what this host trusts",
                             "sudo chmod 0750 " + path));
  else if ((info->mode & 0700U) != 0700U)
    findings.push_back(wrong(
        kState, path, "its owner " + owner + " cannot work in " + path + " (mode " + octal(info->mode) + ")",
        "sudo chmod 0750 " + path));
  else if (read_only(host, path))
    findings.push_back(wrong(kState, path, "the file system of " + path + " is mounted read-only",
                             "look at 'journalctl -k' for errors of the disk, then mount it for writing"));
  else
    findings.push_back(good(kState, path, path + " belongs to " + owner + ", mode " + octal(info->mode)));
  return findings;
}

Findings check_space(const Case& subject, const std::stop_token& /*stop*/) {
  const Host& host = subject.host;
  // Before there is a state directory, what is above it has its file system.
  std::string path = host.state_directory;
  while (path.size() > 1 && !host.files.stat(path)) path = base::parent_directory(path);
  const auto free = host.files.free_bytes(path);
  if (!free) return {failed(kSpace, path, free.error(), "look at the disk")};
  const uint64_t least = subject.settings == nullptr ? 0 : subject.settings->storage.free_space_min;
  const std::string has = mebibytes(*free) + " are free";
  if (*free < least)
    return {wrong(
        kSpace, path,
        has + ", less than storage.free_space_min (" + mebibytes(least) + "): no new revision is fetched",
        "free some space, or lower storage.free_space_min")};
  if (*free < 2 * least)
    return {
        warning(kSpace, path,
                has + "; below " + mebibytes(least) + " (storage.free_space_min) no new revision is fetched",
                "free some space")};
  return {good(kSpace, path, has)};
}

}  // namespace gridseal::doctor
