// The trust bundles of this host: pinned first one, accepted ones after it, and what was denied locally.
// Read again, and validated again from the pin, at every start; written one whole file at a time.
//
//   <trust directory>/root.json      the pinned first bundle, or
//   <trust directory>/root.sha256    its fingerprint, "sha256:<hex>": the bundle comes by registry or medium
//   <state directory>/trust/<N>.json            accepted bundles, none ever removed
//   <state directory>/trust/head.json           the highest version accepted
//   <state directory>/trust/anchor.json         a first bundle that was accepted on site in the pin's place
//   <state directory>/trust/local-denials.json  tightening that needs no signature
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.hpp"
#include "trust/trust_bundle.hpp"

namespace gridseal::trust {

struct ChainPlaces {
  std::string trust_directory;
  std::string state_directory;

  std::string bundles() const { return state_directory + "/trust"; }
};

// Who re-anchored, when and why: goes to anchor.json.
struct AnchorRecord {
  base::Digest fingerprint;
  int64_t version = 0;
  // Fingerprint of the pin it stands in for, absent when there was none: with another pin it counts no more.
  std::optional<base::Digest> replaces{};
  std::string who;
  std::string why;
  base::Time at{};
  std::string envelope{};  // the bundle itself, so that one write does it
};

enum class Acceptance { accepted, known };

// One user at a time. A copy is cheap enough to be handed to other threads.
class TrustChain {
 public:
  // No pin: an empty chain; trust is then what is pinned as files. A pin whose bundle is not there yet
  // (root.sha256 alone) is an empty chain that waits.
  // Errors (refused): trust.permissions, trust.bundle_* of the pin; (blocked): those of Files.
  // Damage of what was accepted is no error: see damage().
  static base::Result<TrustChain> load(base::Files& files, ChainPlaces places);

  bool pinned() const { return pin_.has_value(); }  // a bundle or a fingerprint is pinned
  // The highest that validates; nullptr without any.
  const TrustBundle* current() const { return bundles_.empty() ? nullptr : &bundles_.back(); }
  const std::vector<TrustBundle>& bundles() const { return bundles_; }  // from the anchor on
  const std::optional<AnchorRecord>& anchor() const { return anchor_; }
  const DenialEntries& local_denials() const { return local_; }

  // Why nothing new may be admitted although the workload goes on (blocked): trust.bundle_missing,
  // trust.bundle_damaged (an accepted bundle is not there or does not validate, so what is in force is older
  // than what was accepted), trust.local_denials (the file cannot be read). Accepting the bundles again
  // repairs the first two.
  const std::optional<base::Error>& damage() const { return chain_damage_ ? chain_damage_ : local_damage_; }
  // The version that was once accepted; what current() should be.
  int64_t head() const { return head_; }

  // What is denied by the current bundle and locally.
  Denials denials() const;
  // One sentence each: damage, expiry against `now`, an anchor in the pin's place.
  std::vector<std::string> warnings(base::Time now) const;

  // Takes the next bundle into use: written to disk first, then part of this chain. What is in it already is
  // `known`. Errors: those of check_succession and check_first; trust.bundle_unpinned (refused: nothing is
  // pinned that it could follow), trust.bundle_anchor (refused: not the bundle whose fingerprint is pinned);
  // those of Files (blocked; the chain is as before).
  base::Result<Acceptance> accept(std::string_view envelope);
  // What accept() would say; nothing is written.
  base::Result<Acceptance> judge(std::string_view envelope) const;

  // Adds to the local denials. Endorsements and looser entries are ignored. Errors: those of Files;
  // trust.local_denials (blocked: what is there cannot be read, and would be lost).
  base::Result<void> deny(const DenialEntries& more);

  // A new first bundle in the place of a lost root: its fingerprint must be the one that the person on site
  // typed in, its version higher than all that were accepted. What the bundle before it denies, retires and
  // demands at least stays so on this host, as local denials. Errors (refused): trust.bundle_anchor,
  // trust.bundle_rollback, those of check_first and parse_trust_bundle; those of Files and of deny().
  base::Result<void> reanchor(std::string_view envelope, const base::Digest& fingerprint, std::string who,
                              std::string why, base::Time now);

 private:
  TrustChain(base::Files& files, ChainPlaces places) : files_(&files), places_(std::move(places)) {}

  struct Pin {
    base::Digest fingerprint;
    std::optional<TrustBundle> bundle;
  };
  base::Result<void> load_pin();
  void load_anchor();
  void load_head();
  void load_first();
  void load_accepted();
  void load_local();
  bool find_first_by(const base::Digest& fingerprint);
  void damaged(std::string code, std::string message);
  base::Result<Acceptance> judge(const TrustBundle& bundle) const;
  base::Result<void> judge_first(const TrustBundle& bundle) const;
  std::string path_of(int64_t version) const;
  base::Result<TrustBundle> read_accepted(int64_t version) const;
  base::Result<std::vector<int64_t>> stored_versions() const;
  base::Result<void> write(const TrustBundle& bundle);
  void take(TrustBundle bundle);

  base::Files* files_;
  ChainPlaces places_;
  std::optional<Pin> pin_;
  std::optional<AnchorRecord> anchor_;
  std::vector<TrustBundle> bundles_;
  DenialEntries local_;
  int64_t head_ = 0;
  std::optional<base::Digest> head_fingerprint_;
  std::optional<base::Error> chain_damage_;
  std::optional<base::Error> local_damage_;
};

}  // namespace gridseal::trust
