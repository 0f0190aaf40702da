#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "deploy/registry_access.hpp"
#include "deploy/resolve.hpp"
#include "doctor/checks.hpp"

namespace gridseal::doctor {
namespace {

constexpr const char* kHostName = "registry.name";
constexpr const char* kReach = "registry.reach";
constexpr const char* kMirrorCertificate = "registry.certificate";
constexpr const char* kRelease = "registry.release";
constexpr const char* kSignature = "registry.signature";
constexpr base::milliseconds kMirrorPatience{10'000};
constexpr uint64_t kMaxAnswer = 64 * 1024;

bool is_address(const std::string& host) {
  std::array<char, 16> bytes{};
  return inet_pton(AF_INET, host.c_str(), bytes.data()) == 1 ||
         inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1;
}

http::Request version_check() {
  http::Request request;
  request.target = "/v2/";  // OCI distribution spec, "Determining Support"
  request.timeout = kMirrorPatience;
  request.idle_timeout = kMirrorPatience;
  request.max_body = kMaxAnswer;
  return request;
}

// That this user may not read it says nothing about the agent, which may.
bool is_closed(const Host& host, const std::string& path) {
  if (path.empty()) return false;
  const auto file = host.files.open_input(path);
  return !file && file.error().code() == "files.permission";
}

// Whether its certificate is good: by a connector that goes by another time too.
base::Result<http::Response> ask_version(http::Connector& connector, const http::Origin& origin,
                                         const http::TlsSettings& tls, const std::stop_token& stop) {
  auto transport = connector.connect(origin, tls);
  if (!transport) return std::move(transport).error();
  return (*transport)->send(version_check(), stop);
}

std::string registry_cure(const base::Error& error, const std::string& setting,
                          const config::Registry& registry) {
  if (error.code() == "registry.ca" || error.code() == "http.tls_settings")
    return registry.ca.empty() ? "name the file of the registry's CA in " + setting + ".ca"
                               : "put the registry's CA as PEM into " + registry.ca;
  if (error.code() == "registry.client_certificate")
    return "look at " + setting + ".client_certificate and .client_key";
  if (error.code() == "http.tls")
    return "if the CA is another one, put it into " +
           (registry.ca.empty() ? "a file and name that in " + setting + ".ca" : registry.ca) +
           "; if the certificate is at fault, renew it on the registry; if the clock is, set it";
  return "is the registry running, is the address in " + setting +
         ".url right, and does a firewall let this host through?";
}

// One URL of a registry: reachable, and by what certificate.
class Mirror {
 public:
  Mirror(const Case& subject, const config::Registry& registry, oci::Mirror mirror,
         const std::stop_token& stop)
      : host_(subject.host), registry_(registry), mirror_(std::move(mirror)), stop_(stop) {}

  // False when it is of no use as it is.
  bool look(Findings& findings) {
    const auto url = http::Url::parse(mirror_.url);
    if (!url) {
      findings.push_back(failed(kReach, mirror_.url, url.error(), "correct " + setting() + ".url"));
      return false;
    }
    return resolves(url->origin.host, findings) && answers(url->origin, findings);
  }

 private:
  std::string setting() const { return "registry." + registry_.name; }

  bool resolves(const std::string& name, Findings& findings) {
    if (is_address(name)) return true;
    const auto addresses = host_.resolve(name);
    if (!addresses) {
      findings.push_back(wrong(kHostName, name, addresses.error().describe(),
                               "add the name to the site's DNS or to /etc/hosts"));
      return false;
    }
    std::string list;
    for (const std::string& address : *addresses) list += (list.empty() ? "" : ", ") + address;
    findings.push_back(good(kHostName, name, name + " is " + list));
    return true;
  }

  bool answers(const http::Origin& origin, Findings& findings) {
    http::TlsSettings tls;
    if (mirror_.tls) {
      auto read = mirror_.tls();
      if (!read) return refuse(read.error(), findings);
      tls = std::move(*read);
    }
    const auto answer = ask_version(host_.connector, origin, tls, stop_);
    if (!answer) return refuse(answer.error(), findings);
    constexpr int kOk = 200;
    constexpr int kLogIn = 401;
    constexpr int kForbidden = 403;
    if (answer->status != kOk && answer->status != kLogIn && answer->status != kForbidden) {
      findings.push_back(wrong(kReach, mirror_.url,
                               mirror_.url + " answers, but not as a registry (status " +
                                   std::to_string(answer->status) + " for /v2/)",
                               "is the address in " + setting() + ".url right?"));
      return false;
    }
    findings.push_back(
        good(kReach, mirror_.url,
             mirror_.url + " answers" + (origin.scheme == "https" ? " with a certificate of its CA" : "")));
    if (origin.scheme == "https") add_expiry(origin, tls, findings);
    return true;
  }

  void add_expiry(const http::Origin& origin, const http::TlsSettings& tls, Findings& findings) {
    const auto then = ask_version(host_.later, origin, tls, stop_);
    if (then || then.error().code() != "http.tls") return;
    findings.push_back(warning(kMirrorCertificate, mirror_.url,
                               "its certificate, or that of its CA, ends soon; in " +
                                   base::format_duration(kSoon) + " this is said: " + then.error().describe(),
                               "renew the certificate of the registry, or that of its CA in time"));
  }

  bool refuse(const base::Error& error, Findings& findings) {
    if (error.code() == "registry.client_certificate" && is_closed(host_, registry_.client_key)) {
      findings.push_back(unseen(kReach, mirror_.url, error.message(), "run this as root"));
      return false;
    }
    findings.push_back(failed(kReach, mirror_.url, error, registry_cure(error, setting(), registry_)));
    return false;
  }

  const Host& host_;
  const config::Registry& registry_;
  oci::Mirror mirror_;
  const std::stop_token& stop_;
};

// What the agent would be told about a component.
class Release {
 public:
  Release(const Case& subject, const config::Registry& registry, const config::Component& component,
          const std::stop_token& stop)
      : host_(subject.host), registry_(registry), component_(component), stop_(stop) {}

  Findings look() {
    auto client = deploy::make_registry(registry_, host_.files, {host_.connector, host_.clock, host_.log, {}},
                                        host_.credentials_directory);
    if (!client) return {failed(kRelease, component_.name, client.error(), "'gridseal config check'")};
    auto found = find(**client);
    if (!found) return {no_release(found.error())};
    Findings findings{good(kRelease, component_.name, component_.name + ": " + *found + " is there")};
    findings.push_back(signature(*found));
    return findings;
  }

 private:
  // "water/pump-control:stable", "water/pump-control@sha256:…"
  base::Result<std::string> find(oci::Registry& client) {
    const oci::Repository repository{component_.registry, component_.repository};
    if (!component_.digest.empty()) {
      auto digest = base::Digest::parse(component_.digest);
      if (!digest) return std::move(digest).error();
      auto manifest = client.get_manifest(repository, *digest, stop_);
      if (!manifest) return std::move(manifest).error();
      return component_.repository + "@" + component_.digest;
    }
    auto tag = deploy::tag_of(client, repository, component_, stop_);
    if (!tag) return std::move(tag).error();
    auto head = client.head_manifest(repository, *tag, stop_);
    if (!head) return std::move(head).error();
    return component_.repository + ":" + *tag;
  }

  Finding no_release(const base::Error& error) const {
    const std::string found = component_.name + ": " + error.describe() + " (" + error.code() + ")";
    const std::string setting = "registry." + registry_.name + ".credentials";
    if (error.code() == "oci.not_found" || error.code() == "oci.no_matching_tag")
      return warning(
          kRelease, component_.name, found,
          "publish a release there ('gridseal artifact push', 'gridseal artifact tag'), or correct "
          "the repository or the tag of component." +
              component_.name);
    if (error.code() == "oci.unauthorized" || error.code() == "oci.forbidden" || error.code() == "oci.token")
      return wrong(
          kRelease, component_.name, found,
          registry_.credentials.is_set()
              ? "correct what " + setting + " names, or let the account read " + component_.repository
              : "name a file with one line user:password in " + setting);
    if (registry_.credentials.kind == config::SecretSource::Kind::credential &&
        host_.credentials_directory.empty())
      return unseen(kRelease, component_.name,
                    component_.name +
                        ": the password is a credential of the service, which only gridseald is "
                        "handed",
                    "'gridseal status " + component_.name + "' tells how gridseald fares with it");
    if (registry_.credentials.kind == config::SecretSource::Kind::file &&
        is_closed(host_, registry_.credentials.name))
      return unseen(kRelease, component_.name, found, "run this as root");
    return failed(kRelease, component_.name, error, "look at " + setting + " and the registry's log");
  }

  Finding signature(const std::string& reference) const {
    auto said = host_.verify(registry_, component_, reference);
    if (said) return good(kSignature, component_.name, component_.name + ": " + *said);
    const base::Error& error = said.error();
    const std::string found = component_.name + ": " + error.describe() + " (" + error.code() + ")";
    if (error.outcome() == base::Outcome::pending)
      return warning(
          kSignature, component_.name, found,
          "sign it ('gridseal artifact sign'), or mirror its signature too ('gridseal mirror check')");
    if (error.outcome() == base::Outcome::blocked)
      return unseen(kSignature, component_.name, found, "'gridseal verify' says each check");
    return wrong(kSignature, component_.name, found,
                 "is the right key pinned, and is this the right release? 'gridseal verify' says each check");
  }

  const Host& host_;
  const config::Registry& registry_;
  const config::Component& component_;
  const std::stop_token& stop_;
};

// Of several mirrors one is enough.
void soften(Findings& findings) {
  for (Finding& finding : findings)
    if (finding.level == Level::wrong) {
      finding.level = Level::warning;
      finding.found += "; another mirror answers";
    }
}

Findings check_registry(const Case& subject, const config::Registry& registry, const std::stop_token& stop) {
  Findings findings;
  config::Registry usable = registry;
  usable.urls.clear();
  for (oci::Mirror& mirror :
       deploy::make_mirrors(registry, subject.host.files, subject.host.credentials_directory)) {
    const std::string url = mirror.url;
    if (Mirror(subject, registry, std::move(mirror), stop).look(findings)) usable.urls.push_back(url);
  }
  if (usable.urls.empty()) return findings;
  soften(findings);
  for (const auto& [name, component] : subject.settings->components) {
    if (component.registry != registry.name || stop.stop_requested()) continue;
    std::ranges::move(Release(subject, usable, component, stop).look(), std::back_inserter(findings));
  }
  return findings;
}

}  // namespace

Findings check_registries(const Case& subject, const std::stop_token& stop) {
  if (subject.settings == nullptr) return {};
  Findings findings;
  for (const auto& [name, registry] : subject.settings->registries)
    std::ranges::move(check_registry(subject, registry, stop), std::back_inserter(findings));
  return findings;
}

}  // namespace gridseal::doctor
