#include "deploy/token_renewal.hpp"

#include <algorithm>
#include <utility>

namespace gridseal::deploy {
namespace {

using base::Result;

constexpr uint64_t kMaxToken = 64 * 1024;
constexpr base::milliseconds kLook{3'600'000};  // settings, kubeconfig and clock may have changed
constexpr base::milliseconds kShortestPause{60'000};
constexpr base::milliseconds kFirstPause{30'000};
constexpr base::milliseconds kLongestRenewalPause{900'000};
constexpr base::milliseconds kNotice{7LL * 24 * 3'600'000};  // of a token that nobody here renews

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

bool lies_below(const std::string& path, const std::string& directory) {
  return path.starts_with(directory + "/") && path.find("/../") == std::string::npos;
}

}  // namespace

base::Clock::Monotonic TokenRenewal::due() const {
  if (site_.access->refusals() != refusals_) return not_before_;
  return due_;
}

// Nothing: the agent does not go by a token that says when it ends.
Result<std::optional<TokenRenewal::TokenFile>> TokenRenewal::look() const {
  base::Files& files = site_.outside.files;
  auto config = kube::load_kubeconfig(files, site_.generation->settings.kubernetes.kubeconfig);
  if (!config) return std::move(config).error();
  if (config->token_file.empty()) return std::optional<TokenFile>();
  auto text = base::read_file(files, config->token_file, kMaxToken);
  if (!text) return std::move(text).error();
  auto claims = kube::read_token_claims(trimmed(*text));
  if (!claims) return std::optional<TokenFile>();
  return std::optional(TokenFile{config->token_file, lies_below(config->token_file, site_.state_directory),
                                 std::move(*claims)});
}

void TokenRenewal::run(const std::stop_token& stop) {
  // Fewer: another access took the place of the one that counted.
  const bool refused = site_.access->refusals() > refusals_;
  refusals_ = site_.access->refusals();
  due_ = site_.now() + kLook;
  auto file = look();
  // What is wrong with the kubeconfig is said by those who want to use it.
  if (!file || !*file) return warn(std::nullopt);
  const base::Time now = site_.outside.clock.now();
  const kube::TokenClaims& claims = (*file)->claims;
  if (!(*file)->ours) {
    const bool near = claims.expires - now < std::min(kNotice, (claims.expires - claims.issued) / 3);
    return warn(near ? std::optional("the token in " + (*file)->path + " ends at " +
                                     base::format_rfc3339(claims.expires) +
                                     ", and the agent renews only files below " + site_.state_directory)
                     : std::nullopt);
  }
  const base::Time renewal = kube::renewal_time(claims);
  if (now < renewal && !refused) {
    due_ = site_.now() + std::clamp(base::milliseconds(renewal - now), kShortestPause, kLook);
    return warn(std::nullopt);
  }
  if (auto r = renew(**file, stop); !r && !stop.stop_requested()) failed(**file, r.error(), refused);
}

Result<void> TokenRenewal::renew(const TokenFile& file, const std::stop_token& stop) {
  const kube::TokenClaims& old = file.claims;
  auto next = kube::request_token(site_.cluster->client(), old.namespace_, old.name, old.expires - old.issued,
                                  site_.limits(stop));
  // That its own request was refused is no news.
  refusals_ = site_.access->refusals();
  if (!next) return std::move(next).error();
  if (auto r = base::write_file(site_.outside.files, file.path, next->token, 0600); !r) return r;
  site_.access->refused();  // so that it is read now
  refusals_ = site_.access->refusals();
  attempts_ = 0;
  not_before_ = site_.now() + kShortestPause;
  const base::Time renewal = kube::renewal_time(next->claims);
  due_ = site_.now() +
         std::clamp(base::milliseconds(renewal - site_.outside.clock.now()), kShortestPause, kLook);
  site_.outside.log.info("the token to the cluster was renewed; it ends at " +
                         base::format_rfc3339(next->claims.expires));
  warn(std::nullopt);
  return {};
}

void TokenRenewal::failed(const TokenFile& file, const base::Error& error, bool refused) {
  const auto pause = std::min(kLongestRenewalPause, kFirstPause * (1 << std::min(attempts_, 10)));
  ++attempts_;
  due_ = not_before_ = site_.now() + pause;
  std::string sentence = refused ? "the API server refuses the agent's token although it is good until "
                                 : "the agent's token could not be renewed and ends at ";
  sentence += base::format_rfc3339(file.claims.expires) + ": " + error.describe() +
              "; 'sudo gridseal k3s setup' makes a new one";
  if (attempts_ == 1) site_.outside.log.warning(sentence, {{"reason", error.code()}});
  warn(std::move(sentence));
}

void TokenRenewal::warn(std::optional<std::string> sentence) {
  const std::scoped_lock lock(mutex_);
  warning_ = std::move(sentence);
}

std::optional<std::string> TokenRenewal::warning() const {
  const std::scoped_lock lock(mutex_);
  return warning_;
}

}  // namespace gridseal::deploy
