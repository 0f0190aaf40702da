// A Notary Project envelope of either form through the whole verification. The first byte chooses the form:
// '{' is JWS.
#include <cstdint>
#include <cstdlib>

#include "notation/verify.hpp"

using namespace gridseal;

namespace {

constexpr std::string_view kPolicy =
    R"({"version":"1.0","trustPolicies":[{"name":"p","registryScopes":["*"],"signatureVerification":{},)"
    R"("trustStores":["ca:none","signingAuthority:none"],"trustedIdentities":["*"]}]})";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto policy = notation::TrustPolicyDocument::parse(kPolicy);
  static const notation::TrustStore store;
  static const notation::Request request{
      {"application/vnd.oci.image.manifest.v1+json",
       *base::Digest::parse("sha256:adaccc60ab63c49f5c9e3101ae37753870edf05ec08e09a72fe2102e0fb39932"), 697},
      "registry.example/fleet/edge",
      {}};
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto media_type = bytes.starts_with('{') ? notation::kJwsMediaType : notation::kCoseMediaType;
  // Nothing is pinned, so nothing may ever verify.
  if (notation::verify(media_type, bytes, request, *policy, store, base::Time(base::seconds(1795453200))))
    std::abort();
  return 0;
}
