// Runs the bundle cases of sigstore-conformance, each with the artifact's bytes and with its digest alone.
// usage: sigstore_conformance <folder with index.json> [verbose | program <adapter> <gridseal>]
// With `program` they go through the built program by the suite's command line.
// Fails when a case is judged other than the collection says, or when there is none.
// GS-SIGSTORE-200: every case of the Sigstore client conformance suite is judged as it says, by file and by
// digest.
// GS-CLI-040: So does the built program, and it ends with 1 when a bundle is wrong.
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "sigstore/identity_matcher.hpp"
#include "sigstore/verify_bundle.hpp"
#include "support/program.hpp"

namespace {

using namespace gridseal;
using base::Error;
using base::Json;
using base::Result;
namespace fs = std::filesystem;

Result<std::string> read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return Error::blocked("test.file", "cannot read " + path.string());
  return std::string(std::istreambuf_iterator<char>(in), {});
}

struct Case {
  std::string name;
  bool accept = false;
  fs::path bundle;
  fs::path artifact;
  fs::path root;
  std::optional<fs::path> key;
  std::string identity;
  std::string issuer;
};

std::string text(const Json& json, const char* name) {
  const std::string* found = base::find_string(json, name);
  return found == nullptr ? std::string() : *found;
}

Result<std::vector<Case>> read_cases(const fs::path& folder) {
  const auto index = read(folder / "index.json");
  if (!index) return index.error();
  const auto json = base::parse_json(*index);
  if (!json) return json.error();
  const fs::path bundles = folder / "assets/bundle-verify";
  std::vector<Case> cases;
  for (const Json& item : *json) {
    Case one{text(item, "name"),
             text(item, "expect") == "accept",
             bundles / text(item, "bundle"),
             {},
             {},
             {},
             text(item, "identity"),
             text(item, "issuer")};
    const std::string artifact = text(item, "artifact");
    one.artifact =
        artifact.find('/') == std::string::npos ? folder / "assets" / artifact : bundles / artifact;
    one.root = folder / text(item, "trusted_root");
    if (const std::string key = text(item, "key"); !key.empty()) one.key = bundles / key;
    cases.push_back(std::move(one));
  }
  return cases;
}

Result<void> judge_identity(const Case& one, const sigstore::VerifiedSignature& verified) {
  const auto matcher = sigstore::IdentityMatcher::make({{one.issuer, {}, one.identity, {}, {}}});
  if (!matcher) return matcher.error();
  const auto matched = matcher->match(std::get<sigstore::CertificateSigner>(verified.signer).identity);
  if (!matched) return matched.error();
  return {};
}

Result<void> judge(const Case& one, const sigstore::Artifact& artifact) {
  const auto root_text = read(one.root);
  if (!root_text) return root_text.error();
  const auto root = sigstore::parse_trusted_root(*root_text);
  if (!root) return root.error();
  const auto bundle_text = read(one.bundle);
  if (!bundle_text) return bundle_text.error();
  const auto bundle = sigstore::parse_bundle(*bundle_text);
  if (!bundle) return bundle.error();
  if (one.key) {
    const auto pem = read(*one.key);
    if (!pem) return pem.error();
    const auto key = crypto::PublicKey::from_pem(*pem);
    if (!key) return key.error();
    const auto verified = sigstore::verify_with_keys(*bundle, artifact, {{"key.pub", *key}}, &*root, {1, 0});
    if (!verified) return verified.error();
    return {};
  }
  const auto verified = sigstore::verify_with_certificate(*bundle, artifact, *root);
  if (!verified) return verified.error();
  return judge_identity(one, *verified);
}

// True when judged as the collection says. `known`: it was judged at all.
bool check(const Case& one, const std::string& form, bool accepted, bool known, const std::string& outcome,
           bool verbose) {
  const bool right = accepted == one.accept && known;
  if (!right || verbose)
    std::cout << (right ? "ok    " : "WRONG ") << one.name << " by " << form << ": " << outcome << "\n";
  return right;
}

bool run(const Case& one, const std::string& form, const sigstore::Artifact& artifact, bool verbose) {
  const auto judged = judge(one, artifact);
  const bool known = judged || judged.error().code() != "test.file";
  const std::string outcome = judged ? "accepted" : judged.error().code() + ": " + judged.error().describe();
  return check(one, form, judged.has_value(), known, outcome, verbose);
}

std::string quoted(const std::string& text) {
  return "'" + text + "'";
}

bool run_program(const Case& one, const std::string& form, const std::string& artifact,
                 const std::string& adapter) {
  std::string command = adapter + " verify-bundle --bundle " + quoted(one.bundle);
  command += one.key ? " --key " + quoted(*one.key)
                     : " --certificate-identity " + quoted(one.identity) + " --certificate-oidc-issuer " +
                           quoted(one.issuer);
  const test::Ran ran =
      test::run_program(command + " --trusted-root " + quoted(one.root) + " " + quoted(artifact));
  // Nothing is judged by a root or a key that is no key (as the one of that case).
  const bool about_trust =
      ran.code == 2 && (one.name.starts_with("trust-root-") || one.name == "managed-key-wrong-key_fail");
  return check(one, form, ran.code == 0, ran.code == 0 || ran.code == 1 || about_trust,
               std::to_string(ran.code) + "\n" + ran.output, false);
}

struct Way {
  bool verbose = false;
  std::string adapter;  // a command; empty: in process
};

int run_all(const fs::path& folder, const Way& way) {
  const auto cases = read_cases(folder);
  if (!cases) {
    std::cout << cases.error().describe() << "\n";
    return 1;
  }
  size_t by_file = 0;
  size_t by_digest = 0;
  for (const Case& one : *cases) {
    const auto bytes = read(one.artifact);
    if (!bytes) {
      std::cout << bytes.error().describe() << "\n";
      continue;
    }
    const base::Digest digest = crypto::sha256(*bytes);
    const bool outside = !way.adapter.empty();
    if (outside ? run_program(one, "file", one.artifact, way.adapter)
                : run(one, "file", sigstore::Artifact::of_bytes(*bytes), way.verbose))
      ++by_file;
    if (outside ? run_program(one, "digest", digest.to_string(), way.adapter)
                : run(one, "digest", sigstore::Artifact::of_digest(digest), way.verbose))
      ++by_digest;
  }
  std::cout << cases->size() << " cases; as expected by file " << by_file << ", by digest " << by_digest
            << "\n";
  return !cases->empty() && by_file == cases->size() && by_digest == cases->size() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.empty()) {
    std::cout << "usage: sigstore_conformance <folder> [verbose | program <adapter> <gridseal>]\n";
    return 2;
  }
  Way way;
  way.verbose = arguments.size() == 2 && arguments[1] == "verbose";
  if (arguments.size() == 4) way.adapter = "GRIDSEAL=" + quoted(arguments[3]) + " " + quoted(arguments[2]);
  return run_all(arguments[0], way);
}
