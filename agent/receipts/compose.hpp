// The statements that a host makes: plain facts in, the bytes to be signed out.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "crypto/public_key.hpp"
#include "history/history.hpp"

namespace gridseal::receipts {

// Something that ends at a known time.
struct Expiry {
  std::string what;  // "trust bundle 4"
  base::Time at;
};

// What only the running agent knows of its site.
struct SiteFacts {
  std::string name{};
  std::string environment{};
  std::string agent{};                     // version
  std::optional<std::string> held{};       // why the settings in use are not those on disk
  std::string system{};                    // "Debian GNU/Linux 12 (bookworm)"; empty: not known
  std::string kernel{};                    // "6.1.0-18-amd64"
  std::string kubernetes{};                // "v1.31.5+k3s1"
  std::optional<int64_t> trust_version{};  // of the trust bundle in force
  std::string trust_fingerprint{};         // of it
  size_t denied_keys = 0;                  // keys and signers
  size_t denied_digests = 0;               //
  size_t retired_keys = 0;                 //
  size_t minimum_releases = 0;             //
  std::string denials{};    // digest over all that is denied: two sites with the same deny the same
  base::Time host_clock{};  // may be behind the floor
  std::optional<base::Time> time_floor{};  //
  std::vector<Expiry> expiries{};          // soonest first
  std::vector<std::string> warnings{};     // sentences
};

// How a deployment ended. `artifact`, `verification`: what is recorded of it; may be absent.
struct DeploymentFacts {
  history::Deployment deployment;  // with its steps
  std::optional<history::Artifact> artifact{};
  std::optional<history::Verification> verification{};
  std::optional<history::ComponentRecord> component{};  // as it is now
};

std::string compose_receipt(const SiteFacts& site, const DeploymentFacts& facts, const crypto::PublicKey& key,
                            const history::ReceiptPlace& place);

struct ReportFacts {
  std::vector<history::ComponentRecord> components;
  std::map<std::string, size_t> open_drifts;  // by component
  std::map<std::string, size_t> failures;     // remembered ones, by component
};

std::string compose_report(const SiteFacts& site, const ReportFacts& facts, const crypto::PublicKey& key,
                           const history::ReceiptPlace& place);

}  // namespace gridseal::receipts
