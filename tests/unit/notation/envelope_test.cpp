// The rules of both envelope forms.
#include "base/encoding.hpp"
#include "fixture.hpp"
#include "notation/cbor.hpp"

namespace gridseal::notation {
namespace {

constexpr const char* kScheme = "io.cncf.notary.signingScheme";
constexpr const char* kTime = "io.cncf.notary.signingTime";
constexpr const char* kAuthenticTime = "io.cncf.notary.authenticSigningTime";
constexpr const char* kExpiry = "io.cncf.notary.expiry";
constexpr const char* kPlugin = "io.cncf.notary.verificationPlugin";

std::string cose_time(int64_t seconds) {
  return cbor::encode_head(cbor::Kind::tag, 1) + cbor::encode_integer(seconds);
}

class JwsTest : public NotationTest {
 protected:
  // Of the envelope after `change` to its protected header (RFC 7386).
  std::string header_code(const Json& change) const {
    Jws jws(signer_);
    jws.protected_header.merge_patch(change);
    return code(jws.text());
  }
  // Of the envelope's JSON after `change`.
  std::string envelope_code(const Json& change) const {
    Json json = Json::parse(Jws(signer_).text());
    json.merge_patch(change);
    return code(json.dump());
  }
};

class CoseTest : public NotationTest {
 protected:
  std::string header_code(const std::string& name, const std::string& value) const {
    Cose cose(signer_);
    cose.set(name, value);
    return code(cose.bytes());
  }
  static std::string names(const std::vector<std::string>& all) {
    std::string out = cbor::encode_head(cbor::Kind::array, all.size());
    for (const std::string& name : all) out += cbor::encode_text(name);
    return out;
  }
};

// GS-NOTATION-030: a JWS envelope is read with all that it says.
TEST_F(JwsTest, Reads) {
  Jws jws(signer_);
  jws.protected_header["crit"].push_back(kExpiry);
  jws.protected_header[kExpiry] = "2026-04-01T00:00:00Z";
  jws.header["io.cncf.notary.signingAgent"] = "agent/1";
  jws.stamp = [](std::string_view) { return "token"; };
  const auto envelope = parse_envelope(kJwsMediaType, jws.text());
  ASSERT_TRUE(envelope) << envelope.error().describe();
  EXPECT_EQ(envelope->scheme, SigningScheme::x509);
  EXPECT_EQ(envelope->algorithm, Algorithm::es256);
  EXPECT_EQ(envelope->signing_time, pki::at("2026-03-01T12:00:00Z"));
  EXPECT_EQ(envelope->expiry, pki::at("2026-04-01T00:00:00Z"));
  EXPECT_EQ(envelope->certificate_chain.size(), 3U);
  EXPECT_EQ(envelope->certificate_chain.front(), signer_.chain.front().der());
  EXPECT_EQ(envelope->payload, jws.payload);
  EXPECT_EQ(envelope->timestamp, "token");
  EXPECT_EQ(envelope->signing_agent, "agent/1");
  EXPECT_EQ(envelope->critical, (std::vector<std::string>{kScheme, kExpiry}));
}

// GS-NOTATION-049: a COSE envelope is read with all that it says.
TEST_F(CoseTest, Reads) {
  Cose cose(signer_);
  cose.header.emplace_back(cbor::encode_text("io.cncf.notary.signingAgent"), cbor::encode_text("agent/1"));
  cose.stamp = [](std::string_view) { return "token"; };
  const auto envelope = parse_envelope(kCoseMediaType, cose.bytes());
  ASSERT_TRUE(envelope) << envelope.error().describe();
  EXPECT_EQ(envelope->algorithm, Algorithm::es256);
  EXPECT_EQ(envelope->signing_time, pki::at("2026-03-01T12:00:00Z"));
  EXPECT_EQ(envelope->certificate_chain.size(), 3U);
  EXPECT_EQ(envelope->payload, cose.payload);
  EXPECT_EQ(envelope->timestamp, "token");
  EXPECT_EQ(envelope->signing_agent, "agent/1");
  EXPECT_EQ(code(cose.bytes()), "");
}

// GS-NOTATION-031: the media type of the layer decides the form; any other is refused.
TEST_F(JwsTest, MediaTypeDecides) {
  const std::string jws = Jws(signer_).text();
  EXPECT_EQ(code(jws), "");
  EXPECT_EQ(parse_envelope(kCoseMediaType, jws).error().code(), "notary.envelope");
  EXPECT_EQ(parse_envelope(kJwsMediaType, Cose(signer_).bytes()).error().code(), "parse.json");
  EXPECT_EQ(parse_envelope("application/json", jws).error().code(), "notary.envelope");
}

// GS-NOTATION-032: only the flattened JSON serialization with exactly its members is read.
TEST_F(JwsTest, OnlyFlattenedSerialization) {
  EXPECT_EQ(envelope_code({{"signatures", Json::array()}}), "notary.envelope");
  EXPECT_EQ(envelope_code({{"more", 1}}), "notary.envelope");
  for (const char* member : {"payload", "protected", "header", "signature"}) {
    EXPECT_EQ(envelope_code({{member, nullptr}}), "notary.envelope") << member;
    EXPECT_EQ(envelope_code({{member, 1}}), "notary.envelope") << member;
  }
  const std::string text = Jws(signer_).text();
  const Json json = Json::parse(text);
  const std::string compact = json["protected"].get<std::string>() + "." +
                              json["payload"].get<std::string>() + "." + json["signature"].get<std::string>();
  EXPECT_EQ(parse_envelope(kJwsMediaType, compact).error().code(), "parse.json");
  EXPECT_EQ(code(text + "{}"), "parse.json");
  EXPECT_EQ(code("{\"payload\":\"\"," + text.substr(1)), "parse.duplicate_key");
  EXPECT_EQ(parse_envelope(kJwsMediaType, "[]").error().code(), "notary.envelope");
}

// GS-NOTATION-033: base64 is that of the form, without padding, white space or spare bits.
TEST_F(JwsTest, StrictBase64) {
  const Json json = Json::parse(Jws(signer_).text());
  for (const char* member : {"payload", "protected", "signature"}) {
    const auto text = json[member].get<std::string>();
    EXPECT_EQ(envelope_code({{member, text + "="}}), "parse.base64") << member;
    EXPECT_EQ(envelope_code({{member, text + "\n"}}), "parse.base64") << member;
    EXPECT_EQ(envelope_code({{member, text + "+/"}}), "parse.base64") << member;
  }
  EXPECT_EQ(envelope_code({{"header", {{"x5c", {"@"}}}}}), "parse.base64");
  EXPECT_EQ(envelope_code({{"header", {{"io.cncf.notary.timestampSignature", "@"}}}}), "parse.base64");
}

// GS-NOTATION-034: only the six algorithms are known by name; `none`, HMAC and PKCS#1 v1.5 are not.
TEST_F(JwsTest, Algorithms) {
  for (const char* bad : {"none", "HS256", "RS256", "EdDSA", "es256", "ES256K", ""})
    EXPECT_EQ(header_code({{"alg", bad}}), "notary.alg") << bad;
  EXPECT_EQ(header_code({{"alg", nullptr}}), "notary.alg");
  EXPECT_EQ(header_code({{"alg", 1}}), "notary.alg");
}

// GS-NOTATION-035: the algorithm of the header must be the one of the leaf's key.
TEST_F(JwsTest, AlgorithmOfTheKey) {
  for (const char* other : {"ES384", "ES512", "PS256", "PS384", "PS512"})
    EXPECT_EQ(header_code({{"alg", other}}), "notary.alg") << other;
}

// GS-NOTATION-050: COSE: the algorithm is one of the six, and the one of the leaf's key.
TEST_F(CoseTest, Algorithms) {
  for (const int64_t bad : {-8, -35, -36, -37, -38, -39, -257, -47, 5, 0, 6}) {
    Cose cose(signer_);
    cose.protected_header[0].second = cbor::encode_integer(bad);
    EXPECT_EQ(code(cose.bytes()), "notary.alg") << bad;
  }
  Cose text(signer_);
  text.protected_header[0].second = cbor::encode_text("ES256");
  EXPECT_EQ(code(text.bytes()), "notary.alg");
}

// GS-NOTATION-036: crit lists the signing scheme, and expiry and authentic signing time where they are.
TEST_F(JwsTest, CriticalIsComplete) {
  EXPECT_EQ(header_code({{"crit", nullptr}}), "notary.crit");
  EXPECT_EQ(header_code({{"crit", Json::array()}}), "notary.crit");
  EXPECT_EQ(header_code({{"crit", {1}}}), "notary.crit");
  EXPECT_EQ(header_code({{kExpiry, "2026-04-01T00:00:00Z"}}), "notary.crit");
  EXPECT_EQ(header_code({{kExpiry, "2026-04-01T00:00:00Z"}, {"crit", {kExpiry}}}), "notary.crit");
  EXPECT_EQ(header_code({{kExpiry, "2026-04-01T00:00:00Z"}, {"crit", {kExpiry, kScheme}}}), "");
  EXPECT_EQ(header_code({{kScheme, "notary.x509.signingAuthority"},
                         {kTime, nullptr},
                         {kAuthenticTime, "2026-03-01T12:00:00Z"}}),
            "notary.crit");
}

// GS-NOTATION-037: every name in crit must be understood, present and listed once.
TEST_F(JwsTest, CriticalIsUnderstood) {
  EXPECT_EQ(header_code({{"crit", {kScheme, "com.example.more"}}, {"com.example.more", 1}}), "notary.crit");
  EXPECT_EQ(header_code({{"crit", {kScheme, "alg"}}}), "notary.crit");
  EXPECT_EQ(header_code({{"crit", {kScheme, kTime}}}), "notary.crit");
  EXPECT_EQ(header_code({{"crit", {kScheme, kScheme}}}), "notary.crit");
  EXPECT_EQ(header_code({{"crit", {kScheme, kExpiry}}}), "notary.crit");
  EXPECT_EQ(header_code({{"com.example.more", 1}}), "");  // not critical: ignored
}

// GS-NOTATION-038: a signature that demands a verification plugin is refused; there are none.
TEST_F(JwsTest, NoPlugins) {
  const auto verified = [&] {
    Jws jws(signer_);
    jws.protected_header["crit"].push_back(kPlugin);
    jws.protected_header[kPlugin] = "com.example.plugin";
    return judge(jws.text());
  }();
  ASSERT_FALSE(verified);
  EXPECT_EQ(verified.error().code(), "notary.crit");
  EXPECT_NE(verified.error().message().find("plugin"), std::string::npos);
  EXPECT_EQ(header_code({{kPlugin, "com.example.plugin"}}), "notary.crit");
  EXPECT_EQ(header_code({{"io.cncf.notary.verificationPluginMinVersion", "1.0.0"}}), "notary.crit");
}

// GS-NOTATION-039: a payload that would not be base64 is refused, critical or not (RFC 7797).
TEST_F(JwsTest, NoUnencodedPayload) {
  EXPECT_EQ(header_code({{"b64", false}, {"crit", {kScheme, "b64"}}}), "notary.crit");
  EXPECT_EQ(header_code({{"b64", true}}), "notary.envelope");
}

// GS-NOTATION-040: content type, signing scheme and times are what the specification says.
TEST_F(JwsTest, Headers) {
  EXPECT_EQ(header_code({{"cty", "application/json"}}), "notary.envelope");
  EXPECT_EQ(header_code({{"cty", nullptr}}), "notary.envelope");
  EXPECT_EQ(header_code({{kScheme, "notary.x509.other"}}), "notary.envelope");
  EXPECT_EQ(header_code({{kScheme, 1}}), "notary.envelope");
  EXPECT_EQ(header_code({{kTime, nullptr}}), "notary.envelope");
  EXPECT_EQ(header_code({{kTime, 1}}), "notary.envelope");
  EXPECT_EQ(header_code({{kTime, "yesterday"}}), "notary.envelope");
  EXPECT_EQ(header_code({{kTime, "2026-03-01T12:00:00.5Z"}}), "notary.envelope");
  EXPECT_EQ(header_code({{kTime, "2026-03-01T14:00:00+02:00"}}), "");
}

// GS-NOTATION-041: each signing scheme has its own signing time, and no signature expires before it was made.
TEST_F(JwsTest, TimesOfTheScheme) {
  const Json both = {kScheme, kAuthenticTime};
  EXPECT_EQ(header_code({{kAuthenticTime, "2026-03-01T12:00:00Z"}, {"crit", both}}), "notary.envelope");
  EXPECT_EQ(header_code({{kScheme, "notary.x509.signingAuthority"}}), "notary.envelope");
  EXPECT_EQ(header_code({{kScheme, "notary.x509.signingAuthority"},
                         {kAuthenticTime, "2026-03-01T12:00:00Z"},
                         {"crit", both}}),
            "notary.envelope");
  EXPECT_EQ(header_code({{kExpiry, "2026-03-01T12:00:00Z"}, {"crit", {kScheme, kExpiry}}}),
            "notary.envelope");
}

// GS-NOTATION-042: what must be protected is not taken from the unprotected header, and nothing is in both.
TEST_F(JwsTest, UnprotectedHeader) {
  for (const char* name : {"alg", "crit", "cty", "b64", kScheme, kExpiry, kTime, kPlugin})
    EXPECT_EQ(envelope_code({{"header", {{name, "x"}}}}), "notary.envelope") << name;
  Jws twice(signer_);
  twice.protected_header["com.example"] = 1;
  twice.header["com.example"] = 1;
  EXPECT_EQ(code(twice.text()), "notary.envelope");
  EXPECT_EQ(envelope_code({{"header", {{"x5c", nullptr}}}}), "notary.envelope");
  EXPECT_EQ(envelope_code({{"header", {{"x5c", Json::array()}}}}), "notary.envelope");
  EXPECT_EQ(envelope_code({{"header", {{"x5c", Json::array({1})}}}}), "notary.envelope");
  EXPECT_EQ(envelope_code({{"header", {{"x5c", Json(11, "AA==")}}}}), "notary.envelope");
  EXPECT_EQ(envelope_code({{"header", {{"com.example", 1}}}}), "");
}

// GS-NOTATION-043: certificates that do not parse, or have bytes behind them, are refused.
TEST_F(JwsTest, Certificates) {
  Jws jws(signer_);
  jws.header["x5c"][0] = base::encode_base64(signer_.chain[0].der() + "x");
  EXPECT_EQ(code(jws.text()), "parse.der");
  jws.header["x5c"][0] = base::encode_base64("\x30\x03\x02\x01\x01");
  EXPECT_NE(code(jws.text()), "");
}

// GS-NOTATION-044: COSE: tag, shape and types of a COSE_Sign1 with its payload inside.
TEST_F(CoseTest, Shape) {
  const std::string good = Cose(signer_).bytes();
  EXPECT_EQ(code(good), "");
  EXPECT_EQ(code(good.substr(1)), "notary.envelope");               // untagged
  EXPECT_EQ(code("\xD1" + good.substr(1)), "notary.envelope");      // COSE_Mac0
  EXPECT_EQ(code("\xD8\x62" + good.substr(1)), "notary.envelope");  // COSE_Sign
  EXPECT_EQ(code(good + std::string(1, '\0')), "notary.envelope");
  EXPECT_EQ(code("\xD2\x84\x40\xA0\x40\x40"), "notary.envelope");  // empty protected header
  EXPECT_EQ(code("\xD2\x84\x41\xA0\xA0\x40\x40"), "notary.alg");
  EXPECT_EQ(code("\xD2\x84\x41\xA0\xA0\xF6\x40"), "notary.envelope");  // detached payload
  EXPECT_EQ(code("\xD2\x84\x41\x80\xA0\x40\x40"), "notary.envelope");
  EXPECT_EQ(code("\xD2\x83\x41\xA0\xA0\x40"), "notary.envelope");
}

// GS-NOTATION-045: COSE: crit, content type, scheme and times follow the same rules as in JWS.
TEST_F(CoseTest, Headers) {
  EXPECT_EQ(header_code(kExpiry, cose_time(1900000000)), "notary.crit");
  EXPECT_EQ(header_code(kPlugin, cbor::encode_text("x")), "notary.crit");
  EXPECT_EQ(header_code(kScheme, cbor::encode_text("other")), "notary.envelope");
  EXPECT_EQ(header_code(kScheme, cbor::encode_integer(1)), "notary.envelope");
  EXPECT_EQ(header_code(kTime, cbor::encode_integer(1772366400)), "notary.envelope");
  EXPECT_EQ(header_code(kTime, cose_time(-1)), "notary.envelope");
  EXPECT_EQ(header_code(kTime, cose_time(253402300800)), "notary.envelope");
  EXPECT_EQ(
      header_code(kTime, cbor::encode_head(cbor::Kind::tag, 0) + cbor::encode_text("2026-03-01T12:00:00Z")),
      "notary.envelope");
  EXPECT_EQ(header_code("com.example", cbor::encode_integer(1)), "");
  Cose cose(signer_);
  cose.protected_header[2].second = cbor::encode_integer(50);  // a content format number
  EXPECT_EQ(code(cose.bytes()), "notary.envelope");
}

// GS-NOTATION-046: COSE: every label in crit must be understood; expiry counts when it is listed.
TEST_F(CoseTest, Critical) {
  Cose cose(signer_);
  cose.protected_header[1].second = names({kScheme, kExpiry});
  EXPECT_EQ(code(cose.bytes()), "notary.crit");
  cose.set(kExpiry, cose_time(1775001600));
  EXPECT_EQ(code(cose.bytes()), "");
  cose.set(kExpiry, cose_time(1772366401));
  EXPECT_EQ(code(cose.bytes()), "notary.expired");
  cose.protected_header[1].second = names({kScheme, kExpiry, "com.example"});
  EXPECT_EQ(code(cose.bytes()), "notary.crit");
  cose.protected_header[1].second =
      cbor::encode_head(cbor::Kind::array, 2) + cbor::encode_text(kScheme) + cbor::encode_integer(4);
  EXPECT_EQ(code(cose.bytes()), "notary.crit");
  cose.protected_header[1].second = cbor::encode_head(cbor::Kind::array, 0);
  EXPECT_EQ(code(cose.bytes()), "notary.crit");
  cose.protected_header.erase(cose.protected_header.begin() + 1);
  EXPECT_EQ(code(cose.bytes()), "notary.crit");
}

// GS-NOTATION-047: COSE: the unprotected header holds the chain, and nothing that must be protected.
TEST_F(CoseTest, UnprotectedHeader) {
  const auto with = [&](const std::string& key, const std::string& value) {
    Cose cose(signer_);
    cose.header.emplace_back(key, value);
    return code(cose.bytes());
  };
  EXPECT_EQ(with(cbor::encode_integer(1), cbor::encode_integer(-7)), "notary.envelope");
  EXPECT_EQ(with(cbor::encode_text(kExpiry), cose_time(1)), "notary.envelope");
  EXPECT_EQ(with(cbor::encode_text(kPlugin), cbor::encode_text("x")), "notary.envelope");
  EXPECT_EQ(with(cbor::encode_text("io.cncf.notary.timestampSignature"), cbor::encode_text("x")),
            "notary.envelope");
  EXPECT_EQ(with(cbor::encode_text("com.example"), cbor::encode_text("x")), "");
  Cose none(signer_);
  none.header.clear();
  EXPECT_EQ(code(none.bytes()), "notary.envelope");
  Cose text(signer_);
  text.header[0].second = cbor::encode_head(cbor::Kind::array, 1) + cbor::encode_text("x");
  EXPECT_EQ(code(text.bytes()), "notary.envelope");
  Cose twice(signer_);
  twice.set("com.example", cbor::encode_integer(1));
  twice.header.emplace_back(cbor::encode_text("com.example"), cbor::encode_integer(1));
  EXPECT_EQ(code(twice.bytes()), "notary.envelope");
}

// GS-NOTATION-048: COSE: a single certificate may be a byte string (RFC 9360).
TEST_F(CoseTest, SingleCertificate) {
  const pki::Identity self = pki::self_signed(notary::leaf_spec());
  pin("ca", self.certificate);
  Cose cose(signer_);
  cose.header[0].second = cbor::encode_bytes(self.certificate.der());
  EXPECT_EQ(code(cose.bytes()), "sig.invalid");  // read, but of another key
}

}  // namespace
}  // namespace gridseal::notation
