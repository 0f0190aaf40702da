// The reference of all settings, out of their table.
#include <array>

#include "config/keys.hpp"

namespace gridseal::config {
namespace {

template <class S>
std::string_view type_of(const Key<S>& key) {
  static constexpr std::array<std::string_view, 16> kTypes{"string",
                                                           "path",
                                                           "boolean",
                                                           "integer",
                                                           "size",
                                                           "duration",
                                                           "list of strings",
                                                           "table",
                                                           "file or `credential:NAME`",
                                                           "`remove` or `leave`",
                                                           "`hold`, `keep` or `stop`",
                                                           "`correct`, `report` or `off`",
                                                           "level",
                                                           "boolean",
                                                           "string, number or boolean",
                                                           "list of strings, numbers and booleans"};
  return kTypes.at(key.target.index());
}

template <class S>
std::string fallback_of(const Key<S>& key) {
  if (key.required) return "required";
  if (!key.derived.empty()) return std::string(key.derived);
  return "`" + std::string(key.fallback) + "`";
}

template <class S>
SectionDoc section(std::string_view name, std::string_view doc, std::span<const Key<S>> keys) {
  SectionDoc out{name, doc, {}};
  for (const auto& key : keys) out.keys.push_back({key.name, type_of(key), fallback_of(key), key.doc});
  return out;
}

}  // namespace

std::vector<SectionDoc> section_docs() {
  return {
      section("site", "This host.", kSiteKeys),
      section("registry.NAME", "A registry to read components from.", kRegistryKeys),
      section("trust", "Where the trust roots are.", kTrustKeys),
      section(
          "trust.policy.NAME",
          "Who must have signed an artifact, and what must be attested. The same keys and tables, without "
          "`trust.policy.NAME` in front, may stand in a file of their own: `policies/NAME.toml` in the "
          "trust directory. [Trust](trust.md) explains policies by examples.",
          kPolicyKeys),
      section("trust.policy.NAME.authority.AUTHORITY",
              "Somebody whose signature counts: pinned keys, identities in certificates, or a Notary Project "
              "policy.",
              kAuthorityKeys),
      section("[trust.policy.NAME.authority.AUTHORITY.identity]",
              "Kind 2, certificates (keyless): one of these identities must have signed.", kIdentityKeys),
      section("[trust.policy.NAME.attestation]", "An attestation that an artifact must carry.",
              kAttestationKeys),
      section("[trust.policy.NAME.attestation.condition]",
              "What the attestation must say; all conditions must hold.", kConditionKeys),
      section("component.NAME", "A component: what to follow, and how to apply it.", kComponentKeys),
      section("component.NAME.ceiling",
              "What the component may touch at most on this host, whatever is signed.", kCeilingKeys),
      section(
          "[component.NAME.ignore]",
          "Fields that others own, such as the replicas of a Deployment that an autoscaler sets: they are "
          "neither applied again nor drift.",
          kIgnoreKeys),
      section(
          "[component.NAME.ready]",
          "When a custom resource is ready. The tests are those of an attestation's condition (`field`, and "
          "one of `equals`, `one_of`, `matches`, `at_least`, `at_most`, `present`), and `field` points into "
          "the live object. All rules of a kind must hold. `[[component.NAME.failed]]`, of the same form, "
          "says when it has failed for good.",
          kHealthRuleKeys),
      section("kubernetes", "The local cluster.", kKubernetesKeys),
      section("storage", "The state directory's content.", kStorageKeys),
      section("images", "Container images for the node on this host.", kImagesKeys),
      section("control", "The control socket.", kControlKeys),
      section("media", "Media that are plugged in.", kMediaKeys),
      section("upgrade",
              "Newer packages of Gridseal itself, which `gridseal upgrade` looks for and judges, and never "
              "installs.",
              kUpgradeKeys),
      section("receipts", "What this host says of itself, signed: [Receipts](receipts.md) explains it.",
              kReceiptsKeys),
      section("log", "The log.", kLogKeys),
  };
}

}  // namespace gridseal::config
