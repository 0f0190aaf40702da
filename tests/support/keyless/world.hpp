// Everything that a signature with a certificate needs: authorities, logs, timestamps, and bundles that are
// right unless a test changes them. The certificates live ten minutes from 2026-03-01T12:00:00Z.
#pragma once

#include <functional>
#include <string>

#include "sigstore/verify_bundle.hpp"
#include "support/keyless/log_maker.hpp"
#include "support/pki/pki.hpp"

namespace gridseal::sigstore::test {

namespace pki = gridseal::test::pki;

inline constexpr const char* kWorkflow =
    "https://github.com/acme/fleet/.github/workflows/release.yml@refs/heads/main";
inline constexpr const char* kIssuer = "https://token.actions.githubusercontent.com";
inline const std::string kIssuerV2 = "1.3.6.1.4.1.57264.1.8";
inline const std::string kIssuerV1 = "1.3.6.1.4.1.57264.1.1";
inline constexpr const char* kSigned = "2026-03-01T12:05:00Z";

// How the certificate was logged.
struct SctChoice {
  std::string extensions;
  std::string time = "2026-03-01T12:00:00Z";
  std::string over;  // the TBS instead of the certificate's own
  int copies = 1;
  std::string log_id;  // instead of the log's own
};

using Change = std::function<void(pki::CertificateSpec&)>;

void drop(pki::CertificateSpec& spec, std::string_view oid);
void replace(pki::CertificateSpec& spec, const pki::ExtensionSpec& extension);

// A log whose key is in use from 2026 on.
LogMaker log_of_2026(const std::string& url);
LogMaker log_of_2026(crypto::PrivateKey key, const std::string& url);

// The same numbers as in IEEE P1363, P-256.
std::string side_by_side(const std::string& signature);

struct World {
  World();

  // A certificate of the workflow by the intermediate, with an SCT that is not its last extension.
  pki::Identity leaf(const Change& change = {}, const SctChoice& choice = {},
                     const pki::Identity* other_issuer = nullptr) const;

  // An entry of `rekor` about the sample.
  LogEntry logged(const LogMaker& log, const Sample& sample, bool envelope,
                  const std::string& time = kSigned) const;
  // The same of `rekor2`: hashedrekord 0.0.2.
  LogEntry logged_v2(const Sample& sample, bool envelope) const;

  // What `signer` says of the bytes, ready to be logged.
  Sample sample_of_statement(const pki::Identity& signer, const std::string& payload) const;
  Sample sample_of_message(const pki::Identity& signer, const std::string& message) const;

  Bundle statement_bundle(const pki::Identity& signer, const std::string& payload,
                          const std::string& time = kSigned) const;
  Bundle message_bundle(const pki::Identity& signer, const std::string& message,
                        const std::string& time = kSigned) const;
  // By the log without times, with a timestamp.
  Bundle message_bundle_v2(const pki::Identity& signer, const std::string& message) const;

  std::string stamp(const std::string& signature, const std::string& time = kSigned) const;
  std::string stamp(const std::string& signature, const pki::TimestampSpec& spec, int status = 0) const;

  pki::Identity root = pki::self_signed(pki::ca_spec("Test root", 1));
  pki::Identity intermediate = pki::issue(pki::ca_spec("Test intermediate", 0), root);
  LogMaker rekor = log_of_2026("https://rekor.example");
  LogMaker rekor2 = log_of_2026(new_ed25519_key(), "https://log2.example");
  LogMaker ct = log_of_2026("https://ct.example");
  pki::Chain tsa = pki::time_stamping_chain();
  TrustedRoot trusted = rekor.root();

 private:
  std::string sct(const SctChoice& choice, const std::string& tbs, const pki::Identity& issuer) const;
};

}  // namespace gridseal::sigstore::test
