#include "kube/kubeconfig.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/encoding.hpp"
#include "base/json.hpp"
#include "manifest/yaml.hpp"

namespace gridseal::kube {
namespace {

using base::Error;
using base::Json;
using base::Result;

constexpr uint64_t kMaxFile = uint64_t{1} << 20U;

Error bad(const std::string& path, const std::string& what) {
  return Error::blocked("kube.config", "kubeconfig " + path + ": " + what);
}

// An entry of the named lists "clusters", "users", "contexts", with the words that name it in messages.
struct Section {
  Json body;
  std::string where;  // users "admin"
};

class Reader {
 public:
  Reader(base::Files& files, std::string path) : files_(files), path_(std::move(path)) {}

  Result<Kubeconfig> read();

 private:
  Result<Json> parse();
  Result<Section> section(const Json& root, const std::string& list, const std::string& member,
                          const std::string& name) const;
  Result<std::string> text(const Section& section, const std::string& key) const;
  // The value of `key`-data decoded, or the file that `key` names.
  Result<std::string> pem(const Section& section, const std::string& key) const;
  Result<void> read_cluster(const Section& cluster, Kubeconfig& config) const;
  Result<void> read_user(const Section& user, Kubeconfig& config) const;
  Result<void> read_impersonation(const Section& user, Kubeconfig& config) const;
  Result<void> refuse_plugins(const Section& user) const;
  std::string resolve(const std::string& file) const {
    return file.starts_with('/') ? file : base::parent_directory(path_) + "/" + file;
  }

  base::Files& files_;
  std::string path_;
};

Result<Json> Reader::parse() {
  auto bytes = base::read_file(files_, path_, kMaxFile);
  if (!bytes) return std::move(bytes).error().with_context("the kubeconfig cannot be read");
  auto documents = manifest::parse_yaml(*bytes);
  // The parser's sentence may quote the text around the mistake, and that may be a key.
  if (!documents) return bad(path_, "is not YAML or JSON (" + documents.error().code() + ")");
  if (documents->size() != 1 || !documents->front().is_object())
    return bad(path_, "does not hold exactly one object of kind Config");
  const std::string* kind = base::find_string(documents->front(), "kind");
  if (kind != nullptr && *kind != "Config") return bad(path_, "key kind: is not Config");
  return std::move(documents->front());
}

Result<Section> Reader::section(const Json& root, const std::string& list, const std::string& member,
                                const std::string& name) const {
  const Json* entries = base::find_array(root, list);
  if (entries == nullptr) return bad(path_, "key " + list + ": is missing");
  for (const Json& entry : *entries) {
    const std::string* entry_name = base::find_string(entry, "name");
    if (entry_name == nullptr || *entry_name != name) continue;
    const Json* body = base::find_object(entry, member);
    return Section{body == nullptr ? Json::object() : *body, list + " \"" + base::printable(name, 80) + "\""};
  }
  return bad(path_, "key " + list + ": has no entry named \"" + base::printable(name, 80) + "\"");
}

Result<std::string> Reader::text(const Section& section, const std::string& key) const {
  const Json* value = base::find_member(section.body, key);
  if (value == nullptr) return std::string();
  if (!value->is_string()) return bad(path_, section.where + ", key " + key + ": is not a string");
  return value->get<std::string>();
}

Result<std::string> Reader::pem(const Section& section, const std::string& key) const {
  auto data = text(section, key + "-data");
  if (!data) return std::move(data).error();
  const std::string where = section.where + ", key " + key;
  std::string pem;
  if (!data->empty()) {
    auto decoded = base::decode_base64(*data);
    if (!decoded) return bad(path_, where + "-data: is not base64");
    pem = std::move(*decoded);
  } else {
    auto file = text(section, key);
    if (!file || file->empty()) return file;
    auto bytes = base::read_file(files_, resolve(*file), kMaxFile);
    if (!bytes) return std::move(bytes).error().with_context(bad(path_, where).message());
    pem = std::move(*bytes);
  }
  if (pem.find("-----BEGIN ") == std::string::npos) return bad(path_, where + ": is not PEM");
  return pem;
}

bool is_loopback(const std::string& host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

Result<void> Reader::read_cluster(const Section& cluster, Kubeconfig& config) const {
  auto server = text(cluster, "server");
  if (!server) return std::move(server).error();
  if (server->empty()) return bad(path_, cluster.where + ", key server: is missing");
  auto url = http::Url::parse(*server);
  if (!url) return bad(path_, cluster.where + ", key server: is not a URL");
  if (url->origin.scheme != "https" && !is_loopback(url->origin.host))
    return bad(path_, cluster.where + ", key server: must begin with https://");
  config.origin = std::move(url->origin);
  config.base_path = std::move(url->target);
  while (config.base_path.ends_with('/')) config.base_path.pop_back();

  if (const Json* insecure = base::find_member(cluster.body, "insecure-skip-tls-verify");
      insecure != nullptr && *insecure != false) {
    return bad(path_, cluster.where +
                          ", key insecure-skip-tls-verify: is not supported, the API server's certificate is "
                          "always checked; give certificate-authority-data");
  }
  if (base::find_member(cluster.body, "proxy-url") != nullptr)
    return bad(path_, cluster.where + ", key proxy-url: is not supported");
  auto ca = pem(cluster, "certificate-authority");
  if (!ca) return std::move(ca).error();
  if (ca->empty() && config.origin.scheme == "https") {
    return bad(path_,
               cluster.where +
                   ", key certificate-authority-data: is missing; the system's certificates are not used");
  }
  auto name = text(cluster, "tls-server-name");
  if (!name) return std::move(name).error();
  config.tls.ca_pem = std::move(*ca);
  config.tls.server_name = std::move(*name);
  return {};
}

Result<void> Reader::refuse_plugins(const Section& user) const {
  for (const char* plugin : {"exec", "auth-provider"}) {
    if (base::find_member(user.body, plugin) != nullptr) {
      return bad(path_,
                 user.where + ", key " + plugin +
                     ": credential programs are not run; use a client certificate, a token or a tokenFile");
    }
  }
  return {};
}

Result<void> Reader::read_impersonation(const Section& user, Kubeconfig& config) const {
  auto as = text(user, "as");
  if (!as) return std::move(as).error();
  config.impersonate_user = std::move(*as);
  const Json* groups = base::find_member(user.body, "as-groups");
  if (groups == nullptr) return {};
  if (!groups->is_array()) return bad(path_, user.where + ", key as-groups: is not a list");
  for (const Json& group : *groups) {
    if (!group.is_string())
      return bad(path_, user.where + ", key as-groups: holds something else than strings");
    config.impersonate_groups.push_back(group.get<std::string>());
  }
  return {};
}

Result<void> Reader::read_user(const Section& user, Kubeconfig& config) const {
  if (auto plugins = refuse_plugins(user); !plugins) return plugins;
  auto certificate = pem(user, "client-certificate");
  if (!certificate) return std::move(certificate).error();
  auto key = pem(user, "client-key");
  if (!key) return std::move(key).error();
  if (certificate->empty() != key->empty()) {
    return bad(path_, user.where + ", key " + (key->empty() ? "client-key" : "client-certificate") +
                          ": is missing, certificate and key go together");
  }
  config.tls.client_cert_pem = std::move(*certificate);
  config.tls.client_key_pem = std::move(*key);
  const std::array<std::pair<const char*, std::string*>, 4> fields = {{{"token", &config.token},
                                                                       {"tokenFile", &config.token_file},
                                                                       {"username", &config.username},
                                                                       {"password", &config.password}}};
  for (const auto& [name, target] : fields) {
    auto value = text(user, name);
    if (!value) return std::move(value).error();
    *target = std::move(*value);
  }
  if (!config.token_file.empty()) config.token_file = resolve(config.token_file);
  return read_impersonation(user, config);
}

Result<Kubeconfig> Reader::read() {
  auto root = parse();
  if (!root) return std::move(root).error();
  const std::string* current = base::find_string(*root, "current-context");
  if (current == nullptr || current->empty()) return bad(path_, "key current-context: is missing");
  auto context = section(*root, "contexts", "context", *current);
  if (!context) return std::move(context).error();
  auto cluster_name = text(*context, "cluster");
  if (!cluster_name) return std::move(cluster_name).error();
  auto user_name = text(*context, "user");
  if (!user_name) return std::move(user_name).error();
  auto name_space = text(*context, "namespace");
  if (!name_space) return std::move(name_space).error();

  Kubeconfig config;
  config.context = *current;
  config.namespace_ = std::move(*name_space);
  auto cluster = section(*root, "clusters", "cluster", *cluster_name);
  if (!cluster) return std::move(cluster).error();
  if (auto done = read_cluster(*cluster, config); !done) return std::move(done).error();
  if (user_name->empty()) return config;
  auto user = section(*root, "users", "user", *user_name);
  if (!user) return std::move(user).error();
  if (auto done = read_user(*user, config); !done) return std::move(done).error();
  return config;
}

}  // namespace

Result<Kubeconfig> load_kubeconfig(base::Files& files, const std::string& path) {
  return Reader(files, path).read();
}

}  // namespace gridseal::kube
