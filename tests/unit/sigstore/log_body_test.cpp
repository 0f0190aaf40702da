#include "sigstore/log_body.hpp"

#include <gtest/gtest.h>

#include "base/encoding.hpp"
#include "crypto/hash.hpp"
#include "crypto/pem.hpp"
#include "sigstore/statement.hpp"
#include "support/keyless/log_maker.hpp"

namespace gridseal::sigstore {
namespace {

using base::Json;
using test::Sample;

enum class Form { hashedrekord_v1, hashedrekord_v2, encoding_v2, dsse_v1, dsse_v2, intoto_v2 };

Json body_of(const Sample& sample, Form form) {
  switch (form) {
    case Form::hashedrekord_v1:
      return sample.hashedrekord_v1();
    case Form::hashedrekord_v2:
      return sample.hashedrekord_v2(false);
    case Form::encoding_v2:
      return sample.hashedrekord_v2(true);
    case Form::dsse_v1:
      return sample.dsse_v1();
    case Form::dsse_v2:
      return sample.dsse_v2();
    case Form::intoto_v2:
      break;
  }
  return sample.intoto_v2();
}

Logged logged_of(const Sample& sample, Form form) {
  const bool message = form == Form::hashedrekord_v1 || form == Form::hashedrekord_v2;
  return message ? sample.over_message() : sample.over_envelope();
}

std::string judge(const Json& body, const Logged& logged) {
  const std::string* kind = base::find_string(body, "kind");
  const std::string* version = base::find_string(body, "apiVersion");
  const auto checked = check_log_body(base::dump_json(body), kind == nullptr ? "" : *kind,
                                      version == nullptr ? "" : *version, logged);
  if (checked) return "";
  EXPECT_EQ(checked.error().outcome(), base::Outcome::refused);
  return checked.error().code();
}

class Body : public testing::TestWithParam<Form> {
 protected:
  Sample sample_;
};

// GS-SIGSTORE-130: a body of each known kind that records the signature, its content and its certificate is
// accepted.
TEST_P(Body, RecordsCertificate) {
  EXPECT_EQ(judge(body_of(sample_, GetParam()), logged_of(sample_, GetParam())), "");
}

// GS-SIGSTORE-131: the same with a bare key.
TEST_P(Body, RecordsKey) {
  sample_.certificate.clear();
  EXPECT_EQ(judge(body_of(sample_, GetParam()), logged_of(sample_, GetParam())), "");
}

// GS-SIGSTORE-132: a body that records another signature is refused.
TEST_P(Body, OtherSignature) {
  const Json body = body_of(sample_, GetParam());
  sample_.signature += "x";
  EXPECT_EQ(judge(body, logged_of(sample_, GetParam())), "tlog.body_signature");
}

// GS-SIGSTORE-133: a body that records another content is refused.
TEST_P(Body, OtherContent) {
  const Json body = body_of(sample_, GetParam());
  sample_.payload += " ";
  sample_.digest = test::flipped(sample_.digest, 7);
  EXPECT_EQ(judge(body, logged_of(sample_, GetParam())), "tlog.body_digest");
}

// GS-SIGSTORE-134: the certificate is compared byte for byte, not by its key.
TEST_P(Body, OtherCertificate) {
  const Json body = body_of(sample_, GetParam());
  sample_.certificate += "x";
  EXPECT_EQ(judge(body, logged_of(sample_, GetParam())), "tlog.body_key");
}

// GS-SIGSTORE-135: another key, and a key where the signature has a certificate (or the other way) is
// refused.
TEST_P(Body, OtherKey) {
  const Json with_certificate = body_of(sample_, GetParam());
  Sample bare;
  bare.certificate.clear();
  const Json with_key = body_of(bare, GetParam());
  EXPECT_EQ(judge(with_key, logged_of(sample_, GetParam())), "tlog.body_key");
  EXPECT_EQ(judge(with_certificate, logged_of(bare, GetParam())), "tlog.body_key");
  sample_.certificate.clear();
  EXPECT_EQ(judge(with_key, logged_of(sample_, GetParam())), "tlog.body_key");
}

// GS-SIGSTORE-136: kind and version of entry and body are the same.
TEST_P(Body, OtherKind) {
  const Json body = body_of(sample_, GetParam());
  const Logged logged = logged_of(sample_, GetParam());
  const std::string kind = body["kind"];
  const std::string version = body["apiVersion"];
  const std::string text = base::dump_json(body);
  for (const auto& [other_kind, other_version] :
       {std::pair<std::string, std::string>{"rekord", version}, {kind, "0.0.9"}, {"", ""}}) {
    const auto checked = check_log_body(text, other_kind, other_version, logged);
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().code(), "tlog.body_kind");
  }
}

// GS-SIGSTORE-137: an unknown member anywhere in a body is refused, also one that differs in case alone.
TEST_P(Body, UnknownMembers) {
  const Logged logged = logged_of(sample_, GetParam());
  const Json good = body_of(sample_, GetParam());
  const Json flat = good.flatten();
  size_t tried = 0;
  for (const auto& [pointer, value] : flat.items()) {
    for (Json::json_pointer at(pointer); !at.empty(); at.pop_back()) {
      Json body = good;
      Json& parent = body[at.parent_pointer()];
      if (!parent.is_object()) continue;
      std::string name = at.back();
      name.front() = static_cast<char>(name.front() ^ 0x20);
      parent[name] = parent[at.back()];
      EXPECT_EQ(judge(body, logged), "tlog.body_kind") << at.to_string();
      ++tried;
    }
  }
  EXPECT_GT(tried, 5U);
}

// GS-SIGSTORE-138: a missing member is refused, and so is one of another type.
TEST_P(Body, MissingMembers) {
  const Logged logged = logged_of(sample_, GetParam());
  const Json good = body_of(sample_, GetParam());
  const Json flat = good.flatten();
  for (const auto& [pointer, value] : flat.items()) {
    if (pointer.find("/hash/") != std::string::npos && GetParam() == Form::intoto_v2) continue;
    if (pointer.find("envelopeHash") != std::string::npos || pointer.ends_with("payloadType")) continue;
    for (const Json& other : {Json(), Json(1), Json::array(), Json("")}) {
      Json body = good;
      body[Json::json_pointer(pointer)] = other;
      EXPECT_NE(judge(body, logged), "") << pointer << other;
    }
  }
}

// GS-SIGSTORE-139: no truncation of a body is accepted, and no flipped bit in what it is compared by.
TEST_P(Body, Sweep) {
  const Logged logged = logged_of(sample_, GetParam());
  const Json good = body_of(sample_, GetParam());
  const std::string text = base::dump_json(good);
  const std::string kind = good["kind"];
  const std::string version = good["apiVersion"];
  ASSERT_TRUE(check_log_body(text, kind, version, logged));
  for (size_t size = 0; size < text.size(); ++size)
    EXPECT_FALSE(check_log_body(text.substr(0, size), kind, version, logged)) << size;
  for (size_t bit = 0; bit < sample_.signature.size() * 8; ++bit) {
    const std::string signature = test::flipped(sample_.signature, bit);
    Logged other = logged;
    other.signature = signature;
    EXPECT_EQ(judge(good, other), "tlog.body_signature");
  }
  for (size_t bit = 0; bit < sample_.certificate.size() * 8; ++bit) {
    const std::string certificate = test::flipped(sample_.certificate, bit);
    Logged other = logged;
    other.certificate = certificate;
    EXPECT_EQ(judge(good, other), "tlog.body_key");
  }
}

INSTANTIATE_TEST_SUITE_P(Forms, Body,
                         testing::Values(Form::hashedrekord_v1, Form::hashedrekord_v2, Form::encoding_v2,
                                         Form::dsse_v1, Form::dsse_v2, Form::intoto_v2));

// GS-SIGSTORE-140: an entry about a message does not vouch for an envelope, nor the other way.
TEST(LogBody, MessageIsNoEnvelope) {
  const Sample sample;
  EXPECT_EQ(judge(sample.hashedrekord_v1(), sample.over_envelope()), "tlog.body_kind");
  EXPECT_EQ(judge(sample.dsse_v1(), sample.over_message()), "tlog.body_kind");
  EXPECT_EQ(judge(sample.dsse_v2(), sample.over_message()), "tlog.body_kind");
  EXPECT_EQ(judge(sample.intoto_v2(), sample.over_message()), "tlog.body_kind");
}

// GS-SIGSTORE-141: kinds without a signature inside, and kinds of no concern, are refused.
TEST(LogBody, UnknownKinds) {
  const Sample sample;
  for (const auto& [kind, version] :
       {std::pair{"intoto", "0.0.1"}, {"rekord", "0.0.1"}, {"hashedrekord", "0.0.3"}}) {
    Json body = sample.intoto_v2();
    body["kind"] = kind;
    body["apiVersion"] = version;
    EXPECT_EQ(judge(body, sample.over_envelope()), "tlog.body_kind");
  }
}

// GS-SIGSTORE-142: exactly one signature stands in a body.
TEST(LogBody, OneSignature) {
  const Sample sample;
  for (const auto& [good, pointer] : {std::pair{sample.dsse_v1(), "/spec/signatures"},
                                      {sample.dsse_v2(), "/spec/dsseV002/signatures"},
                                      {sample.intoto_v2(), "/spec/content/envelope/signatures"}}) {
    const Json::json_pointer at(pointer);
    Json twice = good;
    twice[at].push_back(twice[at].front());
    EXPECT_EQ(judge(twice, sample.over_envelope()), "tlog.body_kind");
    Json none = good;
    none[at] = Json::array();
    EXPECT_EQ(judge(none, sample.over_envelope()), "tlog.body_kind");
  }
}

// GS-SIGSTORE-143: the same digest under the name of another algorithm is another digest.
TEST(LogBody, HashAlgorithm) {
  const Sample sample;
  Json v1 = sample.hashedrekord_v1();
  v1["spec"]["data"]["hash"]["algorithm"] = "sha384";
  EXPECT_EQ(judge(v1, sample.over_message()), "tlog.body_digest");
  v1["spec"]["data"]["hash"]["algorithm"] = "sha1";
  EXPECT_EQ(judge(v1, sample.over_message()), "tlog.body_kind");
  Json v2 = sample.hashedrekord_v2(true);
  Json& data = v2["spec"]["hashedRekordV002"]["data"];
  data["algorithm"] = "SHA2_384";
  data["digest"] = base::encode_base64(crypto::hash_of(
      crypto::Hash::sha384, pre_authentication_encoding(sample.payload_type, sample.payload)));
  EXPECT_EQ(judge(v2, sample.over_envelope()), "tlog.body_digest");
}

// GS-SIGSTORE-144: the encoding of an envelope may be hashed with the hash of the key's strength.
TEST(LogBody, HashOfTheKeysStrength) {
  Sample sample;
  sample.key = test::new_ed25519_key();
  Json body = sample.hashedrekord_v2(true);
  Json& data = body["spec"]["hashedRekordV002"]["data"];
  data["algorithm"] = "SHA2_512";
  data["digest"] = base::encode_base64(crypto::hash_of(
      crypto::Hash::sha512, pre_authentication_encoding(sample.payload_type, sample.payload)));
  Json& details = body["spec"]["hashedRekordV002"]["signature"]["verifier"]["keyDetails"];
  details = "PKIX_ED25519_PH";
  EXPECT_EQ(judge(body, sample.over_envelope()), "");
  details = "PKIX_ECDSA_P256_SHA_256";
  EXPECT_EQ(judge(body, sample.over_envelope()), "tlog.body_key");
}

// GS-SIGSTORE-145: certificate and key at once, or neither, are refused.
TEST(LogBody, OneVerifier) {
  const Sample sample;
  Json both = sample.hashedrekord_v2(false);
  Json& verifier = both["spec"]["hashedRekordV002"]["signature"]["verifier"];
  verifier["publicKey"] = verifier["x509Certificate"];
  EXPECT_EQ(judge(both, sample.over_message()), "tlog.body_kind");
  verifier.erase("publicKey");
  verifier.erase("x509Certificate");
  EXPECT_EQ(judge(both, sample.over_message()), "tlog.body_kind");
}

// GS-SIGSTORE-146: the PEM of Rekor v1 is one block, of a certificate or a public key.
TEST(LogBody, PemOfTheVerifier) {
  const Sample sample;
  const std::string pem = crypto::encode_pem("CERTIFICATE", sample.certificate);
  for (const std::string& text : {pem + pem, std::string("text"), "text\n" + pem,
                                  crypto::encode_pem("RSA PUBLIC KEY", sample.certificate)}) {
    Json body = sample.hashedrekord_v1();
    body["spec"]["signature"]["publicKey"]["content"] = base::encode_base64(text);
    EXPECT_EQ(judge(body, sample.over_message()), "tlog.body_key") << text;
  }
}

// GS-SIGSTORE-147: duplicate names and bytes after the body are refused.
TEST(LogBody, StrictJson) {
  const Sample sample;
  const std::string text = base::dump_json(sample.hashedrekord_v1());
  const auto code = [&](const std::string& body) {
    const auto checked = check_log_body(body, "hashedrekord", "0.0.1", sample.over_message());
    return checked ? std::string() : checked.error().code();
  };
  EXPECT_EQ(code(text), "");
  EXPECT_EQ(code(text + "{}"), "parse.json");
  EXPECT_EQ(code("\xEF\xBB\xBF" + text), "parse.json");
  EXPECT_EQ(code(R"({"\u0073pec":{},)" + text.substr(1)), "parse.duplicate_key");
}

}  // namespace
}  // namespace gridseal::sigstore
