// Certificates and tokens that others made, in tests/fixtures/crypto/x509.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/files.hpp"
#include "crypto/certificate.hpp"

namespace gridseal::crypto {

inline std::string crypto_fixture(const std::string& name) {
  auto text = base::read_file(base::system_files(), std::string(GRIDSEAL_FIXTURES) + "/crypto/" + name);
  if (text) return *text;
  ADD_FAILURE() << "missing fixture " << name;
  return "";
}

inline std::string x509_fixture(const std::string& name) {
  return crypto_fixture("x509/" + name);
}

inline std::vector<Certificate> certificates(const std::string& name) {
  auto parsed = Certificate::from_pem_bundle(x509_fixture(name));
  if (parsed) return *parsed;
  ADD_FAILURE() << name << ": " << parsed.error().describe();
  std::abort();
}

inline Certificate certificate(const std::string& name) {
  return certificates(name).front();
}

template <class T>
std::string code_of(const base::Result<T>& result) {
  return result ? "" : result.error().code();
}

}  // namespace gridseal::crypto
