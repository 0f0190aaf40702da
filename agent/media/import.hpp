// Takes what a medium brought: trust bundles first, then for each component of this host the newest release
// that it follows, with the images that the release names. A release is judged by the component's own policy
// before a byte of it is copied, hashed while it is copied, judged again out of the store, and only then
// offered to the component, which takes it by the same rules as from a registry.
//
// A cut, a pulled medium or a full disk at any point leaves what was offered as it was. What was copied stays
// in the store's ingest area or unnamed in the store, so that a second try goes on; the next clean-up takes
// what nobody came back for.
#pragma once

#include <atomic>
#include <mutex>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "deploy/engine.hpp"
#include "media/image_names.hpp"
#include "media/medium.hpp"

namespace gridseal::media {

struct ImportRequest {
  std::string path;
  std::string label;  // what people call it; empty: as the medium says, else the path's last part
  std::string who;    // for the audit
};

// How far it is. Thread safe.
class Progress {
 public:
  struct State {
    std::string phase;   // "reading the medium", "copying shop 1.2.0"; empty before and after
    uint64_t done = 0;   // bytes
    uint64_t total = 0;  // bytes that are known to be copied
  };
  State state() const;
  void begin(std::string phase);
  void expect(uint64_t bytes);
  void add(uint64_t bytes);

 private:
  mutable std::mutex mutex_;
  State state_;
};

struct ImportedRelease {
  std::string component;
  std::string revision;  // "stable@sha256:…"
  std::string version;
  size_t images = 0;
  bool known = false;  // it came before
};

struct ImportReport {
  std::string label;
  std::string path;
  base::Time started{};
  base::Time finished{};
  std::vector<ImportedRelease> releases{};
  std::vector<Flaw> refused{};                              // and what is pending
  std::vector<std::pair<std::string, std::string>> left{};  // what was not taken, and why, without blame
  std::vector<base::Json> bundles{};                        // as import_trust says
  Foreign foreign{};
  uint64_t copied = 0;                   // bytes
  std::optional<int64_t> site_report{};  // its number
  std::vector<std::string> warnings{};
};

base::Json to_json(const ImportReport& report);

inline constexpr base::milliseconds kLongestImport = std::chrono::hours(12);

// `files` reads the medium. Not while another import of the same engine runs. What is refused of a medium is
// in the report and in quarantine; a signed site report is made at the end. Errors: those of find_layouts and
// Medium when nothing of the medium can be read; store.no_space, files.*, history.* (blocked),
// media.unreadable, media.stopped, media.too_slow.
base::Result<ImportReport> import_medium(deploy::Engine& engine, base::Files& files,
                                         const ImportRequest& request, Progress& progress,
                                         const std::stop_token& stop);

}  // namespace gridseal::media
