// Hears of changes in one collection (Kubernetes API concepts, "Efficient detection of changes"), so that a
// look comes when there is something to see. What it says is never more than "something changed": the state
// itself is always listed, and a watch that is refused, cut, too old or silent costs a later look, no more.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <thread>

#include "kube/client.hpp"

namespace gridseal::kube {

struct WatchTarget {
  std::string path;  // of the collection
  std::string label_selector;

  friend bool operator==(const WatchTarget&, const WatchTarget&) = default;
};

// At most one stream, in a thread of its own. The methods are for one thread; `heard` is called by the other.
class Watch {
 public:
  explicit Watch(std::function<void()> heard) : heard_(std::move(heard)) {}
  ~Watch() { stop(); }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  // Begins to watch, or goes on with it. A stream that ended is opened again, after a refusal or a break not
  // sooner than after a pause that grows to a minute. `client` is used until stop() or another target.
  void follow(Client& client, const WatchTarget& target);
  // Returns when the thread has ended.
  void stop();

  // Whether the server has accepted the stream and it has not ended.
  bool is_open() const { return open_; }
  bool has_news() const { return news_; }
  // Whether anything was heard since the last call.
  bool take_news() { return news_.exchange(false); }

 private:
  void run(Client& client, const std::stop_token& stop);

  std::function<void()> heard_;
  Client* client_ = nullptr;
  WatchTarget target_;
  base::Clock::Monotonic next_try_{};
  base::milliseconds pause_{0};
  std::atomic<bool> running_{false};
  std::atomic<bool> broke_{false};
  std::atomic<bool> open_{false};
  std::atomic<bool> news_{false};
  std::jthread thread_;
};

}  // namespace gridseal::kube
