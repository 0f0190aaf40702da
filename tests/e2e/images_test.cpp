// Images for the node: brought here before the switch, served by gridseal-images, pulled by skopeo; the
// registry behind goes away.
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>

#include "base/files.hpp"
#include "crypto/sha256.hpp"
#include "e2e/e2e_fixture.hpp"
#include "http/connection.hpp"
#include "http/server.hpp"
#include "images/image_list.hpp"
#include "oci/image.hpp"
#include "oci/media_types.hpp"
#include "oci/store.hpp"

namespace gridseal::test {
namespace {

namespace fs = std::filesystem;

uint16_t free_port() {
  return http::Listener::loopback(0).value().port();
}

class ImagesE2eTest : public E2eTest {
 protected:
  void SetUp() override {
    if (run_program("skopeo --version").code != 0) GTEST_SKIP() << "skopeo is not installed";
    E2eTest::SetUp();
    if (HasFatalFailure()) return;
    serve_ = free_port();
    fs::create_directories(directory_ + "/images-run");
    images_ = std::make_unique<AgentProcess>(directory_ + "/images-run", directory_ + "/etc",
                                             directory_ + "/state", GRIDSEAL_IMAGES_PROGRAM);
    put_settings("serves", "[registry.mirror]\nserves = [\"registry.test\"]\n");
  }
  void TearDown() override {
    if (HasFailure() && images_) GTEST_LOG_(INFO) << "gridseal-images' log:\n" << images_->log();
    images_.reset();
    E2eTest::TearDown();
  }

  void set_images(const std::string& more = {}) {
    put_settings("images", "[images]\nmode = \"registry\"\nlisten = \"127.0.0.1:" + std::to_string(serve_) +
                               "\"\n" + more);
  }
  // An image for this host's platform, made and pushed by skopeo; returns its digest.
  std::string push_image(const std::string& name, const std::string& content) {
    const std::string folder = directory_ + "/" + name;
    fs::create_directories(folder + "/root");
    put(name + "/root/file", content);
    EXPECT_EQ(run_program("tar -C " + folder + "/root -czf " + folder + "/layer.tgz file").code, 0);
    const std::string layer = base::read_file(base::system_files(), folder + "/layer.tgz").value();
    const auto host = oci::host_platform();
    const std::string config =
        base::dump_json({{"architecture", host.architecture},
                         {"os", "linux"},
                         {"rootfs", {{"type", "layers"}, {"diff_ids", base::Json::array()}}}});
    const auto descriptor = [](const std::string& bytes, std::string_view type) {
      return oci::Descriptor{std::string(type), crypto::sha256(bytes), bytes.size(), {}, {}, {}};
    };
    const std::string manifest = oci::serialize(oci::Manifest{std::string(oci::kOciManifest),
                                                              {},
                                                              descriptor(config, oci::kOciConfig),
                                                              {descriptor(layer, oci::kOciLayerTarGzip)},
                                                              {},
                                                              {}});
    {
      auto layout = oci::Store::open(base::system_files(), base::null_log(), {folder + "/layout", 0}).value();
      EXPECT_TRUE(layout->put_blob(descriptor(config, oci::kOciConfig), config));
      EXPECT_TRUE(layout->put_blob(descriptor(layer, oci::kOciLayerTarGzip), layer));
      EXPECT_TRUE(layout->put_blob(descriptor(manifest, oci::kOciManifest), manifest));
      EXPECT_TRUE(layout->set_root("image", descriptor(manifest, oci::kOciManifest)));
    }
    const Ran pushed =
        run_program("skopeo copy --insecure-policy --preserve-digests --dest-tls-verify=false oci:" + folder +
                    "/layout:image docker://127.0.0.1:" + std::to_string(port_) + "/plant/" + name + ":1");
    EXPECT_EQ(pushed.code, 0) << pushed.output;
    return crypto::sha256(manifest).to_string();
  }
  // A release whose Deployment runs this image.
  std::string release_with(const std::string& version, const std::string& image) {
    const std::string quoted = "'" + version + "'";
    const std::string digest = publish(
        version,
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web, namespace: shop}\ndata: {version: " + quoted +
            "}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop, "
            "labels: {version: " +
            quoted +
            "}}\nspec:\n  replicas: 1\n  selector: {matchLabels: {app: web}}\n  template:\n    "
            "metadata: {labels: {app: web}}\n    spec: {containers: [{name: web, image: '" +
            image + "'}]}\n");
    promote(digest);
    return digest;
  }
  // As a node pulls it, into a folder.
  Ran pull(const std::string& reference) {
    const std::string to = directory_ + "/pulled";
    fs::remove_all(to);
    return run_program(
        "skopeo copy --insecure-policy --preserve-digests --src-tls-verify=false docker://127.0.0.1:" +
        std::to_string(serve_) + "/" + reference + " dir:" + to);
  }
  [[nodiscard]] bool start_images() {
    images_->start();
    return images_->await_told("READY=1");
  }
  bool is_stored(const std::string& digest) const {
    return fs::exists(directory_ + "/state/store/blobs/sha256/" + digest.substr(7));
  }
  // One request as it is written, all that comes back.
  std::string raw(const std::string& request) const {
    const http::UniqueFd fd(connection());
    (void)::send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL);
    std::string all;
    std::array<char, 4096> block{};
    for (ssize_t n = 0; (n = ::recv(fd.get(), block.data(), block.size(), 0)) > 0;)
      all.append(block.data(), static_cast<size_t>(n));
    return all;
  }
  int connection() const {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(serve_);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    (void)::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);  // NOLINT: sockets API
    return fd;
  }

  uint16_t serve_ = 0;
  std::unique_ptr<AgentProcess> images_;
};

// GS-E2E-060: The images of a release are on this host before it runs; with the registry gone, and the agent
// too, skopeo pulls them from gridseal-images by digest and tag, and nothing else.
TEST_F(ImagesE2eTest, AreHereBeforeTheSwitch) {
  set_images();
  const std::string image = push_image("web", "one");
  const std::string unused = push_image("unused", "two");
  const std::string artifact = release_with("1.0.0", "registry.test/plant/web:1@" + image);
  ASSERT_TRUE(start_agent());
  ASSERT_TRUE(await_running("1.0.0")) << tell();
  EXPECT_TRUE(is_stored(image));
  agent_->signal(SIGTERM);
  ASSERT_TRUE(agent_->await_exit());
  registry_->stop();
  ASSERT_TRUE(start_images());
  for (const std::string& name :
       {"registry.test/plant/web@" + image, "plant/web@" + image, std::string("registry.test/plant/web:1")}) {
    const Ran pulled = pull(name);
    EXPECT_EQ(pulled.code, 0) << name << ": " << pulled.output;
  }
  const Ran inspected =
      run_program("skopeo inspect --tls-verify=false docker://127.0.0.1:" + std::to_string(serve_) +
                  "/registry.test/plant/web@" + image);
  EXPECT_EQ(inspected.code, 0) << inspected.output;
  EXPECT_NE(inspected.output.find(image), std::string::npos);
  EXPECT_NE(inspected.output.find("\"1\""), std::string::npos) << "its tags";
  EXPECT_NE(pull("registry.test/plant/unused@" + unused).code, 0);
  EXPECT_NE(pull("registry.test/team/shop@" + artifact).code, 0) << "an artifact is no image";
  EXPECT_NE(pull("plant/web@" + artifact).code, 0);
}

// GS-E2E-061: What is not here yet is pulled through from the site's mirror, kept, and served after a restart
// without the mirror; with settings that are wrong by then, too.
TEST_F(ImagesE2eTest, ArePulledThroughAndKept) {
  set_images("fetch = false\n");
  const std::string image = push_image("web", "one");
  release_with("1.0.0", "registry.test/plant/web@" + image);
  ASSERT_TRUE(start_agent());
  ASSERT_TRUE(await_running("1.0.0")) << tell();
  EXPECT_FALSE(is_stored(image));
  ASSERT_TRUE(start_images());
  const Ran first = pull("registry.test/plant/web@" + image);
  ASSERT_EQ(first.code, 0) << first.output;
  registry_->stop();
  images_->signal(SIGTERM);
  EXPECT_EQ(images_->await_exit(), 0);
  put("etc/agent.toml", "not = [toml");
  ASSERT_TRUE(start_images());
  const Ran again = pull("registry.test/plant/web@" + image);
  EXPECT_EQ(again.code, 0) << again.output;
}

// GS-E2E-062: Images of revisions that can be gone back to stay when the store is tidied; those that were
// imported and that nobody names stay for a while.
TEST_F(ImagesE2eTest, StayAsLongAsTheyAreNeeded) {
  set_images("keep_unused = \"1h\"\n");
  put_settings("storage", "[storage]\nkeep_revisions = 1\n");
  const std::string first = push_image("one", "1");
  const std::string second = push_image("two", "2");
  release_with("1.0.0", "registry.test/plant/one@" + first);
  ASSERT_TRUE(start_agent());
  ASSERT_TRUE(await_running("1.0.0")) << tell();
  release_with("1.1.0", "registry.test/plant/two@" + second);
  ASSERT_TRUE(await_running("1.1.0")) << tell();
  ASSERT_TRUE(await([&] { return at(status(), "/state") == "healthy"; })) << tell();
  EXPECT_TRUE(is_stored(second));
  EXPECT_TRUE(is_stored(first)) << "it is young";
  auto list = images::read_list(base::system_files(), directory_ + "/state");
  ASSERT_TRUE(list);
  EXPECT_EQ(list->revisions.back().images.front().digest->to_string(), second);
}

// GS-E2E-063: A release whose images cannot be brought here changes nothing, says so, and goes on when they
// can.
TEST_F(ImagesE2eTest, AbsentImagesBlock) {
  set_images();
  const std::string image = push_image("web", "one");
  release_with("1.0.0", "registry.test/plant/web@" + image);
  ASSERT_TRUE(start_agent());
  ASSERT_TRUE(await_running("1.0.0")) << tell();
  const std::string absent = "sha256:" + std::string(64, 'a');
  release_with("1.1.0", "registry.test/plant/web@" + absent);
  ASSERT_TRUE(await_state("blocked")) << tell();
  EXPECT_EQ(at(status(), "/reason"), "image.missing");
  EXPECT_EQ(live_version(), "1.0.0");
}

// GS-E2E-064: Bad clients get an error, or nothing, and keep nobody from being served: path tricks, huge
// headers, nonsense, hundreds of idle connections, some that read nothing.
TEST_F(ImagesE2eTest, BadClientsHarmNobody) {
  set_images();
  const std::string image = push_image("web", std::string(3'000'000, 'x'));
  release_with("1.0.0", "registry.test/plant/web@" + image);
  ASSERT_TRUE(start_agent());
  ASSERT_TRUE(await_running("1.0.0")) << tell();
  ASSERT_TRUE(start_images());
  const std::string head = " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n";
  for (const char* path :
       {"/v2/../../../../etc/passwd", "/v2/%2e%2e/%2e%2e/etc/passwd/manifests/x",
        "/v2/plant/web/blobs/..%2f..%2fhost.key", "/v2/plant/web/manifests/%00",
        "/v2/plant/web/blobs/sha256:../../history.db", "//etc/passwd", "/v2/a/b/../c/tags/list"}) {
    const std::string answer = raw(std::string("GET ") + path + head + "\r\n");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 4")) << path << ": " << answer.substr(0, 200);
    EXPECT_EQ(answer.find("root:"), std::string::npos);
  }
  EXPECT_TRUE(raw("GET /v2/" + head + "X: " + std::string(100'000, 'h') + "\r\n\r\n").find("200 OK") ==
              std::string::npos);
  (void)raw("\x16\x03\x01\x02\x01 this is TLS");
  (void)raw("PUT /v2/plant/web/manifests/1" + head + "Content-Length: 99999999999\r\n\r\nx");
  const std::string manifest = "/v2/plant/web/manifests/" + image;
  const std::string ranged = raw("GET " + manifest + head + "Range: bytes=99999999999999999999-\r\n\r\n");
  EXPECT_TRUE(ranged.starts_with("HTTP/1.1 ")) << ranged;

  std::vector<http::UniqueFd> idle;
  for (int i = 0; i < 100; ++i) idle.emplace_back(connection());
  std::vector<http::UniqueFd> slow;
  for (int i = 0; i < 8; ++i) {
    slow.emplace_back(connection());
    const std::string request = "GET " + manifest + " HTTP/1.1\r\nHost: x\r\n";  // never ends
    (void)::send(slow.back().get(), request.data(), request.size(), MSG_NOSIGNAL);
  }
  const Ran pulled = pull("registry.test/plant/web@" + image);
  EXPECT_EQ(pulled.code, 0) << pulled.output;
  EXPECT_TRUE(images_->alive());
}

// GS-E2E-065: With a certificate the registry speaks TLS, and skopeo trusts it by its CA.
TEST_F(ImagesE2eTest, UnderTls) {
  const auto pair = pki_.server();
  put("etc/images.crt", pair.cert_pem);
  put("etc/images.key", pair.key_pem, 0600);
  set_images("certificate = \"images.crt\"\nkey = \"images.key\"\n");
  const std::string image = push_image("web", "one");
  release_with("1.0.0", "registry.test/plant/web@" + image);
  ASSERT_TRUE(start_agent());
  ASSERT_TRUE(await_running("1.0.0")) << tell();
  ASSERT_TRUE(start_images());
  fs::create_directories(directory_ + "/certs");
  put("certs/ca.crt", pki_.ca_pem());
  const Ran pulled = run_program("skopeo copy --insecure-policy --src-cert-dir " + directory_ +
                                 "/certs docker://127.0.0.1:" + std::to_string(serve_) +
                                 "/registry.test/plant/web@" + image + " dir:" + directory_ + "/pulled");
  EXPECT_EQ(pulled.code, 0) << pulled.output;
}

// GS-E2E-066: Where images are not to be served, the program ends at once, and well.
TEST_F(ImagesE2eTest, IsOffByDefault) {
  images_->start();
  EXPECT_EQ(images_->await_exit(), 0);
}

// GS-E2E-067: With k3s-import an image is a file in k3s' folder before its release runs, which skopeo reads
// as an OCI archive under the name that the pod uses.
TEST_F(ImagesE2eTest, AsFilesForK3s) {
  const std::string folder = directory_ + "/k3s";
  fs::create_directories(folder);
  put_settings("images", "[images]\nmode = \"k3s-import\"\nimport_directory = \"" + folder + "\"\n");
  const std::string image = push_image("web", "one");
  release_with("1.0.0", "registry.test/plant/web:1@" + image);
  ASSERT_TRUE(start_agent());
  ASSERT_TRUE(await_running("1.0.0")) << tell();
  std::vector<std::string> files;
  for (const auto& entry : fs::directory_iterator(folder)) files.push_back(entry.path());
  ASSERT_EQ(files.size(), 1U);
  const Ran read = run_program("skopeo copy --insecure-policy --preserve-digests oci-archive:" + files[0] +
                               ":registry.test/plant/web:1 dir:" + directory_ + "/pulled");
  EXPECT_EQ(read.code, 0) << read.output;
}

}  // namespace
}  // namespace gridseal::test
