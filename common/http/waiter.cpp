#include "http/waiter.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace gridseal::http {
namespace {

using std::chrono::milliseconds;

// A poll is never longer, so that an injected clock may leap.
constexpr milliseconds kSlice{1'000};

base::Error cancelled(const std::string& peer) {
  return base::Error::blocked("http.cancelled", "the exchange with " + peer + " was cancelled");
}

}  // namespace

// Becomes readable when a stop is requested.
class Waiter::Wake {
 public:
  explicit Wake(const std::stop_token& stop) : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    callback_.emplace(stop, Signal{fd_});
  }
  ~Wake() {
    callback_.reset();  // first: it may be running, and it writes to the descriptor
    if (fd_ >= 0) ::close(fd_);
  }
  Wake(const Wake&) = delete;
  Wake& operator=(const Wake&) = delete;

  int fd() const { return fd_; }

 private:
  struct Signal {
    void operator()() const { (void)::eventfd_write(fd, 1); }
    int fd;
  };
  int fd_;
  std::optional<std::stop_callback<Signal>> callback_;
};

Waiter::Waiter(base::Clock& clock, const std::stop_token& stop, const Limits& limits, std::string peer)
    : clock_(&clock), stop_(stop), limits_(limits), peer_(std::move(peer)) {
  if (limits_.whole.count() > 0) deadline_ = clock_->monotonic() + limits_.whole;
  if (stop_.stop_possible()) wake_ = std::make_shared<Wake>(stop_);
}

Waiter Waiter::bounded(milliseconds limit, std::string activity) const {
  Waiter copy = *this;
  const auto end = clock_->monotonic() + limit;
  if (!copy.deadline_ || end < *copy.deadline_) {
    copy.deadline_ = end;
    copy.limits_.whole = limit;
    copy.activity_ = std::move(activity);
  }
  return copy;
}

base::Error Waiter::whole_error() const {
  const std::string limit = base::format_duration(limits_.whole);
  return base::Error::blocked("http.timeout", activity_.empty()
                                                  ? peer_ + " did not finish its answer within " + limit
                                                  : activity_ + " " + peer_ + " took longer than " + limit);
}

std::optional<milliseconds> Waiter::remaining() const {
  if (!deadline_) return std::nullopt;
  return std::max(milliseconds(0), std::chrono::ceil<milliseconds>(*deadline_ - clock_->monotonic()));
}

base::Result<void> Waiter::check() const {
  if (stop_.stop_requested()) return cancelled(peer_);
  if (deadline_ && clock_->monotonic() >= *deadline_) return whole_error();
  return {};
}

base::Result<void> Waiter::wait(int fd, short events) const {
  const auto started = clock_->monotonic();
  for (;;) {
    if (auto good = check(); !good) return good;
    auto left = remaining().value_or(kSlice);
    if (limits_.idle.count() > 0) {
      const auto idle = std::chrono::ceil<milliseconds>(started + limits_.idle - clock_->monotonic());
      if (idle.count() <= 0) {
        return base::Error::blocked("http.timeout",
                                    peer_ + " was silent for " + base::format_duration(limits_.idle));
      }
      left = std::min(left, idle);
    }
    std::array<pollfd, 2> fds{{{fd, events, 0}, {wake_ ? wake_->fd() : -1, POLLIN, 0}}};
    const int ready = ::poll(fds.data(), fds.size(), static_cast<int>(std::min(left, kSlice).count()));
    if (ready < 0 && errno != EINTR) return base::Error::blocked("http.cut", "poll(2) failed for " + peer_);
    if (ready > 0 && fds[0].revents != 0) return check();
  }
}

}  // namespace gridseal::http
