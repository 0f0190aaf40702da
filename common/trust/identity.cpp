#include "base/encoding.hpp"
#include "trust/image_manifest.hpp"
#include "trust/verify.hpp"

namespace gridseal::trust {
namespace {

using base::Error;
using base::Result;

constexpr const char* kTitle = "org.opencontainers.image.title";
constexpr const char* kComponent = "dev.gridseal.component";
constexpr const char* kEnvironment = "dev.gridseal.environment";
constexpr const char* kVersion = "org.opencontainers.image.version";
constexpr const char* kCreated = "org.opencontainers.image.created";
constexpr const char* kRevision = "org.opencontainers.image.revision";
constexpr const char* kSource = "org.opencontainers.image.source";

std::string value_of(const Annotations& annotations, const char* name) {
  const auto found = annotations.find(name);
  return found == annotations.end() ? std::string() : found->second;
}

std::string name_in_quotes(const std::string& text) {
  return "'" + base::printable(text, 80) + "'";
}

// Refused for what is not said; names all annotations that have to be added, with the values that are known.
Error unnamed(const char* code, const Annotations& annotations, const Identity& identity) {
  const auto lacks = [&](const char* name) { return value_of(annotations, name).empty(); };
  std::vector<std::string> missing;
  if (lacks(kTitle) && lacks(kComponent))
    missing.push_back(std::string(kTitle) + "=" +
                      (identity.component.empty() ? "<component>" : identity.component));
  if (lacks(kVersion)) missing.push_back(std::string(kVersion) + "=<version>");
  if (lacks(kCreated)) missing.push_back(std::string(kCreated) + "=<RFC 3339 time>");
  if (lacks(kEnvironment) && identity.environment && identity.environment_required)
    missing.push_back(std::string(kEnvironment) + "=" + *identity.environment);
  std::string list;
  for (const auto& annotation : missing) list += (list.empty() ? "" : ", ") + annotation;
  return Error::refused(code,
                        "the signed manifest does not say " + list +
                            "; publish it again with these annotations (flux push artifact "
                            "--annotations name=value, gridseal artifact build) and sign the new digest");
}

Result<std::string> read_component(const Annotations& annotations, const Identity& identity) {
  std::string component = value_of(annotations, kComponent);
  if (component.empty()) component = value_of(annotations, kTitle);
  if (component.empty()) return unnamed("identity.component", annotations, identity);
  if (!identity.component.empty() && component != identity.component) {
    return Error::refused("identity.component", "the signed manifest is component " +
                                                    name_in_quotes(component) + ", not " +
                                                    name_in_quotes(identity.component));
  }
  return component;
}

Result<std::optional<std::string>> read_environment(const Annotations& annotations,
                                                    const Identity& identity) {
  std::optional<std::string> environment;
  if (const auto found = annotations.find(kEnvironment); found != annotations.end())
    environment = found->second;
  if (!identity.environment) return environment;
  if (!environment && !identity.environment_required) return environment;
  if (!environment) return unnamed("identity.environment", annotations, identity);
  if (*environment != *identity.environment) {
    return Error::refused("identity.environment", "the signed manifest is for environment " +
                                                      name_in_quotes(*environment) + ", this is " +
                                                      name_in_quotes(*identity.environment));
  }
  return environment;
}

Result<void> check_extra(const Annotations& annotations, const Identity& identity) {
  for (const auto& [name, wanted] : identity.annotations) {
    const auto found = annotations.find(name);
    if (found != annotations.end() && found->second == wanted) continue;
    return Error::refused("identity.annotation",
                          "the signed manifest does not say " + name + "=" + base::printable(wanted, 80));
  }
  return {};
}

Result<base::Time> read_created(const Annotations& annotations, const Identity& identity) {
  const std::string created = value_of(annotations, kCreated);
  if (created.empty()) return unnamed("identity.created", annotations, identity);
  const auto time = base::parse_rfc3339(created);
  if (time) return *time;
  return Error::refused("identity.created",
                        "the signed creation time " + name_in_quotes(created) + " is not an RFC 3339 time");
}

std::optional<base::Semver> semver_of(std::string_view text) {
  auto parsed = base::Semver::parse(text);
  if (!parsed) return std::nullopt;
  return std::move(*parsed);
}

}  // namespace

Result<Verified> verify(const TrustState& state, const Policy& policy, const Identity& identity,
                        const Evidence& evidence, const Circumstances& circumstances) {
  auto satisfied = verify_signatures(state, policy, evidence, circumstances);
  if (!satisfied) return std::move(satisfied).error();
  auto manifest = parse_image_manifest(evidence.manifest, "artifact.manifest");
  if (!manifest) return std::move(manifest).error();
  auto component = read_component(manifest->annotations, identity);
  if (!component) return std::move(component).error();
  auto environment = read_environment(manifest->annotations, identity);
  if (!environment) return std::move(environment).error();
  if (auto extra = check_extra(manifest->annotations, identity); !extra) return std::move(extra).error();
  const std::string version = value_of(manifest->annotations, kVersion);
  if (version.empty()) return unnamed("identity.version", manifest->annotations, identity);
  const auto created = read_created(manifest->annotations, identity);
  if (!created) return created.error();

  Verified verified(evidence.digest, std::move(manifest->config));
  verified.manifest_ = evidence.manifest;
  verified.component_ = std::move(*component);
  verified.version_ = version;
  verified.semver_ = semver_of(version);
  verified.created_ = *created;
  verified.revision_ = value_of(manifest->annotations, kRevision);
  verified.source_ = value_of(manifest->annotations, kSource);
  verified.environment_ = std::move(*environment);
  verified.annotations_ = std::move(manifest->annotations);
  verified.artifact_type_ = std::move(manifest->artifact_type);
  verified.layers_ = std::move(manifest->layers);
  verified.generation_ = state.generation();
  verified.satisfied_ = std::move(*satisfied);
  if (circumstances.occasion == Occasion::admission) {
    if (auto floor = state.denials().check_minimum(verified.component_, verified.semver_, verified.created_);
        !floor)
      return std::move(floor).error();
  }
  return verified;
}

Result<void> check_age(const Policy& policy, const Verified& verified, base::Time now) {
  if (policy.max_age().count() == 0 || now - verified.created() <= policy.max_age()) return {};
  return Error::refused("policy.too_old",
                        "created " + base::format_rfc3339(verified.created()) + ", which is more than " +
                            base::format_duration(policy.max_age()) + " ago; trust policy " + policy.name() +
                            " admits nothing older");
}

Result<void> check_tag(const Verified& verified, std::string_view tag) {
  const auto wanted = semver_of(tag);
  if (!wanted) return {};
  if (verified.semver() && *verified.semver() == *wanted) return {};
  return Error::refused("identity.tag_version", "tag " + name_in_quotes(std::string(tag)) +
                                                    " holds an artifact signed as version " +
                                                    name_in_quotes(verified.version()));
}

}  // namespace gridseal::trust
