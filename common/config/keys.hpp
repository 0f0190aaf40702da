// The one table of settings: name, type, default, rule and documentation. Parsing, `config show`, the
// suggestions and docs/settings.md all come from it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/settings.hpp"

namespace gridseal::config {

using TextMap = std::map<std::string, std::string>;
using TextList = std::vector<std::string>;
using ScalarList = std::vector<Scalar>;

// What is wrong with a text; empty when nothing is.
using Check = std::string (*)(std::string_view text);

// Text that names a file: made absolute from the settings directory.
template <class S>
struct Path {
  std::string S::*member;
};

template <class S>
using Target = std::variant<std::string S::*, Path<S>, bool S::*, int64_t S::*, uint64_t S::*,
                            base::milliseconds S::*, TextList S::*, TextMap S::*, SecretSource S::*,
                            FirstFailure S::*, OnUntrusted S::*, Drift S::*, base::Level S::*,
                            std::optional<bool> S::*, std::optional<Scalar> S::*, ScalarList S::*>;

struct Range {
  int64_t least = 0;  // milliseconds, bytes or a number
  int64_t most = 0;
};

template <class S>
struct Key {
  std::string_view name;
  Target<S> target;
  // As TOML. Empty: there is none, or it is `derived`.
  std::string_view fallback;
  std::string_view doc;
  Check check = nullptr;          // strings, each item of a list, each name of a map
  Range range{};                  // durations, integers, sizes
  std::string_view derived = {};  // the default in words, when it depends on other settings
  bool required = false;
};

extern const std::span<const Key<Site>> kSiteKeys;
extern const std::span<const Key<Registry>> kRegistryKeys;
extern const std::span<const Key<Trust>> kTrustKeys;
extern const std::span<const Key<TrustPolicy>> kPolicyKeys;
extern const std::span<const Key<Authority>> kAuthorityKeys;
extern const std::span<const Key<CertificateIdentity>> kIdentityKeys;
extern const std::span<const Key<Attestation>> kAttestationKeys;
extern const std::span<const Key<Condition>> kConditionKeys;
extern const std::span<const Key<Component>> kComponentKeys;
extern const std::span<const Key<Ceiling>> kCeilingKeys;
extern const std::span<const Key<IgnoreRule>> kIgnoreKeys;
extern const std::span<const Key<HealthRule>> kHealthRuleKeys;
extern const std::span<const Key<Kubernetes>> kKubernetesKeys;
extern const std::span<const Key<Storage>> kStorageKeys;
extern const std::span<const Key<Images>> kImagesKeys;
extern const std::span<const Key<Control>> kControlKeys;
extern const std::span<const Key<Media>> kMediaKeys;
extern const std::span<const Key<Upgrade>> kUpgradeKeys;
extern const std::span<const Key<Receipts>> kReceiptsKeys;
extern const std::span<const Key<LogSettings>> kLogKeys;

// For the reference.
struct KeyDoc {
  std::string_view name;
  std::string_view type;
  std::string fallback;
  std::string_view doc;
};

struct SectionDoc {
  std::string_view name;  // "component.NAME"; "[trust.policy.NAME.attestation]" for an array of tables
  std::string_view doc;
  std::vector<KeyDoc> keys;
};

std::vector<SectionDoc> section_docs();

}  // namespace gridseal::config
