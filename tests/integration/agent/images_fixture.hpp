// The agent, and a registry that holds images beside the artifacts.
#pragma once

#include <algorithm>
#include <filesystem>

#include "crypto/hash.hpp"
#include "integration/agent/bad_input_fixture.hpp"
#include "oci/media_types.hpp"
#include "oci/push.hpp"
#include "publish/sign.hpp"

namespace gridseal::test {

class ImagesTest : public BadInputTest {
 protected:
  void SetUp() override {
    BadInputTest::SetUp();
    if (HasFatalFailure()) return;
    settings_.registries["mirror"].serves = {"images.test"};
    oci::PushSettings settings;
    settings.target = {registry_->url(), {}, {}};
    publisher_ = oci::Publisher::create(settings, outside()).value();
    oci::RegistrySettings reading;
    reading.mirrors = {settings.target};
    reader_ = oci::Registry::create(reading, outside()).value();
  }

  oci::Surroundings outside() { return {direct_, base::system_clock(), base::null_log(), {}}; }

  oci::Descriptor push_blob(std::string_view type, const std::string& bytes) {
    const oci::Descriptor blob{std::string(type), crypto::sha256(bytes), bytes.size(), {}, {}, {}};
    EXPECT_TRUE(publisher_->push_blob(kRepository, blob, bytes, {}));
    return blob;
  }

  oci::Descriptor push_manifest(const std::string& bytes, std::string_view type) {
    auto pushed = publisher_->push_manifest(kRepository, {}, bytes, type, {});
    EXPECT_TRUE(pushed) << pushed.error().describe();
    return *pushed;
  }

  oci::Descriptor push_image(const std::string& name) {
    const oci::Manifest manifest{std::string(oci::kOciManifest),
                                 {},
                                 push_blob(oci::kOciConfig, "{\"name\":\"" + name + "\"}"),
                                 {push_blob(oci::kOciLayerTarGzip, "layer of " + name)},
                                 {},
                                 {}};
    return push_manifest(oci::serialize(manifest), oci::kOciManifest);
  }

  oci::Descriptor push_index(oci::Descriptor image, const oci::Platform& platform) {
    oci::Index index;
    index.media_type = oci::kOciIndex;
    image.platform = platform;
    index.manifests.push_back(std::move(image));
    return push_manifest(oci::serialize(index), oci::kOciIndex);
  }

  // What the application looks like when it runs this image.
  static Manifests with_image(const std::string& version, const std::string& image) {
    Manifests manifests = application(version);
    std::string& text = manifests["web.yaml"];
    const size_t begin = text.find("image: '") + 8;
    text.replace(begin, text.find('\'', begin) - begin, image);
    return manifests;
  }
  static std::string named(const base::Digest& digest) { return "images.test/web@" + digest.to_string(); }

  void sign_image(const base::Digest& digest, const crypto::PrivateKey& key) {
    publish::SignRequest request;
    request.reference = "images.test/web";
    auto signature = publish::sign_in_registry(*reader_, *publisher_, kRepository, digest, key, request, {});
    ASSERT_TRUE(signature) << signature.error().describe();
  }

  void lose_layer(const std::string& name) {
    std::filesystem::remove(registry_->blob_file(crypto::sha256("layer of " + name).hex()));
  }

  base::Json plan_step() {
    for (const auto& summary : deployments()) {
      const auto whole = engine_->history().deployment(summary.id).value();
      for (const auto& step : whole->steps) {
        if (step.name == "plan") return step.detail;
      }
    }
    return {};
  }
  std::string promote_version(const std::string& version, const std::string& image) {
    const std::string digest = publish(version, with_image(version, image));
    promote(digest);
    return digest;
  }

  const oci::Repository kRepository{"mirror", "web"};
  std::unique_ptr<oci::Publisher> publisher_;
  std::unique_ptr<oci::Registry> reader_;
};

}  // namespace gridseal::test
