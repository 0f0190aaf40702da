#include <algorithm>
#include <map>

#include "crypto/certificate.hpp"
#include "doctor/checks.hpp"
#include "doctor/needed_rights.hpp"
#include "kube/permission.hpp"
#include "kube/token.hpp"

namespace gridseal::doctor {
namespace {

constexpr const char* kKubeconfig = "cluster.kubeconfig";
constexpr const char* kToken = "cluster.token";
constexpr const char* kApi = "cluster.api";
constexpr const char* kApiCertificate = "cluster.certificate";
constexpr const char* kRights = "cluster.rights";
constexpr const char* kSetup = "sudo gridseal k3s setup";
constexpr base::milliseconds kApiPatience{10'000};
constexpr uint64_t kMaxToken = 64 * 1024;
constexpr size_t kMaxListed = 8;

Finding of_token(const Host& host, const std::string& path) {
  auto text = base::read_file(host.files, path, kMaxToken);
  if (!text) return failed(kToken, path, text.error(), kSetup);
  while (!text->empty() && (text->back() == '\n' || text->back() == '\r')) text->pop_back();
  const auto claims = kube::read_token_claims(*text);
  if (!claims) return failed(kToken, path, claims.error(), kSetup);
  const base::Time now = host.clock.now();
  const std::string ends = when(claims->expires, now);
  if (claims->expires <= now)
    return wrong(kToken, path, "the token in " + path + " ended at " + ends, kSetup);
  if (claims->issued > now + std::chrono::minutes(5))
    return wrong(kToken, path,
                 "the token in " + path + " was given out at " + base::format_rfc3339(claims->issued) +
                     ", which this host takes for the future",
                 "set the clock");
  if (kube::renewal_time(*claims) <= now)
    return warning(
        kToken, path, "the token in " + path + " ends at " + ends + ", and gridseald should have renewed it",
        "'gridseal status' says what stands in the way; " + std::string(kSetup) + " gives a new one");
  return good(kToken, path, "the token ends at " + ends + "; gridseald renews it before");
}

std::optional<Finding> of_client_certificate(const Host& host, const std::string& path,
                                             const std::string& pem) {
  const auto chain = crypto::Certificate::from_pem_bundle(pem);
  if (!chain || chain->empty()) return std::nullopt;
  const base::Time now = host.clock.now();
  const std::string ends =
      "the client certificate in " + path + " ends at " + when(chain->front().not_after(), now);
  if (!chain->front().valid_at(now)) return wrong(kKubeconfig, path, ends, kSetup);
  if (!chain->front().valid_at(now + kSoon))
    return warning(kKubeconfig, path, ends, std::string(kSetup) + ": its token renews itself");
  return std::nullopt;
}

// The API as the agent asks it.
class Api {
 public:
  Api(const Case& subject, const std::stop_token& stop)
      : subject_(subject),
        stop_(stop),
        path_(subject.settings->kubernetes.kubeconfig),
        access_(path_, subject.host.files, subject.host.connector, subject.host.clock),
        cluster_(access_, subject.host.clock, settings(subject.host)) {}

  Findings look() {
    const auto config = kube::load_kubeconfig(subject_.host.files, path_);
    if (!config) return {};  // said by check_kubeconfig
    const auto version = cluster_.client().server_version(limits());
    if (!version) return {no_api(version.error().error, *config)};
    Findings findings{good(kApi, {}, config->origin.to_string() + " answers: Kubernetes " + *version)};
    add_expiry(*config, findings);
    add_rights(findings);
    return findings;
  }

 private:
  static kube::ClientSettings settings(const Host& host) {
    kube::ClientSettings settings;
    settings.user_agent = "gridseal/" + host.version;
    settings.request_timeout = kApiPatience;
    settings.call_deadline = kApiPatience;  // somebody is waiting at a terminal
    return settings;
  }
  kube::Limits limits() const { return {stop_, std::nullopt}; }

  Finding no_api(const base::Error& error, const kube::Kubeconfig& config) const {
    const std::string found = error.describe() + " (" + error.code() + ")";
    if (error.code() == "kube.unauthorized") return wrong(kApi, {}, found, kSetup);
    if (found.find("is valid only from") != std::string::npos ||
        found.find("expired at") != std::string::npos)
      return wrong(kApi, {}, found, "set the clock, then 'sudo systemctl restart k3s', which renews it");
    if (found.find("is not signed by") != std::string::npos)
      return wrong(kApi, {}, found, "the cluster has another CA than " + path_ + " says: " + kSetup);
    return wrong(
        kApi, {}, found,
        "is k3s running ('systemctl status k3s'), and is " + config.origin.to_string() + " its address?");
  }

  void add_expiry(const kube::Kubeconfig& config, Findings& findings) {
    auto transport = subject_.host.later.connect(config.origin, config.tls);
    if (!transport) return;
    http::Request request;
    request.target = config.base_path + "/version";
    request.timeout = kApiPatience;
    const auto then = (*transport)->send(request, stop_);
    if (then || then.error().code() != "http.tls") return;
    findings.push_back(warning(kApiCertificate, {},
                               "its certificate, or that of its CA, ends soon; in " +
                                   base::format_duration(kSoon) + " this is said: " + then.error().describe(),
                               "'sudo systemctl restart k3s' renews it"));
  }

  void add_rights(Findings& findings) {
    const auto everything = kube::may(cluster_, {"*", "*", "*"}, limits());
    if (!everything) {
      findings.push_back(
          unseen(kRights, {}, "the rights cannot be asked for: " + everything.error().describe(), kSetup));
      return;
    }
    if (*everything) {
      findings.push_back(warning(
          kRights, {}, path_ + " is that of an administrator: it may do far more than the ceilings allow",
          std::string(kSetup) + " gives the agent an account of its own; name another file in "
                                "kubernetes.kubeconfig first if this is k3s' own"));
      return;
    }
    auto served = cluster_.discovery().all(limits());
    if (!served) {
      findings.push_back(failed(kRights, {}, served.error(), "look at the API server"));
      return;
    }
    ask_all(needed_rights(*subject_.settings, *served, renews_token()), findings);
  }

  // Else the token is somebody else's matter.
  bool renews_token() const {
    const auto config = kube::load_kubeconfig(subject_.host.files, path_);
    return config && config->token_file.starts_with(subject_.host.state_directory + "/");
  }

  void ask_all(const std::vector<NeededRight>& rights, Findings& findings) {
    std::map<std::string, std::vector<std::string>> missing;  // verbs by what they are about
    bool essential = false;
    for (const NeededRight& right : rights) {
      const auto allowed = kube::may(cluster_, right.attributes, limits());
      if (!allowed) {
        findings.push_back(failed(kRights, {}, allowed.error(), "try again"));
        return;
      }
      if (*allowed) continue;
      missing[describe(right.attributes)].push_back(right.attributes.verb);
      essential = essential || right.essential;
    }
    if (missing.empty()) {
      findings.push_back(
          good(kRights, {},
               "the agent's account has the " + std::to_string(rights.size()) + " rights that it needs"));
      return;
    }
    const std::string found = "the agent's account may not " + listed(missing);
    findings.push_back(essential
                           ? wrong(kRights, {}, found, kSetup)
                           : warning(kRights, {}, found + "; causes of failures will be less clear", kSetup));
  }

  static std::string listed(const std::map<std::string, std::vector<std::string>>& missing) {
    std::string text;
    size_t shown = 0;
    for (const auto& [about, verbs] : missing) {
      if (shown++ == kMaxListed)
        return text + ", and " + std::to_string(missing.size() - kMaxListed) + " more";
      if (!text.empty()) text += "; ";
      for (size_t i = 0; i < verbs.size(); ++i) text += (i == 0 ? "" : ", ") + verbs[i];
      text += " " + about;
    }
    return text;
  }

  const Case& subject_;
  const std::stop_token& stop_;
  std::string path_;
  kube::KubeconfigAccess access_;
  kube::Cluster cluster_;
};

}  // namespace

Findings check_kubeconfig(const Case& subject, const std::stop_token& /*stop*/) {
  if (subject.settings == nullptr) return {};
  const std::string& path = subject.settings->kubernetes.kubeconfig;
  const auto info = subject.host.files.stat(path);
  if (!info && base::is_not_found(info.error()))
    return {wrong(kKubeconfig, path, "there is no kubeconfig at " + path, kSetup)};
  const auto config = kube::load_kubeconfig(subject.host.files, path);
  if (!config) {
    // The wrapper's code says less than the file does.
    if (auto bytes = base::read_file(subject.host.files, path, kMaxToken);
        !bytes && bytes.error().code() == "files.permission")
      return {unseen(kKubeconfig, path, bytes.error().describe(), "run this as root")};
    return {failed(kKubeconfig, path, config.error(), kSetup)};
  }
  Findings findings;
  if (auto expiry = of_client_certificate(subject.host, path, config->tls.client_cert_pem))
    findings.push_back(std::move(*expiry));
  if (!config->token_file.empty()) findings.push_back(of_token(subject.host, config->token_file));
  if (findings.empty() || !config->token_file.empty())
    findings.insert(findings.begin(), good(kKubeconfig, path, path + " names " + config->origin.to_string()));
  return findings;
}

Findings check_api(const Case& subject, const std::stop_token& stop) {
  if (subject.settings == nullptr) return {};
  return Api(subject, stop).look();
}

}  // namespace gridseal::doctor
