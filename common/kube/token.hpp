// Tokens of ServiceAccounts: JSON Web Tokens (RFC 7519) whose claims say whose they are and when they end,
// and the TokenRequest (authentication.k8s.io/v1) that gives out the next one. Nobody here verifies a token:
// the API server does.
#pragma once

#include <string>
#include <string_view>

#include "kube/client.hpp"

namespace gridseal::kube {

struct TokenClaims {
  std::string namespace_;  // of the ServiceAccount, from "sub"
  std::string name;
  base::Time issued;
  base::Time expires;
};

// Error (refused): kube.token; never with any part of the token.
base::Result<TokenClaims> read_token_claims(std::string_view token);

// When two thirds of its life are over.
base::Time renewal_time(const TokenClaims& claims);

struct IssuedToken {
  std::string token;
  TokenClaims claims;
};

// A token for the API server itself. The server may give a shorter or longer life than asked for (at least
// ten minutes). Errors: those of failure.hpp, kube.token.
base::Result<IssuedToken> request_token(Client& client, const std::string& namespace_name,
                                        const std::string& name, base::milliseconds lifetime,
                                        const Limits& limits);

}  // namespace gridseal::kube
