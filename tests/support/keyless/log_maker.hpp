// A transparency log of the test's own, with a Merkle tree that follows the definitions of RFC 6962 to the
// letter (recursive, slow).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "crypto/private_key.hpp"
#include "sigstore/checkpoint.hpp"
#include "sigstore/log_entry.hpp"

namespace gridseal::sigstore::test {

std::string fixture(const std::string& name);  // of tests/fixtures/sigstore
base::Json json_fixture(const std::string& name);

crypto::PrivateKey new_ed25519_key();
std::string flipped(std::string bytes, size_t bit);

// MTH(D) and PATH(m, D) of RFC 6962 sections 2.1 and 2.1.1.
std::string reference_root(const std::vector<std::string>& entries);
std::vector<std::string> reference_path(size_t index, const std::vector<std::string>& entries);

class LogMaker {
 public:
  explicit LogMaker(crypto::PrivateKey key, const std::string& base_url = "https://log.example");

  Log log;
  TrustedRoot root() const;
  std::string sign(std::string_view message) const;
  // "— <name> <key id and signature>\n"
  std::string signature_line(std::string_view text, std::string_view name) const;
  std::string note(std::string_view text) const;  // signed under the log's host

  // An entry with promise (ECDSA) and proof, the seventh of eleven.
  LogEntry entry(const std::string& kind, const std::string& version, const std::string& body) const;
  void sign_again(LogEntry& entry) const;  // the promise, after a change

 private:
  crypto::PrivateKey key_;
};

// A signature somewhere, and the bodies that record it.
struct Sample {
  Sample();
  crypto::PrivateKey key;
  std::string payload_type = "application/vnd.in-toto+json";
  std::string payload = R"({"_type":"https://in-toto.io/Statement/v1"})";
  std::string message = "message";
  std::string digest;
  std::string signature = "the signature's bytes";
  std::string certificate = "the certificate's bytes";

  Logged over_message() const;
  Logged over_envelope() const;
  base::Json hashedrekord_v1() const;
  base::Json hashedrekord_v2(bool envelope) const;
  base::Json dsse_v1() const;
  base::Json dsse_v2() const;
  base::Json intoto_v2() const;

 private:
  std::string pem() const;
  base::Json verifier() const;
};

}  // namespace gridseal::sigstore::test
