// kubeconfig files (kubectl's clientcmd v1 Config), as far as a daemon can use them: embedded and file
// certificates, token, token file, user name and password. Programs that fetch credentials (exec,
// auth-provider) are refused. Errors: kube.config (blocked) names the file and the key, never a value that
// could be secret.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/files.hpp"
#include "http/transport.hpp"

namespace gridseal::kube {

// The current context, resolved; certificates are PEM text.
struct Kubeconfig {
  std::string context;
  http::Origin origin;
  std::string base_path;  // path of the server URL without its last "/"; usually empty
  http::TlsSettings tls;
  std::string token;
  std::string token_file;  // absolute; wins over `token`
  std::string username;
  std::string password;
  std::string namespace_;        // of the context; empty: "default"
  std::string impersonate_user;  // of the user entry ("as")
  std::vector<std::string> impersonate_groups;
};

// Reads `path` and the certificate files that it names (relative to its folder). Not the token file.
// `https` only; `http` is taken for a loopback address alone.
base::Result<Kubeconfig> load_kubeconfig(base::Files& files, const std::string& path);

// A connection with what has to be said on it.
struct Session {
  std::shared_ptr<http::Transport> transport;
  std::string base_path;
  std::string authorization;  // value of the Authorization header; empty: none
  std::string impersonate_user;
  std::vector<std::string> impersonate_groups;
};

// Where a Client gets its connection from. Thread safe.
class Access {
 public:
  virtual ~Access() = default;
  virtual base::Result<Session> session() = 0;
  // The server did not take what session() gave: everything is read again before the next one.
  virtual void refused() = 0;
  // How often that was said.
  virtual uint64_t refusals() const { return 0; }
};

// A kubeconfig that is followed: its bytes and those of the certificates are compared at most every 5 s, the
// token file is read at most every 60 s, both at once after refused(). While a changed file cannot be used
// (half written), the last good one stays in use until the server refuses it.
class KubeconfigAccess : public Access {
 public:
  // Impersonation given here wins over that of the file.
  KubeconfigAccess(std::string path, base::Files& files, http::Connector& connector, base::Clock& clock);

  base::Result<Session> session() override;
  void refused() override;
  uint64_t refusals() const override { return refusals_; }

 private:
  base::Result<void> reload();
  base::Result<void> reload_token();

  const std::string path_;
  base::Files& files_;
  http::Connector& connector_;
  base::Clock& clock_;
  std::atomic<uint64_t> refusals_{0};
  std::mutex mutex_;
  bool have_session_ = false;
  bool must_reload_ = true;
  bool must_read_token_ = true;
  Kubeconfig config_;
  Session session_;
  base::Clock::Monotonic checked_{};
  base::Clock::Monotonic token_read_{};
};

}  // namespace gridseal::kube
