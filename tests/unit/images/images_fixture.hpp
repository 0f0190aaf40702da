// A host with images in its store, and a mirror that holds more, behind the registry under test.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <string>

#include "crypto/sha256.hpp"
#include "images/service.hpp"
#include "oci/media_types.hpp"
#include "support/http/scripted_http.hpp"

namespace gridseal::images {

inline const oci::Repository kPump{"ghcr.io", "acme/pump"};

inline oci::Descriptor descriptor_of(std::string_view bytes,
                                     std::string_view type = "application/octet-stream") {
  return {std::string(type), crypto::sha256(bytes), bytes.size(), {}, {}, {}};
}

// An image for two platforms, of one layer each.
struct TestImage {
  explicit TestImage(const std::string& content) {
    oci::Index index{std::string(oci::kOciIndex), {}, {}, {}, {}};
    for (const char* architecture : {"amd64", "arm64"}) {
      const std::string config = std::string(R"({"architecture":")") + architecture + R"(","os":"linux"})";
      const std::string layer = content + architecture;
      const oci::Manifest manifest{std::string(oci::kOciManifest),
                                   {},
                                   descriptor_of(config, oci::kOciConfig),
                                   {descriptor_of(layer, oci::kOciLayerTarGzip)},
                                   {},
                                   {}};
      const std::string bytes = oci::serialize(manifest);
      auto entry = descriptor_of(bytes, oci::kOciManifest);
      entry.platform = oci::Platform{"linux", architecture, {}};
      index.manifests.push_back(entry);
      blobs[config] = oci::kOciConfig;
      blobs[layer] = oci::kOciLayerTarGzip;
      blobs[bytes] = oci::kOciManifest;
      manifests.push_back(bytes);
      layers.push_back(layer);
    }
    this->index = oci::serialize(index);
    blobs[this->index] = oci::kOciIndex;
  }
  base::Digest digest() const { return crypto::sha256(index); }
  ListedImage listed(const std::string& tag = {}) const { return {kPump, tag, digest()}; }

  std::string index;
  std::vector<std::string> manifests;  // amd64, arm64
  std::vector<std::string> layers;
  std::map<std::string, std::string> blobs;  // bytes to media type; all of it
};

// What a test does with an answer.
struct Answer {
  int status = 0;
  http::Headers headers;
  std::string type;
  std::string body;
  bool whole = true;  // as long as was announced

  std::string code() const {
    const auto json = base::parse_json(body);
    if (!json || !json->contains("errors")) return {};
    return (*json)["errors"][0]["code"].get<std::string>();
  }
};

class ImagesTest : public testing::Test {
 protected:
  ImagesTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "gridseal-images-XXXXXX").string();
    state_ = ::mkdtemp(pattern.data());
    store_ =
        std::move(oci::Store::open(base::system_files(), base::null_log(), {state_ + "/store", 0}).value());
  }
  ~ImagesTest() override {
    service_.reset();
    std::filesystem::remove_all(state_);
  }

  void put(const TestImage& image) {
    for (const auto& [bytes, type] : image.blobs)
      ASSERT_TRUE(store_->put_blob(descriptor_of(bytes, type), bytes));
    ASSERT_TRUE(
        store_->set_root(root_name(kPump, image.digest()), descriptor_of(image.index, oci::kOciIndex)));
  }
  // One component whose revision names these.
  void list(const std::vector<ListedImage>& images, const std::vector<base::Digest>& denied = {},
            const base::Digest& artifact = crypto::sha256("artifact")) {
    const ImageList list{{{"pumps", artifact, images}}, denied};
    ASSERT_TRUE(write_list(base::system_files(), state_, list));
  }
  void open(ServiceSettings settings = {}) {
    settings.state_directory = state_;
    settings.watermark = 0;
    service_ = Service::open({base::system_files(), base::system_clock(), base::null_log()}, settings);
  }
  // The same settings, another process.
  void restart() {
    service_.reset();
    open();
  }

  Answer ask(const std::string& method, const std::string& target, const std::string& range = {}) const {
    http::ServerRequest request;
    request.method = method;
    const size_t mark = target.find('?');
    request.path = target.substr(0, mark);
    for (std::string rest = mark == std::string::npos ? "" : target.substr(mark + 1); !rest.empty();) {
      const size_t end = std::min(rest.find('&'), rest.size());
      const std::string one = rest.substr(0, end);
      request.query.emplace(one.substr(0, one.find('=')), one.substr(one.find('=') + 1));
      rest = end == rest.size() ? "" : rest.substr(end + 1);
    }
    if (!range.empty()) request.headers.set("Range", range);
    auto response = service_->handle(request);
    Answer answer{response.status, response.headers, response.content_type, response.body, true};
    if (!response.stream || method == "HEAD") return answer;
    response.stream([&](std::string_view piece) {
      answer.body += piece;
      return true;
    });
    answer.whole = answer.body.size() == response.length;
    return answer;
  }
  static std::string blob_path(const std::string& bytes) {
    return "/v2/acme/pump/blobs/" + crypto::sha256(bytes).to_string() + "?ns=ghcr.io";
  }
  static std::string manifest_path(const std::string& bytes) {
    return "/v2/acme/pump/manifests/" + crypto::sha256(bytes).to_string() + "?ns=ghcr.io";
  }

  std::string state_;
  std::unique_ptr<oci::Store> store_;
  std::unique_ptr<Service> service_;
};

}  // namespace gridseal::images
