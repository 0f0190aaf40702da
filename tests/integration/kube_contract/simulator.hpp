// A simulator process and an HTTP client that sends exactly what it is told.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace gridseal::kube_contract {

using Json = nlohmann::json;

struct Answer {
  int status = 0;                              // 0: the connection broke
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
};

class Simulator {
 public:
  explicit Simulator(const std::vector<std::string>& options);
  ~Simulator();
  Simulator(const Simulator&) = delete;
  Simulator& operator=(const Simulator&) = delete;

  // One request on a connection of its own; `anonymous`: without the administrator's certificate.
  Answer send(const std::string& method, const std::string& target,
              const std::vector<std::pair<std::string, std::string>>& headers, const std::string& body,
              bool anonymous = false) const;
  Json get(const std::string& target) const;
  Answer apply(const std::string& target, const Json& object) const;
  // Polls until the simulator has been quiet (its resourceVersion stands) for a while.
  void settle() const;

 private:
  std::string dir_;
  std::string host_;
  int pid_ = -1;
  int port_ = 0;
};

}  // namespace gridseal::kube_contract
