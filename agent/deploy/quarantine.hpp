// What media brought and this host refused: a record of each, with its reason, for people. The bytes are not
// kept: they never came into the store, and lie on the medium still.
//
//   <state directory>/quarantine.json    written whole, one file at a time
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/digest.hpp"
#include "base/files.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "base/time.hpp"
#include "deploy/offers.hpp"

namespace gridseal::deploy {

struct Refusal {
  std::string what;                    // as the medium calls it
  std::optional<base::Digest> digest;  // of the artifact; none: a bundle, a layout, an entry of one
  std::string medium;                  // label as it was told
  std::string code;
  std::string message;
  std::string outcome;  // "refused", or "pending": not complete yet
  base::Time time{};    // of the latest refusal
};

base::Json to_json(const Refusal& refusal);

// Thread safe.
class Quarantine {
 public:
  static constexpr size_t kMost = 100;  // the oldest go first

  // A damaged file is set aside and begun anew: the audit has the same.
  static base::Result<std::unique_ptr<Quarantine>> open(base::Files& files, base::Log& log,
                                                        const std::string& state_directory);

  // What was refused for the same reason before only gets another time and medium; what was taken after all
  // goes. On disk when this returns. Nothing is written when nothing is new. Errors: those of Files.
  base::Result<void> note(std::vector<Refusal> refused, const std::vector<base::Digest>& taken);
  std::vector<Refusal> all() const;  // the latest last
  // One sentence for `status`; nothing when it is empty.
  std::optional<std::string> sentence() const;

 private:
  Quarantine(base::Files& files, std::string path) : files_(files), path_(std::move(path)) {}

  base::Files& files_;
  const std::string path_;
  mutable std::mutex mutex_;
  std::vector<Refusal> refusals_;
};

// What is on disk, for whoever asks while gridseald does not run; nothing where there is no such file.
// Errors: those of Files, parse.*.
base::Result<std::vector<Refusal>> read_quarantine(base::Files& files, const std::string& state_directory);

// {"offers": […], "quarantine": […]}: what media brought, for people.
base::Json media_list(const std::vector<Offer>& offers, const std::vector<Refusal>& refusals);

}  // namespace gridseal::deploy
