// Certificates for tests, made in memory: P-256 keys, ECDSA with SHA-256.
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace gridseal::https_server {

struct KeyPair {
  std::string cert_pem;
  std::string key_pem;
};

struct LeafOptions {
  std::string common_name = "test";
  std::vector<std::string> dns_names;
  std::vector<std::string> addresses;         // IPv4 or IPv6, as text
  std::string not_before = "20200101000000";  // UTC, YYYYMMDDhhmmss
  std::string not_after = "20991231235959";
  bool for_client = false;  // extended key usage clientAuth instead of serverAuth
};

// A certificate authority with its own key; every instance is another one. Aborts when mbedTLS fails.
class TestPki {
 public:
  explicit TestPki(const std::string& name = "Test CA");
  ~TestPki();
  TestPki(const TestPki&) = delete;
  TestPki& operator=(const TestPki&) = delete;

  const std::string& ca_pem() const { return ca_pem_; }
  KeyPair issue(const LeafOptions& options) const;
  // For "localhost", 127.0.0.1 and ::1.
  KeyPair server() const;
  KeyPair client(const std::string& common_name = "test client") const;

 private:
  struct Authority;
  std::unique_ptr<Authority> authority_;
  std::string ca_pem_;
};

}  // namespace gridseal::https_server
