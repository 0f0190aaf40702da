#include "history/lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

namespace gridseal::history {

namespace {

std::string system_message() {
  return std::generic_category().message(errno);
}

// The process that has it, as it wrote into the file; empty when unknown.
std::string holder(int descriptor) {
  std::array<char, 24> buffer{};
  const auto got = ::pread(descriptor, buffer.data(), buffer.size(), 0);
  std::string text;
  for (ssize_t i = 0;
       i < got && buffer.at(static_cast<size_t>(i)) >= '0' && buffer.at(static_cast<size_t>(i)) <= '9'; ++i) {
    text += buffer.at(static_cast<size_t>(i));
  }
  return text.empty() ? text : " (process " + text + ")";
}

}  // namespace

base::Result<StateLock> StateLock::acquire(const std::string& state_directory) {
  const std::string path = state_directory + "/lock";
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
  if (descriptor < 0) {
    return base::Error::blocked("history.unreadable", path + " cannot be opened: " + system_message());
  }
  StateLock lock(descriptor);
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) {
      return base::Error::blocked("history.unreadable", path + " cannot be locked: " + system_message());
    }
    return base::Error::blocked("history.in_use", "another gridseald" + holder(descriptor) +
                                                      " already works on " + state_directory +
                                                      ": stop it first or give this one its own state");
  }
  // Only for the sentence above: it need not reach the disk, and a full disk does not matter.
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(descriptor, 0) == 0) (void)!::pwrite(descriptor, pid.data(), pid.size(), 0);
  return lock;
}

StateLock::StateLock(StateLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

StateLock::~StateLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace gridseal::history
