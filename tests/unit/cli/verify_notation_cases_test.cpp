#include "notation/cbor.hpp"
#include "support/notary/notary.hpp"
#include "verify_cases.hpp"

namespace gridseal::cli::cases {
namespace {

namespace notary = gridseal::test::notary;
namespace cbor = notation::cbor;
using notary::Cose;
using notary::Jws;

constexpr const char* kScheme = "io.cncf.notary.signingScheme";
constexpr const char* kSigningTime = "io.cncf.notary.signingTime";
constexpr const char* kAuthenticTime = "io.cncf.notary.authenticSigningTime";

class NotationCases : public CaseTest {
 protected:
  // The payload of every envelope is about this layout's artifact.
  notation::Descriptor artifact() {
    const LayoutMaker layout = new_layout();
    return {kManifestType, layout.digest(), layout.manifest().size()};
  }
  std::string with(const std::string& envelope, const std::string& more = {},
                   const Json& policy = Json::object(), const std::string& type = {}) {
    LayoutMaker layout = new_layout();
    layout.refer({layout.referrer(envelope, type.empty() ? notary::media_type_of(envelope) : type,
                                  "application/vnd.cncf.notary.signature")});
    put("store/x509/ca/acme/root.crt", authority_.root.certificate.to_pem());
    put("store/x509/signingAuthority/acme/root.crt", authority_.root.certificate.to_pem());
    return judge(write(layout) + " --trust-policy " + put("trustpolicy.json", notary::policy_text(policy)) +
                 " --trust-store " + folder_ + "/store" + kAt + more);
  }
  Jws jws(const notary::Signer& signer) {
    Jws made(signer);
    made.payload = notary::payload(artifact());
    return made;
  }
  Cose cose(const notary::Signer& signer) {
    Cose made(signer);
    made.payload = notary::payload(artifact());
    return made;
  }
  std::string with_header(const std::function<void(Json&)>& change, const Json& policy = Json::object()) {
    Jws made = jws(signer_);
    change(made.protected_header);
    return with(made.text(), {}, policy);
  }
  std::string with_leaf(const std::function<void(pki::CertificateSpec&)>& change) {
    auto spec = notary::leaf_spec();
    change(spec);
    const notary::Signer signer = authority_.signer(spec);
    return with(jws(signer).text());
  }

  notary::Authority authority_;
  notary::Signer signer_ = authority_.signer();
};

// GS-CLI-077: what is signed is the artifact: digest, size and media type (specification 10.2).
TEST_F(NotationCases, Descriptor) {
  EXPECT_EQ(with(jws(signer_).text()), "verified");
  EXPECT_EQ(with(cose(signer_).bytes()), "verified");
  const auto about = [&](const std::function<void(notation::Descriptor&)>& change) {
    Jws made(signer_);
    notation::Descriptor descriptor = artifact();
    change(descriptor);
    made.payload = notary::payload(descriptor);
    return with(made.text());
  };
  EXPECT_EQ(about([](auto& one) { one.digest = crypto::sha256("another"); }), "notary.descriptor")
      << "jws-moved";
  EXPECT_EQ(about([](auto& one) { ++one.size; }), "notary.descriptor") << "jws-size-other";
  EXPECT_EQ(about([](auto& one) { one.media_type = kIndexType; }), "notary.descriptor")
      << "jws-mediatype-other";
}

// GS-CLI-078: algorithm and critical headers (specification 10.1).
TEST_F(NotationCases, Headers) {
  for (const char* name : {"none", "HS256", "RS256", "EdDSA", "ES384", "PS256"}) {
    EXPECT_EQ(with_header([&](Json& header) { header["alg"] = name; }), "notary.alg") << "jws-alg-*";
  }
  EXPECT_EQ(with_header([](Json& header) {
              header["crit"].push_back("unknown");
              header["unknown"] = 1;
            }),
            "notary.crit")
      << "jws-crit-unknown";
  EXPECT_EQ(with_header([](Json& header) {
              header["crit"].push_back("b64");
              header["b64"] = false;
            }),
            "notary.crit");
  Cose made = cose(signer_);
  made.protected_header[0].second = cbor::encode_integer(-35);
  EXPECT_EQ(with(made.bytes()), "notary.alg") << "cose-alg-mismatch";
  Cose critical = cose(signer_);
  critical.protected_header[1].second =
      cbor::encode_head(cbor::Kind::array, 2) + cbor::encode_text(kScheme) + cbor::encode_text("unknown");
  critical.set("unknown", cbor::encode_integer(1));
  EXPECT_EQ(with(critical.bytes()), "notary.crit") << "cose-crit-unknown";
  EXPECT_EQ(with(jws(signer_).text(), {}, Json::object(), "application/cose"), "notary.envelope");
}

// GS-CLI-079: chains and certificates (specification 10.2).
TEST_F(NotationCases, Certificates) {
  const auto chain = [&](const std::function<void(Json&)>& change) {
    Jws made = jws(signer_);
    change(made.header["x5c"]);
    return with(made.text());
  };
  EXPECT_EQ(chain([](Json& list) { list.erase(2); }), "notary.chain") << "jws-chain-*";
  EXPECT_EQ(chain([](Json& list) { std::swap(list[1], list[2]); }), "notary.chain");
  EXPECT_EQ(chain([](Json& list) { list.push_back(list[2]); }), "notary.chain");
  EXPECT_EQ(with_leaf([](auto& spec) {
              spec.extensions.back() =
                  pki::extended_key_usage({std::string(crypto::oid::kAnyExtendedKeyUsage)});
            }),
            "notary.cert_requirements")
      << "jws-eku-any";
  EXPECT_EQ(
      with_leaf([](auto& spec) { spec.extensions.push_back(pki::raw_extension("1.2.3.4", "x", true)); }),
      "notary.cert_requirements")
      << "jws-leaf-unknown-critical";
}

// GS-CLI-080: stores, scopes and levels (specification 10.2); a policy that lets unsigned content pass is
// refused with 1 and its own code.
TEST_F(NotationCases, Policies) {
  const auto authority_time = [](Json& header) {
    header[kScheme] = "notary.x509.signingAuthority";
    header[kAuthenticTime] = header[kSigningTime];
    header.erase(kSigningTime);
    header["crit"].push_back(kAuthenticTime);
  };
  EXPECT_EQ(with_header(authority_time), "notary.store") << "jws-scheme-authority-in-ca-store";
  EXPECT_EQ(with_header(authority_time, {{"trustStores", {"signingAuthority:acme"}}}), "verified");
  const Json bound = {{"registryScopes", {"registry.example/fleet"}}};
  EXPECT_EQ(with(jws(signer_).text(), " --scope registry.example/other", bound), "notary.policy_none")
      << "jws-scope-mismatch";
  EXPECT_EQ(with(jws(signer_).text(), " --scope registry.example/fleet", bound), "verified");
  for (const char* level : {"audit", "skip"})
    EXPECT_EQ(with(jws(signer_).text(), {}, {{"signatureVerification", {{"level", level}}}}),
              "notary.policy");
  EXPECT_EQ(with(jws(signer_).text(), {}, {{"trustStores", {"ca:nowhere"}}}), "notary.store");
}

}  // namespace
}  // namespace gridseal::cli::cases
