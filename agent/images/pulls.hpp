// Blobs on their way from a mirror into the cache. However many clients ask for one, it is pulled once; each
// follows the file as it grows.
#pragma once

#include <condition_variable>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

#include "base/files.hpp"
#include "oci/store.hpp"

namespace gridseal::images {

// One blob on its way. Thread safe.
class Pull {
 public:
  explicit Pull(oci::Descriptor blob) : blob_(std::move(blob)) {}

  const oci::Descriptor& blob() const { return blob_; }
  // Waits for the first byte, or the end: whether there is something to follow. Errors: those of the pull.
  base::Result<void> begun(const std::stop_token& stop);
  // Bytes from `offset` on, before `end`; waits for them. The last of them come only when the whole blob has
  // proved to be what its digest says, so that nobody completes an answer with wrong bytes. Errors: those of
  // the pull; oci.restarted when what `reader` was given before has been thrown away; oci.cancelled.
  struct Reader {
    uint64_t attempt = 0;  // of the transfer; 0: has got nothing yet
  };
  base::Result<size_t> read(Reader& reader, uint64_t offset, uint64_t end, char* buffer, size_t size,
                            const std::stop_token& stop);
  bool failed();  // ended without the blob

 private:
  friend class Pulls;
  class Sink;

  void opened(std::unique_ptr<base::InputFile> file, uint64_t have);
  void advanced(uint64_t size);
  void restarted();
  void ended(base::Result<void> result);

  const oci::Descriptor blob_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::shared_ptr<base::InputFile> file_;
  uint64_t have_ = 0;
  uint64_t attempt_ = 1;
  bool ended_ = false;
  std::optional<base::Error> error_;
};

// Brings the blob into the sink.
using Fetch = std::function<base::Result<void>(oci::BlobSink& sink, const std::stop_token& stop)>;

// Thread safe. Its destructor stops what is under way; what arrived is taken up again at the next start.
class Pulls {
 public:
  // `cache` and `files` outlive it; `directory` is the cache's.
  Pulls(base::Files& files, oci::Store& cache, std::string directory, size_t most);
  ~Pulls();
  Pulls(const Pulls&) = delete;
  Pulls& operator=(const Pulls&) = delete;

  // The pull of this blob that is under way, or a new one; `anew`: although the cache has it, which is
  // damaged. Error (blocked): images.busy, so many are under way already.
  base::Result<std::shared_ptr<Pull>> join(const oci::Descriptor& blob, bool anew, Fetch fetch);
  size_t under_way();

 private:
  struct Running {
    std::shared_ptr<Pull> pull;
    std::jthread thread;
    bool ended = false;
  };

  void run(const std::shared_ptr<Pull>& pull, bool anew, const Fetch& fetch, const std::stop_token& stop);
  void reap();

  base::Files& files_;
  oci::Store& cache_;
  const std::string directory_;
  const size_t most_;
  std::mutex mutex_;
  std::list<Running> running_;
};

}  // namespace gridseal::images
