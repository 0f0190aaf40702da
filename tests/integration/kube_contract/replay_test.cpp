#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <regex>
#include <sstream>
#include <thread>

#include "compare.hpp"

namespace gridseal::kube_contract {
namespace {

Json read_json(const std::string& path) {
  std::ifstream in(path);
  std::ostringstream text;
  text << in.rdbuf();
  return Json::parse(text.str());
}

// A recorded `<1048577 times "x">` stands for the long string.
std::string expanded(const std::string& text) {
  static const std::regex kTimes("<([0-9]+) times (?:\\\\)?\"(.)(?:\\\\)?\">");
  std::smatch match;
  if (!std::regex_search(text, match, kTimes)) return text;
  return match.prefix().str() + std::string(std::stoull(match[1]), match[2].str()[0]) + match.suffix().str();
}

struct Step {
  std::string method, target, body;
  std::vector<std::pair<std::string, std::string>> headers;
  bool anonymous = false;
};

Step read_step(const Json& step, const Names& names) {
  const Json& request = step["request"];
  Step out{request["method"], translated(request["path"], names), "", {}, false};
  const Json headers = request.value("headers", Json::object());
  for (const auto& [name, value] : headers.items()) {
    if (value.is_array()) {
      for (const Json& one : value) out.headers.emplace_back(name, one);
    } else {
      out.headers.emplace_back(name, translated(value, names));
    }
  }
  out.anonymous = step.value("note", "").find("nonymous") != std::string::npos;
  const Json body = request.value("body", Json());
  if (body.is_string())
    out.body = expanded(translated(body, names));
  else if (!body.is_null())
    out.body = expanded(translated(body.dump(), names));
  return out;
}

std::string media_type(const std::string& value) {
  return value.substr(0, value.find(';'));
}

void check_step(const Json& step, const Answer& answer, const std::string& where, Names& names) {
  const Json& response = step["response"];
  EXPECT_EQ(response["status"].get<int>(), answer.status) << where << "\n" << answer.body.substr(0, 600);
  if (response["status"].get<int>() != answer.status) return;
  const Json headers = response.value("headers", Json::object());
  auto header = [&](const char* name) { return headers.value(name, ""); };
  if (!header("Etag").empty())
    names[header("Etag")] = answer.headers.count("etag") != 0 ? answer.headers.at("etag") : "";
  const auto type = answer.headers.find("content-type");
  if (!header("Content-Type").empty() && type != answer.headers.end()) {
    EXPECT_EQ(media_type(header("Content-Type")), media_type(type->second)) << where;
  }
  std::set<std::string> trimmed;
  const Json trims = step.value("trimmed", Json::array());
  if (trims.is_array())
    trimmed = trims.get<std::set<std::string>>();
  else
    return;
  if (trimmed.contains("body shortened") || response.value("body", Json()).is_null()) return;
  const Json body = Json::parse(answer.body, nullptr, false);
  const Json actual = body.is_discarded() ? Json(answer.body) : body;
  for (const std::string& difference : differences(response["body"], actual, trimmed, names))
    ADD_FAILURE() << where << "\n  " << difference;
}

const std::vector<std::pair<std::string, std::string>> kWriter = {{"Content-Type", "application/json"},
                                                                  {"User-Agent", "deploy-agent/1.0"}};

class Replay : public testing::TestWithParam<Json> {};

// GS-KUBESIM-001: the simulator answers the recorded requests as the real API server did.
TEST_P(Replay, answers_as_recorded) {
  const Json& plan = GetParam();
  const Simulator simulator({"--bare", "--speed", plan.value("speed", "20")});
  for (const std::string ns : plan.value("namespaces", Json::array())) {
    const Json made = {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", ns}}}};
    simulator.send("POST", "/api/v1/namespaces", kWriter, made.dump());
  }
  for (const Json& object : plan.value("objects", Json::array())) {
    const Answer made = simulator.send("POST", object["target"], kWriter, object["body"].dump());
    ASSERT_EQ(made.status, 201) << made.body;
  }
  simulator.settle();
  const Json skip = plan.value("skip", Json::object());
  const Json settle = plan.value("settle_before", Json::array());
  const Json scenario = read_json(std::string(GRIDSEAL_FIXTURES "/kube-contract/") +
                                  plan["scenario"].get<std::string>() + ".json");
  const Json before = plan.value("before", Json::object());
  Names names;
  std::size_t index = 0;
  for (const Json& step : scenario["steps"]) {
    const std::string number = std::to_string(index++);
    if (!step.contains("request") || step["response"].contains("events") || skip.contains(number)) continue;
    if (std::find(settle.begin(), settle.end(), index - 1) != settle.end()) simulator.settle();
    // What was done between the recorded steps.
    for (const Json& change : before.value(number, Json::array())) {
      const std::string media = change.value("media", "application/merge-patch+json");
      simulator.send(change["method"], change["target"], {{"Content-Type", media}},
                     change.value("body", Json()).is_null() ? "" : change["body"].dump());
    }
    const Step request = read_step(step, names);
    const Answer answer =
        simulator.send(request.method, request.target, request.headers, request.body, request.anonymous);
    check_step(
        step, answer,
        "step " + number + " " + request.method + " " + request.target + " (" + step.value("note", "") + ")",
        names);
  }
  const Json log = simulator.get("/_kubesim/requests");
  // GS-KUBESIM-002: a request that the simulator does not know fails the test.
  EXPECT_TRUE(log["unknown"].empty()) << log["unknown"].dump();
}

std::vector<Json> plans() {
  const Json manifest = read_json(KUBE_CONTRACT_MANIFEST);
  return manifest["scenarios"].get<std::vector<Json>>();
}

INSTANTIATE_TEST_SUITE_P(kube_contract, Replay, testing::ValuesIn(plans()),
                         [](const testing::TestParamInfo<Json>& info) {
                           std::string name = info.param["scenario"];
                           std::replace(name.begin(), name.end(), '-', '_');
                           return "s" + name;
                         });

}  // namespace
}  // namespace gridseal::kube_contract
