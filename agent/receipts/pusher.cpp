#include "receipts/pusher.hpp"

#include <algorithm>

namespace gridseal::receipts {
namespace {

constexpr base::milliseconds kLook{30'000};  // for new ones
constexpr base::milliseconds kFirstPause{60'000};
constexpr base::milliseconds kLongestPause{3'600'000};

}  // namespace

Pusher::Pusher(base::Clock& clock, base::Log& log, history::History& history, Push push)
    : clock_(clock), log_(log), history_(history), push_(std::move(push)), due_(clock.monotonic()) {}

void Pusher::turn(bool on) {
  on_ = on;
  passed_ = 0;
  attempts_ = 0;
  due_ = clock_.monotonic();
  if (!on) warn(std::nullopt);
}

void Pusher::look() {
  if (attempts_ == 0) due_ = clock_.monotonic();
}

void Pusher::run(const std::stop_token& stop) {
  if (due() > clock_.monotonic()) return;
  auto next = history_.unpushed_receipts(passed_, 1);
  if (!next) return failed(next.error());
  if (next->empty()) {
    passed_ = 0;
    due_ = clock_.monotonic() + kLook;
    return;
  }
  const history::Receipt& receipt = next->front();
  auto pushed = push_(receipt, stop);
  if (!pushed) {
    if (!stop.stop_requested()) failed(pushed.error());
    return;
  }
  if (*pushed) {
    if (auto kept = history_.set_receipt_pushed(receipt.sequence); !kept) return failed(kept.error());
    if (attempts_ > 0) log_.info("receipts are pushed again");
    attempts_ = 0;
    warn(std::nullopt);
  }
  passed_ = receipt.sequence;
  due_ = clock_.monotonic();
}

void Pusher::failed(const base::Error& error) {
  due_ = clock_.monotonic() + std::min(kLongestPause, kFirstPause * (1 << std::min(attempts_, 10)));
  const std::string sentence = "receipts cannot be pushed, they wait on this host: " + error.describe();
  if (++attempts_ == 1) log_.warning(sentence, {{"reason", error.code()}});
  warn(sentence);
}

void Pusher::warn(std::optional<std::string> sentence) {
  const std::scoped_lock lock(mutex_);
  warning_ = std::move(sentence);
}

std::optional<std::string> Pusher::warning() const {
  const std::scoped_lock lock(mutex_);
  return warning_;
}

}  // namespace gridseal::receipts
