#include "images/pulls.hpp"

#include <algorithm>

namespace gridseal::images {

using base::Error;
using base::Result;

// Tells the followers of what the writer of the cache has taken.
class Pull::Sink final : public oci::BlobSink {
 public:
  Sink(Pull& pull, oci::BlobSink& writer) : pull_(pull), writer_(writer) {}
  uint64_t size() const override { return writer_.size(); }
  Result<void> write(std::string_view piece) override {
    if (auto r = writer_.write(piece); !r) return r;
    pull_.advanced(writer_.size());
    return {};
  }
  Result<void> restart() override {
    pull_.restarted();
    return writer_.restart();
  }
  Result<void> finish() override { return writer_.finish(); }

 private:
  Pull& pull_;
  oci::BlobSink& writer_;
};

void Pull::opened(std::unique_ptr<base::InputFile> file, uint64_t have) {
  const std::lock_guard lock(mutex_);
  file_ = std::move(file);
  have_ = have;
  changed_.notify_all();
}

void Pull::advanced(uint64_t size) {
  const std::lock_guard lock(mutex_);
  have_ = size;
  changed_.notify_all();
}

void Pull::restarted() {
  const std::lock_guard lock(mutex_);
  have_ = 0;
  ++attempt_;
  changed_.notify_all();
}

void Pull::ended(Result<void> result) {
  const std::lock_guard lock(mutex_);
  ended_ = true;
  if (!result) error_ = std::move(result).error();
  changed_.notify_all();
}

bool Pull::failed() {
  const std::lock_guard lock(mutex_);
  return error_.has_value();
}

Result<void> Pull::begun(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  if (!changed_.wait(lock, stop, [this] { return ended_ || (file_ && have_ > 0); }))
    return Error::blocked("oci.cancelled", "the program is stopping");
  if (error_) return *error_;
  return {};
}

Result<size_t> Pull::read(Reader& reader, uint64_t offset, uint64_t end, char* buffer, size_t size,
                          const std::stop_token& stop) {
  std::shared_ptr<base::InputFile> file;
  uint64_t until = 0;
  {
    std::unique_lock lock(mutex_);
    const auto readable = [&] { return ended_ ? end : std::min(have_, end - 1); };
    const auto is_lost = [&] { return reader.attempt != 0 && reader.attempt != attempt_; };
    if (!changed_.wait(lock, stop, [&] { return is_lost() || ended_ || (file_ && readable() > offset); }))
      return Error::blocked("oci.cancelled", "the program is stopping");
    if (error_) return *error_;
    // Whoever had bytes of the attempt that failed cannot go on; a new request can.
    if (is_lost())
      return Error::blocked("oci.restarted", "the mirror sent wrong bytes; the blob is pulled from another");
    reader.attempt = attempt_;
    until = readable();
    file = file_;
  }
  return file->read_at(offset, buffer, static_cast<size_t>(std::min<uint64_t>(size, until - offset)));
}

Pulls::Pulls(base::Files& files, oci::Store& cache, std::string directory, size_t most)
    : files_(files), cache_(cache), directory_(std::move(directory)), most_(most) {}

Pulls::~Pulls() {
  {
    const std::lock_guard lock(mutex_);
    for (Running& one : running_) one.thread.request_stop();
  }
  // The threads take the lock when they end.
  for (Running& one : running_) one.thread.join();
}

void Pulls::reap() {
  for (auto one = running_.begin(); one != running_.end();) {
    if (one->ended) {
      one->thread.join();
      one = running_.erase(one);
    } else {
      ++one;
    }
  }
}

Result<std::shared_ptr<Pull>> Pulls::join(const oci::Descriptor& blob, bool anew, Fetch fetch) {
  const std::lock_guard lock(mutex_);
  reap();
  for (const Running& one : running_)
    if (one.pull->blob().digest == blob.digest && one.pull->blob().size == blob.size && !one.pull->failed())
      return one.pull;
  if (running_.size() >= most_)
    return Error::blocked("images.busy", "so many blobs are being pulled that another one has to wait");
  auto pull = std::make_shared<Pull>(blob);
  Running& running = running_.emplace_back(Running{pull, {}, false});
  running.thread =
      std::jthread([this, pull, anew, fetch = std::move(fetch), &running](const std::stop_token& stop) {
        run(pull, anew, fetch, stop);
        const std::lock_guard done(mutex_);
        running.ended = true;
      });
  return pull;
}

size_t Pulls::under_way() {
  const std::lock_guard lock(mutex_);
  reap();
  return running_.size();
}

void Pulls::run(const std::shared_ptr<Pull>& pull, bool anew, const Fetch& fetch,
                const std::stop_token& stop) {
  const auto done = [&]() -> Result<void> {
    // It may have become whole between the look that missed it and now.
    if (!anew && cache_.contains(pull->blob())) {
      auto whole = files_.open_input(directory_ + "/blobs/sha256/" + pull->blob().digest.hex());
      if (!whole) return std::move(whole).error();
      pull->opened(std::move(*whole), pull->blob().size);
      return {};
    }
    auto writer = cache_.begin_blob(pull->blob());
    if (!writer) return std::move(writer).error();
    auto file = files_.open_input(directory_ + "/ingest/" + pull->blob().digest.hex() + ".part");
    if (!file) return std::move(file).error();
    pull->opened(std::move(*file), (*writer)->size());
    Pull::Sink sink(*pull, **writer);
    return fetch(sink, stop);
  };
  pull->ended(done());
}

}  // namespace gridseal::images
