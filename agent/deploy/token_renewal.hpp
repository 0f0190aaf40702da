// Keeps the agent's own token to the cluster alive: a token file below the state directory, as `gridseal k3s
// setup` writes it, is replaced in time. Files elsewhere belong to others.
#pragma once

#include <mutex>
#include <optional>
#include <string>

#include "deploy/site.hpp"
#include "kube/token.hpp"

namespace gridseal::deploy {

class TokenRenewal {
 public:
  explicit TokenRenewal(Site& site) : site_(site), due_(site.now()), refusals_(site.access->refusals()) {}

  // --- by the worker alone
  // At once when the API server refused the token.
  base::Clock::Monotonic due() const;
  // Asks for the next token when two thirds of the life of this one are over, or when it was refused. What
  // does not work is tried again, ever more rarely.
  void run(const std::stop_token& stop);

  // --- by any thread
  // That the access to the cluster ends, when nothing can be done about it.
  std::optional<std::string> warning() const;

 private:
  struct TokenFile {
    std::string path;
    bool ours = false;
    kube::TokenClaims claims;
  };
  base::Result<std::optional<TokenFile>> look() const;
  base::Result<void> renew(const TokenFile& file, const std::stop_token& stop);
  void failed(const TokenFile& file, const base::Error& error, bool refused);
  void warn(std::optional<std::string> sentence);

  Site& site_;
  base::Clock::Monotonic due_;
  base::Clock::Monotonic not_before_{};  // after a failure
  uint64_t refusals_;                    // that were seen
  int attempts_ = 0;
  mutable std::mutex mutex_;  // of warning_
  std::optional<std::string> warning_;
};

}  // namespace gridseal::deploy
