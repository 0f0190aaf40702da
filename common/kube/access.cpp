#include <algorithm>
#include <chrono>
#include <utility>

#include "base/encoding.hpp"
#include "kube/kubeconfig.hpp"

namespace gridseal::kube {
namespace {

using base::Error;
using base::Result;

constexpr auto kFileInterval = std::chrono::seconds(5);
constexpr auto kTokenInterval = std::chrono::seconds(60);
constexpr uint64_t kMaxTokenFile = 64 * 1024;

bool same_connection(const Kubeconfig& a, const Kubeconfig& b) {
  return a.origin == b.origin && a.tls.ca_pem == b.tls.ca_pem &&
         a.tls.client_cert_pem == b.tls.client_cert_pem && a.tls.client_key_pem == b.tls.client_key_pem &&
         a.tls.server_name == b.tls.server_name;
}

bool same_credentials(const Kubeconfig& a, const Kubeconfig& b) {
  return a.base_path == b.base_path && a.token == b.token && a.token_file == b.token_file &&
         a.username == b.username && a.password == b.password && a.impersonate_user == b.impersonate_user &&
         a.impersonate_groups == b.impersonate_groups;
}

std::string trim(std::string text) {
  constexpr std::string_view kSpace = " \t\r\n";
  text.erase(0, std::min(text.find_first_not_of(kSpace), text.size()));
  text.erase(text.find_last_not_of(kSpace) + 1);
  return text;
}

// A header value must not be able to begin a second header.
bool is_header_safe(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x21 && c < 0x7F; });
}

}  // namespace

KubeconfigAccess::KubeconfigAccess(std::string path, base::Files& files, http::Connector& connector,
                                   base::Clock& clock)
    : path_(std::move(path)), files_(files), connector_(connector), clock_(clock) {}

Result<Session> KubeconfigAccess::session() {
  const std::lock_guard lock(mutex_);
  const auto now = clock_.monotonic();
  if (must_reload_ || now - checked_ >= kFileInterval) {
    const auto loaded = reload();
    checked_ = now;
    if (!loaded && (must_reload_ || !have_session_)) return loaded.error();
    must_reload_ = false;
  }
  if (!config_.token_file.empty() && (must_read_token_ || now - token_read_ >= kTokenInterval)) {
    if (auto token = reload_token(); !token && session_.authorization.empty()) return token.error();
    must_read_token_ = false;
    token_read_ = now;
  }
  return session_;
}

void KubeconfigAccess::refused() {
  ++refusals_;
  const std::lock_guard lock(mutex_);
  must_reload_ = true;
  must_read_token_ = true;
}

Result<void> KubeconfigAccess::reload() {
  auto config = load_kubeconfig(files_, path_);
  if (!config) return std::move(config).error();
  if (have_session_ && same_connection(*config, config_) && same_credentials(*config, config_)) return {};
  if (!is_header_safe(config->token))
    return Error::blocked("kube.config",
                          "kubeconfig " + path_ + ": key token: has characters that no token has");

  Session session;
  session.transport = session_.transport;
  if (!have_session_ || !same_connection(*config, config_)) {
    auto transport = connector_.connect(config->origin, config->tls);
    if (!transport)
      return Error::blocked("kube.config", "kubeconfig " + path_ + ": " + transport.error().describe());
    session.transport = std::move(*transport);
  }
  session.base_path = config->base_path;
  session.impersonate_user = config->impersonate_user;
  session.impersonate_groups = config->impersonate_groups;
  if (!config->token.empty()) {
    session.authorization = "Bearer " + config->token;
  } else if (!config->username.empty()) {
    session.authorization = "Basic " + base::encode_base64(config->username + ":" + config->password);
  }
  if (!config->token_file.empty()) {
    session.authorization = config->token_file == config_.token_file ? session_.authorization : std::string();
    must_read_token_ = true;
  }
  config_ = std::move(*config);
  session_ = std::move(session);
  have_session_ = true;
  return {};
}

Result<void> KubeconfigAccess::reload_token() {
  auto bytes = base::read_file(files_, config_.token_file, kMaxTokenFile);
  if (!bytes)
    return std::move(bytes).error().with_context("kubeconfig " + path_ + ", key tokenFile: cannot be read");
  const std::string token = trim(std::move(*bytes));
  if (token.empty() || !is_header_safe(token)) {
    return Error::blocked("kube.config", "kubeconfig " + path_ + ", key tokenFile: " + config_.token_file +
                                             " does not hold a token");
  }
  session_.authorization = "Bearer " + token;
  return {};
}

}  // namespace gridseal::kube
