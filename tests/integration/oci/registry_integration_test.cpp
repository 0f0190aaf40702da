// The client and the publisher against a real registry.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/encoding.hpp"
#include "crypto/sha256.hpp"
#include "http/client.hpp"
#include "oci/artifact.hpp"
#include "oci/media_types.hpp"
#include "oci/push.hpp"
#include "support/https_server/test_pki.hpp"
#include "support/registry_process/registry_process.hpp"

namespace gridseal::oci {
namespace {

namespace fs = std::filesystem;

const Repository kPumps{"mirror.example", "plant/pumps"};
// "node7" with the password "s3cret", bcrypt.
constexpr const char* kHtpasswd = "node7:$2b$05$abcdefghijklmnopqrstuuLK7U1u6pVRmL7L1BBM2aS35PSZnDXlK\n";

Descriptor descriptor_of(std::string_view bytes, std::string_view type) {
  return {std::string(type), crypto::sha256(bytes), bytes.size(), {}, {}, {}};
}

class RealRegistry : public testing::Test {
 protected:
  RealRegistry() : connector_(base::system_clock()) {
    char name[] = "/tmp/gridseal-registry-XXXXXX";
    directory_ = ::mkdtemp(name);
    fs::create_directory(directory_ + "/store");
  }
  ~RealRegistry() override {
    process_.reset();
    fs::remove_all(directory_);
  }

  void start(bool tls, bool password) {
    test::RegistryOptions options;
    options.directory = directory_;
    if (tls) {
      const auto pair = pki_.server();
      options.certificate_file = directory_ + "/server.crt";
      options.key_file = directory_ + "/server.key";
      std::ofstream(options.certificate_file) << pair.cert_pem;
      std::ofstream(options.key_file) << pair.key_pem;
    }
    if (password) {
      options.htpasswd_file = directory_ + "/htpasswd";
      std::ofstream(options.htpasswd_file) << kHtpasswd;
    }
    std::string why;
    process_ = test::RegistryProcess::start(options, why);
    ASSERT_TRUE(process_) << why;
  }

  Mirror mirror() {
    return {process_->url(),
            [this] {
              return http::TlsSettings{pki_.ca_pem(), {}, {}, {}};
            },
            [this] { return base::Result<std::optional<Credentials>>(credentials_); }};
  }
  Surroundings outside() { return {connector_, base::system_clock(), base::null_log(), {}}; }
  std::unique_ptr<Publisher> publisher(uint64_t chunk_bytes = uint64_t{16} << 20U) {
    PushSettings settings;
    settings.target = mirror();
    settings.chunk_bytes = chunk_bytes;
    settings.retry.rounds = 1;
    return std::move(*Publisher::create(std::move(settings), outside()));
  }
  std::unique_ptr<Registry> registry() {
    RegistrySettings settings;
    settings.mirrors.push_back(mirror());
    settings.retry.rounds = 1;
    return std::move(*Registry::create(std::move(settings), outside()));
  }
  std::unique_ptr<Store> store() {
    return std::move(*Store::open(base::system_files(), base::null_log(), {directory_ + "/store", 0}));
  }

  // A whole artifact under `tag`; returns its descriptor.
  base::Result<Descriptor> push_artifact(Publisher& publisher, const std::string& layer,
                                         const std::string& tag) {
    const Manifest manifest{std::string(kOciManifest),
                            {},
                            descriptor_of("{}", kFluxConfig),
                            {descriptor_of(layer, kFluxContent)},
                            {},
                            {}};
    if (auto r = publisher.push_blob(kPumps, manifest.config, "{}", stop_); !r) return std::move(r).error();
    if (auto r = publisher.push_blob(kPumps, manifest.layers[0], layer, stop_); !r)
      return std::move(r).error();
    return publisher.push_manifest(kPumps, tag, serialize(manifest), kOciManifest, stop_);
  }

  std::string directory_;
  https_server::TestPki pki_;
  http::ClientConnector connector_;
  std::optional<Credentials> credentials_;
  std::unique_ptr<test::RegistryProcess> process_;
  std::stop_token stop_;
};

// GS-OCI-120: what is pushed over TLS with a private CA is listed, resolved and fetched with its signatures.
TEST_F(RealRegistry, PushAndFetch) {
  start(true, false);
  auto publisher = this->publisher();
  auto pushed = push_artifact(*publisher, "layer", "v1.0.0");
  ASSERT_TRUE(pushed) << pushed.error().describe();
  ASSERT_TRUE(push_artifact(*publisher, "layer", "v1.0.0")) << "pushing again changes nothing";

  Descriptor signature = descriptor_of("payload", kSimpleSigning);
  ASSERT_TRUE(publisher->push_blob(kPumps, signature, "payload", stop_));
  signature.annotations = {{"dev.cosignproject.cosign/signature", "AAAA"}};
  for (int i = 0; i < 2; ++i) {
    auto appended = publisher->append_signature(kPumps, pushed->digest, signature, stop_);
    ASSERT_TRUE(appended) << appended.error().describe();
  }
  for (const std::string bundle : {"bundle one", "bundle two"}) {
    ASSERT_TRUE(publisher->push_blob(kPumps, descriptor_of(bundle, kSigstoreBundle), bundle, stop_));
    auto referrer = publisher->push_referrer(kPumps,
                                             {std::string(kOciManifest),
                                              std::string(kSigstoreBundle),
                                              descriptor_of("{}", kOciEmpty),
                                              {descriptor_of(bundle, kSigstoreBundle)},
                                              *pushed,
                                              {}},
                                             stop_);
    ASSERT_TRUE(referrer) << referrer.error().describe();
  }

  auto registry = this->registry();
  auto head = registry->head_manifest(kPumps, "v1.0.0", stop_);
  ASSERT_TRUE(head) << head.error().describe();
  EXPECT_EQ(head->digest, pushed->digest);
  auto tags = registry->list_tags(kPumps, stop_);
  ASSERT_TRUE(tags) << tags.error().describe();
  EXPECT_EQ(tags->size(), 3U);  // v1.0.0, the .sig tag, the fallback tag
  auto store = this->store();
  auto artifact = fetch_artifact(*registry, *store, kPumps, head->digest, stop_);
  ASSERT_TRUE(artifact) << artifact.error().describe();
  ASSERT_EQ(artifact->signatures.manifests.size(), 3U);
  EXPECT_EQ(artifact->signatures.manifests[0].place, Place::legacy_tag);
  EXPECT_EQ(artifact->signatures.manifests[0].blobs.size(), 1U);
  EXPECT_EQ(artifact->signatures.manifests[1].place, Place::referrer_tag);
  process_->stop();
  EXPECT_TRUE(read_artifact(*store, head->digest)) << "with the registry gone";
}

// GS-OCI-121: a large blob goes up in pieces and comes down from where an earlier transfer stopped.
TEST_F(RealRegistry, PiecesAndResume) {
  start(false, false);
  std::string content;
  for (int i = 0; i < 200'000; ++i) content += std::to_string(i) + "\n";
  const Descriptor blob = descriptor_of(content, "application/octet-stream");
  std::ofstream(directory_ + "/blob") << content;
  auto file = base::system_files().open_input(directory_ + "/blob");
  ASSERT_TRUE(file);
  auto pushed = publisher(300'000)->push_blob(kPumps, blob, **file, stop_);
  ASSERT_TRUE(pushed) << pushed.error().describe();
  auto store = this->store();
  {
    auto writer = store->begin_blob(blob);
    ASSERT_TRUE((*writer)->write(std::string_view(content).substr(0, 700'000)));
  }
  auto writer = store->begin_blob(blob);
  ASSERT_TRUE(writer);
  ASSERT_EQ((*writer)->size(), 700'000U);
  auto got = registry()->get_blob(kPumps, blob, **writer, stop_);
  ASSERT_TRUE(got) << got.error().describe();
  EXPECT_EQ(*store->read_blob(blob.digest, 10'000'000), content);
}

// GS-OCI-122: a blob damaged in the registry is refused and not stored.
TEST_F(RealRegistry, DamagedBlob) {
  start(false, false);
  auto pushed = push_artifact(*publisher(), "precious layer", "v1");
  ASSERT_TRUE(pushed) << pushed.error().describe();
  std::ofstream(process_->blob_file(crypto::sha256("precious layer").hex())) << "precious lay3r";
  auto store = this->store();
  auto artifact = fetch_artifact(*registry(), *store, kPumps, pushed->digest, stop_);
  ASSERT_FALSE(artifact);
  EXPECT_EQ(artifact.error().code(), "oci.digest_mismatch") << artifact.error().describe();
  EXPECT_FALSE(store->contains(pushed->digest));
}

// GS-OCI-123: a missing tag, a missing repository and a registry that is away are told apart.
TEST_F(RealRegistry, Absent) {
  start(false, false);
  EXPECT_EQ(registry()->head_manifest(kPumps, "v9", stop_).error().code(), "oci.not_found");
  EXPECT_EQ(registry()->list_tags(kPumps, stop_).error().code(), "oci.not_found");
  EXPECT_FALSE(*registry()->find_manifest(kPumps, "v9", stop_));
  auto client = registry();
  process_->stop();
  EXPECT_EQ(client->head_manifest(kPumps, "v9", stop_).error().code(), "http.connect");
}

// GS-OCI-124: with a password set, the right one opens the registry and a wrong one is said to be wrong.
TEST_F(RealRegistry, Password) {
  start(true, true);
  credentials_ = Credentials{"node7", "s3cret"};
  auto pushed = push_artifact(*publisher(), "layer", "v1");
  ASSERT_TRUE(pushed) << pushed.error().describe();
  EXPECT_TRUE(registry()->head_manifest(kPumps, "v1", stop_));
  credentials_->password = "wrong";
  EXPECT_EQ(registry()->head_manifest(kPumps, "v1", stop_).error().code(), "oci.unauthorized");
  credentials_.reset();
  EXPECT_EQ(registry()->head_manifest(kPumps, "v1", stop_).error().code(), "oci.unauthorized");
}

// GS-OCI-125: a registry with a certificate of another CA is not spoken to.
TEST_F(RealRegistry, WrongCa) {
  start(true, false);
  const https_server::TestPki other("Other CA");
  RegistrySettings settings;
  settings.mirrors.push_back({process_->url(),
                              [&] {
                                return http::TlsSettings{other.ca_pem(), {}, {}, {}};
                              },
                              {}});
  auto registry = Registry::create(std::move(settings), outside());
  ASSERT_TRUE(registry);
  EXPECT_EQ((*registry)->head_manifest(kPumps, "v1", stop_).error().code(), "http.tls");
}

}  // namespace
}  // namespace gridseal::oci
