// A registry client over scripted answers.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>

#include "crypto/sha256.hpp"
#include "oci/media_types.hpp"
#include "oci/registry.hpp"
#include "support/http/scripted_http.hpp"

namespace gridseal::oci {

using test::answer;
using test::ScriptedAnswer;
using test::SeenRequest;
using test::unreachable;

inline const Repository kPumps{"mirror.example", "plant/pumps"};

inline Descriptor descriptor_of(std::string_view bytes, std::string_view type = "application/octet-stream") {
  return {std::string(type), crypto::sha256(bytes), bytes.size(), {}, {}, {}};
}

// Collects a blob, checked as a store would.
class StringSink final : public BlobSink {
 public:
  explicit StringSink(Descriptor blob, std::string have = {})
      : bytes(std::move(have)), blob_(std::move(blob)) {}
  uint64_t size() const override { return bytes.size(); }
  base::Result<void> write(std::string_view piece) override {
    if (fail_with) return *fail_with;
    bytes += piece;
    return {};
  }
  base::Result<void> restart() override {
    ++restarts;
    bytes.clear();
    return {};
  }
  base::Result<void> finish() override {
    if (bytes.size() == blob_.size && crypto::sha256(bytes) == blob_.digest) {
      finished = true;
      return {};
    }
    return base::Error::refused("oci.digest_mismatch", "wrong bytes");
  }

  std::string bytes;
  int restarts = 0;
  bool finished = false;
  std::optional<base::Error> fail_with;

 private:
  Descriptor blob_;
};

class RegistryTest : public testing::Test {
 protected:
  using Handler = std::function<ScriptedAnswer(const SeenRequest&)>;

  // One mirror for each URL; `handler` answers for all.
  Registry& client(Handler handler, std::vector<std::string> urls = {"https://a.example"}) {
    net_ = std::make_unique<test::ScriptedHttp>(std::move(handler));
    settings_.mirrors.clear();
    for (auto& url : urls) {
      settings_.mirrors.push_back(
          {std::move(url),
           [] {
             return http::TlsSettings{"CA", "CERT", "KEY", ""};
           },
           [this] { return base::Result<std::optional<Credentials>>(credentials_); }});
    }
    auto made = Registry::create(settings_, outside());
    EXPECT_TRUE(made) << made.error().describe();
    registry_ = std::move(*made);
    return *registry_;
  }

  Surroundings outside() { return {*net_, clock_, base::null_log(), {}}; }
  const std::vector<SeenRequest> seen() const { return net_->requests(); }
  std::vector<std::string> lines() const {
    std::vector<std::string> out;
    for (const auto& request : net_->requests()) out.push_back(request.line());
    return out;
  }

  static ScriptedAnswer manifest_answer(const std::string& bytes) {
    return answer(200, bytes)
        .with("Content-Type", std::string(kOciManifest))
        .with("Docker-Content-Digest", crypto::sha256(bytes).to_string())
        .with("Content-Length", std::to_string(bytes.size()));
  }

  RegistrySettings settings_;
  std::optional<Credentials> credentials_;
  test::ManualClock clock_;
  std::unique_ptr<test::ScriptedHttp> net_;
  std::unique_ptr<Registry> registry_;
  std::stop_token stop_;
};

}  // namespace gridseal::oci
