// DER pieces shared by the builders (internal to pki).
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/time.hpp"
#include "crypto/der.hpp"
#include "support/pki/pki.hpp"

namespace gridseal::test::pki {

template <class T>
T must(base::Result<T> result) {
  if (result) return std::move(*result);
  std::fprintf(stderr, "pki: %s\n", result.error().describe().c_str());
  std::abort();
}

inline std::string sequence(std::string_view content) {
  return crypto::der::encode(crypto::der::kSequence, content);
}

std::string encode_time(base::Time time);            // UTCTime until 2049, then GeneralizedTime
std::string generalized_time_text(base::Time time);  // "20260301120500.25Z"
std::string encode_generalized_time(std::string_view text);
std::string encode_boolean(bool value);
std::string encode_number(int64_t value);
std::string encode_extension(const ExtensionSpec& extension);
std::string encode_extensions(const std::vector<ExtensionSpec>& extensions);
std::string hash_oid(crypto::Hash hash);
std::string digest_algorithm(std::string_view oid);
std::string key_identifier(const crypto::PublicKey& key);
std::string sign(const crypto::PrivateKey& key, crypto::Scheme scheme, std::string_view bytes);

}  // namespace gridseal::test::pki
