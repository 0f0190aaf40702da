#include "kubesim/script.hpp"

#include "kubesim/clock.hpp"

#include <algorithm>

namespace gridseal::kubesim {

namespace {

bool fits(const std::string& pattern, const std::string& text) {
  return pattern.empty() || glob_matches(pattern, text);
}

std::string read_behaviour(const Json& from, Behaviour& out) {
  for (const auto& [key, value] : from.items()) {
    if (key == "ready_after_ms" && value.is_number_integer())
      out.ready_after_ms = value.get<std::int64_t>();
    else if (key == "never_ready")
      out.kind = Behaviour::Kind::never_ready;
    else if (key == "crash_loop")
      out.kind = Behaviour::Kind::crash_loop;
    else if (key == "image_pull_failure") {
      out.kind = Behaviour::Kind::image_pull_failure;
      if (value.is_string()) out.pull_error = value.get<std::string>();
    } else if (key == "unschedulable")
      out.kind = Behaviour::Kind::unschedulable;
    else
      return "unknown behaviour " + key;
  }
  return {};
}

std::string read_fault(const Json& from, Fault& out) {
  for (const auto& [key, value] : from.items()) {
    if (key == "status" && value.is_number_integer())
      out.status = value.get<int>();
    else if (key == "retry_after" && value.is_number_integer())
      out.retry_after = value.get<std::int64_t>();
    else if (key == "message" && value.is_string())
      out.message = value.get<std::string>();
    else if (key == "delay_ms" && value.is_number_integer())
      out.delay_ms = value.get<std::int64_t>();
    else if (key == "silent_ms" && value.is_number_integer())
      out.silent_ms = value.get<std::int64_t>();
    else if (key == "hang")
      out.hang = value == true;
    else if (key == "cut" && value == "before")
      out.cut = Fault::Cut::before;
    else if (key == "cut" && value == "after")
      out.cut = Fault::Cut::after;
    else
      return "unknown fault " + key;
  }
  return {};
}

}  // namespace

bool glob_matches(const std::string& pattern, const std::string& text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string::npos;
  std::size_t mark = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      mark = t;
    } else if (p < pattern.size() && (pattern[p] == text[t] || pattern[p] == '?')) {
      ++p, ++t;
    } else if (star != std::string::npos) {
      p = star + 1;
      t = ++mark;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

std::string Script::load(const Json& script) {
  if (!script.is_object()) return "a script is an object";
  std::vector<Rule> rules;
  std::vector<Trap> traps;
  using kubesim::text;
  for (const Json& entry : script.value("rules", Json::array())) {
    const Json match = entry.value("match", Json::object());
    Rule rule{
        text(match, {"kind"}), text(match, {"namespace"}), text(match, {"name"}), text(match, {"image"}), {}};
    if (auto wrong = read_behaviour(entry.value("behaviour", Json::object()), rule.behaviour); !wrong.empty())
      return wrong;
    rules.push_back(std::move(rule));
  }
  for (const Json& entry : script.value("faults", Json::array())) {
    const Json match = entry.value("match", Json::object());
    Trap trap;
    trap.method = text(match, {"method"});
    trap.path = text(match, {"path_glob"});
    trap.query = text(match, {"query_glob"});
    trap.nth = number(match, {"nth"}, 1);
    trap.count = number(match, {"count"}, -1);
    if (auto wrong = read_fault(entry.value("fault", Json::object()), trap.fault); !wrong.empty())
      return wrong;
    traps.push_back(std::move(trap));
  }
  const Json tokens = script.value("tokens", Json::object());
  for (const std::string& token : scripted_tokens_) tokens_.erase(token);
  scripted_tokens_.clear();
  for (const auto& [token, user] : tokens.items()) {
    User made{text(user, {"user"}), {}, 0, {}, {}};
    for (const Json& group : user.value("groups", Json::array()))
      made.groups.push_back(group.get<std::string>());
    tokens_[token] = std::move(made);
    scripted_tokens_.push_back(token);
  }
  rules_ = std::move(rules);
  traps_ = std::move(traps);
  nodes_ready_ = script.value("nodes_ready", true);
  version_ = script.value("version", "v1.36.2");
  source_ = script;
  return {};
}

Behaviour Script::behaviour(const std::string& kind, const std::string& ns, const std::string& name,
                            const std::vector<std::string>& images) const {
  for (const Rule& rule : rules_) {
    const bool image =
        rule.image.empty() || std::any_of(images.begin(), images.end(),
                                          [&](const std::string& i) { return glob_matches(rule.image, i); });
    if (image && fits(rule.kind, kind) && fits(rule.ns, ns) && fits(rule.name, name)) return rule.behaviour;
  }
  Behaviour out;
  for (const std::string& image : images) {
    if (image.find("nonesuch") != std::string::npos)
      out.kind = Behaviour::Kind::image_pull_failure;  // 080
    else if (image.find("crash:") != std::string::npos)
      out.kind = Behaviour::Kind::crash_loop;  // 081
    else if (image.find("unready") != std::string::npos)
      out.kind = Behaviour::Kind::never_ready;  // 082
  }
  return out;
}

std::optional<Fault> Script::fault(const std::string& method, const std::string& path,
                                   const std::string& query) {
  for (Trap& trap : traps_) {
    if (!fits(trap.method, method) || !fits(trap.path, path) || !fits(trap.query, query)) continue;
    ++trap.seen;
    if (trap.seen < trap.nth) continue;
    if (trap.count >= 0 && trap.seen >= trap.nth + trap.count) continue;
    return trap.fault;
  }
  return std::nullopt;
}

std::optional<Script::User> Script::user_of_token(const std::string& token) const {
  auto it = tokens_.find(token);
  if (it == tokens_.end()) return std::nullopt;
  if (it->second.expires != 0 && it->second.expires <= Clock::unix_seconds()) return std::nullopt;
  return it->second;
}

}  // namespace gridseal::kubesim
