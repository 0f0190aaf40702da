// A world in which everything verifies; each test spoils one thing.
#pragma once

#include <gtest/gtest.h>

#include "support/notary/notary.hpp"

namespace gridseal::notation {

using base::Json;
using test::notary::Authority;
using test::notary::Cose;
using test::notary::Jws;
using test::notary::Signer;
namespace pki = test::pki;
namespace notary = test::notary;

class NotationTest : public testing::Test {
 protected:
  NotationTest() { pin("ca", authority_.root.certificate); }

  static StoreReference reference(const std::string& type, const std::string& name = "acme") {
    if (type == "tsa") return {StoreType::tsa, name};
    return {type == "ca" ? StoreType::ca : StoreType::signing_authority, name};
  }
  void pin(const std::string& type, const crypto::Certificate& certificate) {
    const auto added = store_.add_certificates(reference(type), certificate.der(), "a certificate");
    ASSERT_TRUE(added) << added.error().describe();
  }

  base::Result<Verified> judge(const std::string& envelope) const {
    return verify(notary::media_type_of(envelope), envelope, request_, notary::policy(policy_), store_, now_);
  }
  // The error's code; empty when it verifies.
  std::string code(const std::string& envelope) const {
    const auto verified = judge(envelope);
    if (verified) return "";
    EXPECT_EQ(verified.error().outcome(), base::Outcome::refused);
    return verified.error().code();
  }
  std::string code(const Signer& signer) const { return code(Jws(signer).text()); }
  // Of a leaf made from `spec`.
  std::string leaf_code(const pki::CertificateSpec& spec) const { return code(authority_.signer(spec)); }

  Authority authority_;
  Signer signer_ = authority_.signer();
  TrustStore store_;
  Json policy_ = Json::object();
  Request request_ = notary::request();
  base::Time now_ = pki::at("2026-03-02T00:00:00Z");
};

}  // namespace gridseal::notation
