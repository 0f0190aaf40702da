// The connected side: keys of sites that somebody enrolled, and what a pile of receipts says by them.
//   <folder>/NAME.pub    one or more PEM blocks: the keys that NAME signs with
//   <folder>/NAME.seen   the furthest that was ever seen of NAME, so that an older pile is noticed
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/files.hpp"
#include "receipts/chain.hpp"
#include "receipts/pile.hpp"

namespace gridseal::receipts {

struct Seen {
  base::Digest key;
  int64_t sequence = 0;
  base::Digest statement;
};

struct EnrolledSite {
  std::string name;  // empty: whatever its receipts say
  std::vector<crypto::PublicKey> keys;
  std::vector<Seen> seen{};  // by key
};

// Errors: files.*; site.key (refused: a file is no public key; names it).
base::Result<std::vector<EnrolledSite>> read_sites(base::Files& files, const std::string& folder);

// Keeps the key as one of NAME's; true: it was not there. Errors (refused): site.name (no name that a file
// can have: 1 to 63 lower-case letters, digits, '-'), site.enrolled (NAME has another key, and `add` was not
// said; or the key is that of another site); files.*.
base::Result<bool> enroll(base::Files& files, const std::string& folder, const std::string& name,
                          const crypto::PublicKey& key, bool add);

struct ComponentState {
  std::string revision;  // that was deployed last, or that runs; may be empty
  std::string version;   // signed; may be empty
  std::string state;     // outcome of the last deployment, or state as last reported
  std::string reason;
  std::optional<base::Digest> runs;
  base::Time time{};
};

// What one site says, judged.
struct SiteState {
  std::string name;                 // empty: of a key that nobody enrolled
  std::optional<base::Digest> key;  // of the newest statement
  std::vector<Chain> chains{};      // one for each key
  std::vector<Flaw> alarms{};       // proofs of something wrong, and what is signed wrongly
  std::vector<Flaw> gaps{};         // missing numbers, and a clock that went back
  std::map<std::string, ComponentState> components{};
  std::optional<Statement> newest{};
  std::optional<Statement> report{};  // the newest one

  bool is_whole() const { return alarms.empty() && gaps.empty(); }
};

// Each enrolled site, also one that nothing was found of, then each unknown key. Codes of alarms: those of
// open_receipt, the proofs of make_chain, receipt.site_name (signed by a site that says it is another one),
// receipt.older (what was seen before is not here any more, or is another one now).
std::vector<SiteState> judge(const Pile& pile, const std::vector<EnrolledSite>& sites);

// Artifacts that the site has, as far as its newest statements say: what need not be brought again.
std::set<base::Digest> held_by(const SiteState& site);

// Notes how far a site was seen; nothing is written when that is no news, or when there are alarms.
base::Result<void> remember(base::Files& files, const std::string& folder, const SiteState& site);

}  // namespace gridseal::receipts
