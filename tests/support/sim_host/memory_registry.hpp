// A registry in memory: what a publisher pushes and an agent asks for (OCI distribution spec 1.1), no more.
#pragma once

#include <map>
#include <string>

#include "http/transport.hpp"

namespace gridseal::test {

class MemoryRegistry {
 public:
  http::Response answer(const http::Request& request);

 private:
  struct Manifest {
    std::string type;
    std::string bytes;
  };
  http::Response manifest(const http::Request& request, const std::string& name);
  http::Response blob(const std::string& digest);
  http::Response upload(const http::Request& request);

  std::map<std::string, Manifest> manifests_;  // by digest
  std::map<std::string, std::string> tags_;    // to digests
  std::map<std::string, std::string> blobs_;
};

}  // namespace gridseal::test
