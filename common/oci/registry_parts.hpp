// What the parts of Registry share: the walk over mirrors and rounds. Private to this module.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "oci/attempt.hpp"
#include "oci/mirror_client.hpp"
#include "oci/registry.hpp"

namespace gridseal::oci {

// Collects the failures of a round and decides whether another one is worth it. Used by one thread.
class Walk {
 public:
  Walk(const RetryPolicy& policy, const Surroundings& outside, std::string doing, size_t mirrors);

  // Whether mirror `index` is to be asked in this round.
  bool wants(size_t index) const { return open_[index]; }
  // False: the walk ends with error().
  bool record(size_t index, const std::string& mirror, Failure failure);
  // True when a pause was made and another round begins.
  bool next_round(const std::stop_token& stop);
  // An answer that counts only when no mirror has a better one.
  void settle_for_absence() { absence_is_answer_ = true; }
  bool absent() const { return absence_is_answer_ && saw_absence_; }
  base::Error error() const;

 private:
  struct Told {
    std::string mirror;
    Failure failure;
  };

  const RetryPolicy& policy_;
  const Surroundings& outside_;
  const std::string doing_;
  std::vector<bool> open_;
  std::vector<std::optional<Told>> told_;  // the last failure of each mirror
  std::optional<base::Error> final_;
  bool absence_is_answer_ = false;
  bool saw_absence_ = false;
  int round_ = 1;
};

struct Registry::Parts {
  RegistrySettings settings;
  Surroundings outside;
  std::vector<std::unique_ptr<MirrorClient>> mirrors;

  // The first good answer of ask(mirror) -> Attempt<T>.
  template <class T, class Ask>
  base::Result<T> walk(Walk& walk, const std::stop_token& stop, Ask&& ask) {
    do {
      for (size_t i = 0; i < mirrors.size(); ++i) {
        if (!walk.wants(i)) continue;
        if (stop.stop_requested()) return cancelled();
        Attempt<T> attempt = ask(*mirrors[i]);
        if (attempt) {
          if constexpr (std::is_void_v<T>) {
            return {};
          } else {
            return std::move(*attempt);
          }
        }
        if (!walk.record(i, mirrors[i]->name(), std::move(attempt).error())) return walk.error();
      }
      if (walk.absent()) break;
    } while (walk.next_round(stop));
    return stop.stop_requested() ? cancelled() : walk.error();
  }

  template <class T, class Ask>
  base::Result<T> walk(std::string doing, const std::stop_token& stop, Ask&& ask) {
    Walk steps(settings.retry, outside, std::move(doing), mirrors.size());
    return walk<T>(steps, stop, std::forward<Ask>(ask));
  }

  static base::Error cancelled();
  Attempt<ManifestBytes> manifest_from(MirrorClient& mirror, const std::string& repository,
                                       const std::string& name, const base::Digest* expected,
                                       const std::stop_token& stop) const;
  Attempt<std::optional<ManifestHead>> head_from(MirrorClient& mirror, const std::string& repository,
                                                 const std::string& tag, const std::stop_token& stop) const;
  Attempt<std::vector<std::string>> tags_from(MirrorClient& mirror, const std::string& repository,
                                              const std::stop_token& stop) const;
  Attempt<ReferrerList> referrers_from(MirrorClient& mirror, const std::string& repository,
                                       const base::Digest& subject, const std::stop_token& stop) const;
  Attempt<void> blob_from(MirrorClient& mirror, const std::string& repository, const Descriptor& blob,
                          BlobSink& sink, const std::stop_token& stop) const;
  Attempt<void> blob_head_from(MirrorClient& mirror, const std::string& repository, const Descriptor& blob,
                               const std::stop_token& stop) const;
};

}  // namespace gridseal::oci
