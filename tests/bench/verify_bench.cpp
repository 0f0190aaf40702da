// Verifications a second on one core: bare signatures beside those of other libraries, then whole
// verifications of what real signers stored, from bytes to evidence. Then the heap that one verification
// takes, also of hostile input.
#include <stdlib.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <tuple>
#include <vector>

#include "base/json.hpp"
#include "crypto/hash.hpp"
#include "peers.hpp"
#include "support/heap_meter/heap_meter.hpp"
#include "support/signing/signing.hpp"
#include "support/sized/sized.hpp"

namespace gridseal::bench {
namespace {

using base::Json;
using Seconds = std::chrono::duration<double>;

const std::string kFixtures = GRIDSEAL_FIXTURES;

template <class T>
T must(base::Result<T> result) {
  if (result) return std::move(*result);
  std::fprintf(stderr, "verify_bench: %s\n", result.error().describe().c_str());
  std::exit(1);
}

// Runs `work` for a good half second.
double per_second(const Verification& work) {
  size_t done = 0;
  const auto begin = std::chrono::steady_clock::now();
  Seconds took{};
  while (took.count() < 0.6) {
    for (int i = 0; i < 5; ++i, ++done) {
      if (work()) continue;
      std::fprintf(stderr, "verify_bench: a good signature was refused\n");
      std::exit(1);
    }
    took = std::chrono::steady_clock::now() - begin;
  }
  return static_cast<double>(done) / took.count();
}

std::string fixture(const std::string& path) {
  return test::read_text(kFixtures + "/" + path);
}

struct Bare {
  const char* name;
  const char* key;
  const char* hash;  // empty: Ed25519
  const char* signature;
  crypto::Scheme scheme;
};

const std::vector<Bare> kBare = {
    {"ECDSA P-256", "prime256v1.pub", "SHA256", "prime256v1.sha256.sig", crypto::Scheme::sha256},
    {"ECDSA P-384", "secp384r1.pub", "SHA384", "secp384r1.sha384.sig", crypto::Scheme::sha384},
    {"ECDSA P-521", "secp521r1.pub", "SHA512", "secp521r1.sha512.sig", crypto::Scheme::sha512},
    {"RSA 2048", "rsa2048.pub", "SHA256", "rsa2048.sha256.sig", crypto::Scheme::sha256},
    {"RSA 3072", "rsa3072.pub", "SHA256", "rsa3072.sha256.sig", crypto::Scheme::sha256},
    {"RSA 4096", "rsa4096.pub", "SHA256", "rsa4096.sha256.sig", crypto::Scheme::sha256},
    {"Ed25519", "ed.pub", "", "ed.sig", crypto::Scheme::ed25519},
};

// Prints a table; returns the rate of P-256.
double bare_signatures() {
  std::printf("%-40s %9s %12s %12s\n", "bare signatures, a second", "gridseal", "mbedTLS", "OpenSSL");
  double p256 = 0;
  const std::string message = fixture("crypto/message");
  for (const Bare& bare : kBare) {
    const std::string pem = fixture(std::string("crypto/") + bare.key);
    const std::string signature = fixture(std::string("crypto/") + bare.signature);
    const auto key = must(crypto::PublicKey::from_pem(pem));
    const double own = per_second([&] { return key.verify(bare.scheme, message, signature).has_value(); });
    if (p256 == 0) p256 = own;
    const auto mbed = mbedtls_verification(pem, bare.hash, message, signature);
    const double theirs = mbed ? per_second(mbed) : 0;
    const double openssl = per_second(openssl_verification(pem, bare.hash, message, signature));
    std::printf("  %-38s %9.0f", bare.name, own);
    if (mbed)
      std::printf(" %6.0f x%4.1f", theirs, own / theirs);
    else
      std::printf(" %12s", "-");
    std::printf(" %6.0f x%4.2f\n", openssl, own / openssl);
  }
  return p256;
}

const trust::Circumstances kNotaryPlace{.now = must(base::parse_rfc3339("2026-11-23T20:00:00Z")),
                                        .repository = "127.0.0.1:5511/ex/notation"};

// Everything that one verification needs, made before the clock runs.
struct Case {
  std::string name;
  trust::TrustState state;
  trust::Policy policy;
  trust::Evidence evidence;
  trust::Circumstances circumstances{};
};

Case keyed(const std::string& name, const std::string& folder) {
  const std::string directory = kFixtures + "/signing/" + folder;
  auto trusted = test::trust_in({test::load_pinned(directory + "/cosign.pub")});
  return {name, std::move(trusted.state), std::move(trusted.policy), test::load_registry(directory)};
}

Case keyless(const std::string& name, const std::string& folder) {
  trust::TrustContent content;
  content.sigstore_roots.push_back({"local", fixture("sigstore/roots/local.json")});
  config::Authority authority;
  authority.name = "ci";
  authority.identities.push_back({.issuer_regexp = "^https://", .subject_regexp = ".+@.+"});
  trust::PolicySettings settings{.name = "release", .authorities = {authority}};
  auto state = must(trust::TrustState::make(std::move(content)));
  auto policy = must(trust::make_policy(state, settings));
  return {name, std::move(state), std::move(policy), test::load_registry(kFixtures + "/signing/" + folder)};
}

// The registry of notation's JWS example, with another envelope in the place of its own.
Case notary(const std::string& name, const std::string& file) {
  trust::TrustContent content;
  content.notation_policy = fixture("notation/trustpolicy-strict.json");
  content.notation_stores.push_back({"ca:acme", fixture("notation/acme-root.crt")});
  config::Authority authority;
  authority.name = "acme";
  authority.notation = "p";
  trust::PolicySettings settings{.name = "release", .authorities = {authority}};
  auto state = must(trust::TrustState::make(std::move(content)));
  auto policy = must(trust::make_policy(state, settings));

  auto evidence = test::load_registry(kFixtures + "/signing/notation-jws-p256");
  const std::string envelope = fixture("notation/" + file);
  trust::SignatureManifest& manifest = evidence.signatures.front();
  Json json = must(base::parse_json(test::text_of(manifest.bytes)));
  Json& layer = json.at("layers").at(0);
  layer["mediaType"] = envelope.front() == '{' ? "application/jose+json" : "application/cose";
  layer["digest"] = crypto::sha256(envelope).to_string();
  layer["size"] = envelope.size();
  manifest.bytes = base::dump_json(json);
  manifest.digest = crypto::sha256(test::text_of(manifest.bytes));
  manifest.blobs = {{crypto::sha256(envelope), envelope}};
  return {name, std::move(state), std::move(policy), std::move(evidence), kNotaryPlace};
}

std::vector<Case> cases() {
  std::vector<Case> all;
  all.push_back(keyed("key P-256, simple signing", "cosign2-keyed-legacy"));
  all.push_back(keyed("key P-256, bundle", "cosign3-keyed-bundle"));
  all.push_back(keyed("key P-384, bundle", "cosign3-keyed-bundle-p384"));
  all.push_back(keyed("key P-521, simple signing", "cosign2-keyed-legacy-p521"));
  all.push_back(keyed("key RSA 2048, bundle", "cosign3-keyed-bundle-rsa2048"));
  all.push_back(keyed("key RSA 4096, bundle", "cosign3-keyed-bundle-rsa4096"));
  all.push_back(keyed("key Ed25519, bundle", "cosign3-keyed-bundle-ed25519"));
  all.push_back(keyless("keyless, simple signing", "cosign2-keyless-legacy"));
  all.push_back(keyless("keyless, bundle, Rekor 1", "cosign3-keyless-rekor1"));
  all.push_back(keyless("keyless, bundle, Rekor 2 and timestamp", "cosign3-keyless-rekor2-tsa"));
  all.push_back(notary("notation JWS P-256", "jws-p256.jws"));
  all.push_back(notary("notation COSE P-256", "cose-p256.cose"));
  all.push_back(notary("notation JWS RSA 2048", "jws-rsa2048.jws"));
  all.push_back(notary("notation COSE RSA 4096", "cose-rsa4096.cose"));
  return all;
}

base::Result<trust::Satisfied> judge(const Case& what) {
  return trust::verify_signatures(what.state, what.policy, what.evidence, what.circumstances);
}

size_t peak_heap(const Case& what) {
  const test::HeapMeter meter;
  (void)judge(what);
  return meter.peak();
}

void whole_verifications(double bare) {
  std::printf("%-40s %9s %12s %12s\n", "whole verifications", "a second", "of bare P-256", "heap, KB");
  for (const Case& one : cases()) {
    (void)must(judge(one));
    const double rate = per_second([&] { return judge(one).has_value(); });
    std::printf("  %-38s %9.0f %11.2f  %12.0f\n", one.name.c_str(), rate, rate / bare,
                static_cast<double>(peak_heap(one)) / 1024);
  }
}

// Good signatures of growing size, in files, and what one verification holds of them.
void sizes() {
  const test::SizedSignatures make([] {
    auto artifact = test::load_registry(kFixtures + "/signing/cosign3-keyed-bundle");
    artifact.signatures.clear();
    return artifact;
  }());
  trust::TrustContent content;
  content.keys = {test::pin("own.pub", make.key().public_key())};
  content.notation_policy = fixture("notation/trustpolicy-strict.json");
  content.notation_stores = {{"ca:acme", make.notation_root()}};
  const auto state = must(trust::TrustState::make(std::move(content)));
  config::Authority notary{.name = "acme", .notation = "p"};
  const auto by_key = must(trust::make_policy(state, {.name = "key", .keys = {"own.pub"}}));
  const auto by_notation = must(trust::make_policy(state, {.name = "notation", .authorities = {notary}}));
  config::Attestation scan{.name = "scan", .type = test::kScan};
  const auto attested =
      must(trust::make_policy(state, {.name = "scan", .keys = {"own.pub"}, .attestations = {scan}}));
  std::string directory = std::filesystem::temp_directory_path() / "gridseal-bench-XXXXXX";
  if (::mkdtemp(directory.data()) == nullptr) std::exit(1);
  std::printf("%-40s %12s %12s %12s   KB of heap\n", "a signature of", "1 KiB", "1 MiB", "8 MiB");
  using Make = std::function<trust::Evidence(size_t)>;
  for (const auto& [name, policy, of_size] : std::vector<std::tuple<const char*, const trust::Policy*, Make>>{
           {"bundle", &by_key,
            [&](size_t size) { return make.bundle(std::string(sigstore::kSignPredicateType), size); }},
           {"bundle over a message", &by_key, [&](size_t size) { return make.message(size); }},
           {"simple signing", &by_key, [&](size_t size) { return make.simple_signing(size); }},
           {"attestation, bundle", &attested, [&](size_t size) { return make.bundle(test::kScan, size); }},
           {"attestation, .att", &attested, [&](size_t size) { return make.attached(size); }},
           {"notation, JWS", &by_notation, [&](size_t size) { return make.jws(size); }},
           {"notation, COSE", &by_notation, [&](size_t size) { return make.cose(size); }}}) {
    std::printf("  %-38s", name);
    for (const size_t size : {size_t{1} << 10U, size_t{1} << 20U, size_t{8} << 20U}) {
      const Case one{name, state, *policy, test::in_files(of_size(size), directory), kNotaryPlace};
      const auto verdict = judge(one);
      std::printf(" %12.0f%s", static_cast<double>(peak_heap(one)) / 1024,
                  !verdict && verdict.error().code() == "parse.limit" ? " (too large)" : "");
    }
    std::printf("\n");
  }
  std::filesystem::remove_all(directory);
}

// A signature that says it is a bundle, with this text.
Case hostile(const std::string& name, const std::string& text) {
  Case one = keyed(name, "cosign3-keyed-bundle");
  one.evidence.signatures.clear();
  test::add_bundle(one.evidence, text);
  return one;
}

std::string repeated(const std::string& piece, size_t bytes) {
  std::string text;
  while (text.size() + piece.size() < bytes) text += piece;
  return text;
}

void hostile_input() {
  std::printf("%-40s %9s %12s\n", "input that wants memory", "size, KB", "heap, KB");
  const std::string bundle = R"({"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","x":)";
  for (const size_t size : {size_t{1} << 20U, size_t{8} << 20U}) {
    const size_t rest = size - bundle.size() - 64;
    std::string names;
    for (int i = 0; names.size() < rest; ++i) names += "\"" + std::to_string(i) + "\":{},";
    const std::string half =
        R"({"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","dsseEnvelope":{"payload":")";
    for (const Case& one :
         {hostile("one long text", bundle + "\"" + std::string(rest, 'x') + "\"}"),
          hostile("numbers", bundle + "[" + repeated("0,", rest) + "0]}"),
          hostile("empty arrays", bundle + "[" + repeated("[],", rest) + "0]}"),
          hostile("empty objects", bundle + "{" + names + "\"x\":{}}}"),
          hostile("a long payload",
                  half + std::string((rest - 200) / 4 * 4, 'A') +
                      R"(","payloadType":"application/vnd.in-toto+json","signatures":[{"sig":"AAAA"}]}})")}) {
      std::printf("  %-38s %9.0f %12.0f\n", one.name.c_str(), static_cast<double>(size) / 1024,
                  static_cast<double>(peak_heap(one)) / 1024);
    }
  }
}

}  // namespace
}  // namespace gridseal::bench

int main() {
  gridseal::bench::whole_verifications(gridseal::bench::bare_signatures());
  gridseal::bench::sizes();
  gridseal::bench::hostile_input();
  return 0;
}
