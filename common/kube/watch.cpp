#include "kube/watch.hpp"

#include <algorithm>
#include <utility>

namespace gridseal::kube {
namespace {

using base::Error;
using base::Json;
using base::milliseconds;

constexpr milliseconds kServerTimeout{300'000};  // the server ends the stream by itself then
constexpr milliseconds kSilence{330'000};
constexpr size_t kMaxLine = size_t{4} << 20U;
constexpr uint64_t kMaxStream = uint64_t{1} << 40U;
constexpr milliseconds kFirstWatchPause{2'000};
constexpr milliseconds kLongestWatchPause{60'000};

// One JSON document in each line.
class Lines {
 public:
  explicit Lines(const std::function<base::Result<void>(const Json& event)>& take) : take_(take) {}

  base::Result<void> feed(std::string_view piece) {
    while (!piece.empty()) {
      const size_t end = piece.find('\n');
      line_.append(piece.substr(0, end));
      if (line_.size() > kMaxLine)
        return Error::blocked("kube.answer_too_large", "a watch: an event is longer than 4 MiB");
      if (end == std::string_view::npos) return {};
      piece.remove_prefix(end + 1);
      auto event = base::parse_json(line_);
      line_.clear();
      if (!event) return Error::blocked("kube.protocol", "a watch: an event is not JSON");
      if (auto taken = take_(*event); !taken) return taken;
    }
    return {};
  }

 private:
  const std::function<base::Result<void>(const Json& event)>& take_;
  std::string line_;
};

// An ERROR event is a Status in a 200 stream; of 410 above all.
Error error_of(const Json& event) {
  const Json* status = base::find_object(event, "object");
  http::Response response;
  response.status = 500;
  if (status != nullptr) {
    response.status = static_cast<int>(base::find_integer(*status, "code").value_or(500));
    response.body = base::dump_json(*status);
  }
  return failure_of(response, "a watch", true).error;
}

}  // namespace

Answer<void> Client::watch(const std::string& path, const std::string& label_selector,
                           const std::function<void(bool opened)>& heard, const std::stop_token& stop) {
  auto session = access_.session();
  if (!session) return Failure::local(std::move(session).error());
  http::Request message =
      message_for(*session, "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1");
  message.target = session->base_path + path + "?watch=1&allowWatchBookmarks=true&timeoutSeconds=" +
                   std::to_string(kServerTimeout.count() / 1000);
  if (!label_selector.empty()) message.target += "&labelSelector=" + percent_encode(label_selector);
  message.max_body = kMaxStream;
  message.timeout = settings_.request_timeout;
  message.idle_timeout = kSilence;
  const std::function<base::Result<void>(const Json&)> take = [&](const Json& event) -> base::Result<void> {
    const std::string* type = base::find_string(event, "type");
    if (type == nullptr) return Error::blocked("kube.protocol", "a watch: an event without a type");
    if (*type == "ERROR") return error_of(event);
    if (*type != "BOOKMARK") heard(false);
    return {};
  };
  Lines lines(take);
  auto response = session->transport->stream(
      message,
      [&](const http::Response& head) -> base::Result<bool> {
        if (head.status == 200) heard(true);
        return head.status == 200;
      },
      [&](std::string_view piece) { return lines.feed(piece); }, stop);
  if (!response) return Failure::local(std::move(response).error());
  if (response->status != 200) return failure_of(*response, "a watch of " + path, true);
  return {};
}

void Watch::follow(Client& client, const WatchTarget& target) {
  const auto now = client.clock().monotonic();
  if (client_ == &client && target_ == target) {
    if (running_) return;
    if (broke_.exchange(false)) {
      pause_ = std::clamp(pause_ * 2, kFirstWatchPause, kLongestWatchPause);
      next_try_ = now + pause_;
    }
    if (now < next_try_) return;
  } else {
    stop();
    client_ = &client;
    target_ = target;
    pause_ = milliseconds(0);
  }
  running_ = true;
  thread_ = std::jthread([this, &client](const std::stop_token& token) { run(client, token); });
}

void Watch::stop() {
  if (thread_.joinable()) {
    thread_.request_stop();
    thread_.join();
  }
  client_ = nullptr;
  target_ = {};
  running_ = open_ = broke_ = news_ = false;
}

void Watch::run(Client& client, const std::stop_token& stop) {
  auto ended = client.watch(
      target_.path, target_.label_selector,
      [this](bool opened) {
        if (opened) {
          open_ = true;
          return;
        }
        news_ = true;
        if (heard_) heard_();
      },
      stop);
  const bool was_open = open_.exchange(false);
  if (!ended) broke_ = true;
  running_ = false;
  // The next look is due as if there had been no watch.
  if (was_open && !stop.stop_requested()) {
    news_ = true;
    if (heard_) heard_();
  }
}

}  // namespace gridseal::kube
