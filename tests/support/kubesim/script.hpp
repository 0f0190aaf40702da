// What a test tells the simulator to do: how workloads behave, and which requests go wrong.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "kubesim/json.hpp"

namespace gridseal::kubesim {

// How the containers of a pod behave.
struct Behaviour {
  enum class Kind { ready, never_ready, crash_loop, image_pull_failure, unschedulable } kind = Kind::ready;
  std::int64_t ready_after_ms = 300;
  std::string pull_error;  // what the runtime says of an image that cannot be pulled; empty: not found
};

struct Fault {
  int status = 0;  // answered instead of doing anything
  std::int64_t retry_after = 0;
  std::string message;
  std::int64_t delay_ms = 0;
  enum class Cut { none, before, after } cut = Cut::none;  // after: done, but the answer is lost
  bool hang = false;
  std::int64_t silent_ms = -1;  // of a watch: accepted, without a word for so long, then cut
};

// `*` matches any text, also slashes.
bool glob_matches(const std::string& pattern, const std::string& text);

class Script {
 public:
  // Reads {"rules": [...], "faults": [...], "tokens": {...}, "nodes_ready": bool, "version": "v..."}; returns
  // what is wrong with it, or "". Tokens of the script before are valid no longer.
  std::string load(const Json& script);
  const Json& text() const { return source_; }

  // The first rule that matches; else the image's name decides (nonesuch, crash:, unready).
  Behaviour behaviour(const std::string& kind, const std::string& ns, const std::string& name,
                      const std::vector<std::string>& images) const;
  // The fault for this request, if one is due; counts the request.
  std::optional<Fault> fault(const std::string& method, const std::string& path, const std::string& query);
  // User and groups of a bearer token.
  struct User {
    std::string name;
    std::vector<std::string> groups;
    std::int64_t expires = 0;     // Unix time; 0: never
    std::string account_ns = {};  // of the ServiceAccount that a TokenRequest was for: with it the token ends
    std::string account = {};
  };
  std::optional<User> user_of_token(const std::string& token) const;
  void add_token(const std::string& token, User user) { tokens_[token] = std::move(user); }
  bool nodes_ready() const { return nodes_ready_; }
  const std::string& version() const { return version_; }

 private:
  struct Rule {
    std::string kind, ns, name, image;
    Behaviour behaviour;
  };
  struct Trap {
    std::string method, path, query;
    std::int64_t nth = 1;
    std::int64_t count = -1;  // -1: from then on always
    std::int64_t seen = 0;
    Fault fault;
  };
  std::vector<Rule> rules_;
  std::vector<Trap> traps_;
  std::map<std::string, User> tokens_;
  std::vector<std::string> scripted_tokens_;
  bool nodes_ready_ = true;
  std::string version_ = "v1.36.2";
  Json source_ = Json::object();
};

}  // namespace gridseal::kubesim
