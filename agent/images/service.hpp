// A pull-only registry (OCI distribution spec 1.1, conformance category "Pull", with tags and referrers) over
// what is on this host: the content store of the agent and a cache of its own. What a listed image still
// lacks is pulled through from the site's mirrors and kept.
//
// It serves what the list names and nothing else: no artifacts of components, nothing that is denied. Every
// byte has been hashed before the answer that holds it is complete; a client whose answer ends early has got
// wrong bytes and asks again.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "http/server.hpp"
#include "images/catalog.hpp"
#include "images/pulls.hpp"
#include "images/upstream.hpp"

namespace gridseal::images {

struct ServiceSettings {
  std::string state_directory;
  uint64_t watermark = uint64_t{256} << 20U;  // bytes of the file system that stay free
  size_t pulls = 8;                           // blobs on their way at a time
  size_t waiting = 12;                        // requests that wait for a mirror at a time
  base::milliseconds mirror_pause{10'000};    // a mirror that gave no answer is not asked for so long
  base::milliseconds patience{60'000};  // a client that takes less than `least_rate` for so long is let go
  uint64_t least_rate = 16 * 1024;      // bytes a second
};

struct ServiceOutside {
  base::Files& files;
  base::Clock& clock;
  base::Log& log;
};

// Thread safe. handle() is the server's handler.
class Service {
 public:
  // Opens the cache, and makes it. Where that is not possible what is in the store is served all the same,
  // and the log says why nothing is pulled through.
  static std::unique_ptr<Service> open(const ServiceOutside& outside, ServiceSettings settings);
  ~Service();

  // Null: nothing is pulled through.
  void use(std::shared_ptr<const Upstream> upstream);
  http::ServerResponse handle(const http::ServerRequest& request);
  // Reads the list when it has changed, and takes out of the cache what is no longer listed. To be called now
  // and then.
  void tidy();
  // "12 images; 2 blobs on their way"
  std::string summary();

 private:
  enum class Where { store, cache };
  struct Bytes {
    std::string bytes;
    std::string media_type;  // as announced; empty: only the bytes say
  };
  class Turn;

  Service(const ServiceOutside& outside, ServiceSettings settings);
  base::Result<http::ServerResponse> answer(const http::ServerRequest& request);
  base::Result<http::ServerResponse> manifest(const Route& route, const std::stop_token& stop);
  base::Result<http::ServerResponse> blob(const Route& route, const http::ServerRequest& request);
  base::Result<http::ServerResponse> tags(const Route& route, const http::ServerRequest& request);
  base::Result<http::ServerResponse> referrers(const Route& route, const http::ServerRequest& request);

  base::Result<base::Digest> resolve(const Route& route, const std::stop_token& stop);
  base::Result<base::Digest> resolve_above(const oci::Repository& image, const std::string& tag,
                                           const std::stop_token& stop);
  base::Result<Bytes> manifest_bytes(const Part& part, const base::Digest& digest,
                                     const std::stop_token& stop);
  base::Result<oci::ManifestBytes> pull_manifest(const oci::Repository& image, const base::Digest& digest,
                                                 const std::stop_token& stop);
  void keep_manifest(const Part& part, const oci::ManifestBytes& manifest);
  void check_list();
  void complete_cache();

  struct Local {
    Where where;
    base::FileInfo info;
    std::unique_ptr<base::InputFile> file;
  };
  std::optional<Local> open_local(const oci::Descriptor& blob);
  bool is_damaged(const base::Digest& digest, Where where, const base::FileInfo& info);
  bool is_proven(const base::Digest& digest, const Local& local);
  void note(const base::Digest& digest, Where where, const base::FileInfo& info, bool good);
  bool prove(const oci::Descriptor& blob, Local& local, const std::stop_token& stop);
  http::ServerResponse send_local(const oci::Descriptor& blob, const std::optional<Range>& range,
                                  Local local);
  base::Result<http::ServerResponse> send_pulled(const Part& part, const std::optional<Range>& range,
                                                 const std::stop_token& stop);
  base::Result<void> is_above(const Part& part, const std::stop_token& stop);

  // Asks the mirrors one after the other; the first success counts. Errors: MANIFEST_UNKNOWN (nobody holds
  // such images), images.busy; that of the mirror that may have it.
  base::Result<void> ask_above(const oci::Repository& image,
                               const std::function<base::Result<void>(const Place&)>& ask);
  void note_trouble(const Place& place, const base::Error& error);

  const ServiceOutside outside_;
  const ServiceSettings settings_;
  oci::StoreView store_;
  oci::StoreView cached_;
  std::unique_ptr<oci::Store> cache_;  // the writing end of `cached_`; null: it cannot be opened
  Catalog catalog_;
  std::unique_ptr<Pulls> pulls_;  // with the cache
  std::atomic<size_t> waiting_{0};
  std::atomic<bool> untidy_{true};

  std::mutex mutex_;  // of what follows
  std::shared_ptr<const Upstream> upstream_;
  std::map<std::string, base::Clock::Monotonic> troubled_;  // mirrors, until when
  struct Verdict {
    base::Time modified;
    uint64_t size;
    bool good;
  };
  // Of hashing blobs as they lie there, so that a part of one costs no reading of the whole each time.
  std::map<std::pair<Where, base::Digest>, Verdict> verdicts_;
};

}  // namespace gridseal::images
