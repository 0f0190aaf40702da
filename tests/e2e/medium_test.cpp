// What travels on a medium beside a release: trust that its signatures need, everything that speaks for it,
// images in pieces, text over a console, and receipts on the way back.
#include <csignal>
#include <filesystem>

#include "base/files.hpp"
#include "crypto/sha256.hpp"
#include "deploy/registry_access.hpp"
#include "e2e/e2e_fixture.hpp"
#include "http/client.hpp"
#include "oci/image.hpp"
#include "oci/media_types.hpp"
#include "oci/push.hpp"

namespace gridseal::test {
namespace {

namespace fs = std::filesystem;

struct Part {
  oci::Descriptor descriptor;
  std::string bytes;
};

Part part(std::string bytes, std::string_view type) {
  oci::Descriptor descriptor{std::string(type), crypto::sha256(bytes), bytes.size(), {}, {}, {}};
  return {std::move(descriptor), std::move(bytes)};
}

class MediumE2eTest : public E2eTest {
 protected:
  void SetUp() override {
    E2eTest::SetUp();
    if (HasFatalFailure()) return;
    connector_ = std::make_unique<http::ClientConnector>(base::system_clock(), http::ClientOptions());
    deploy::RegistryFlags flags;
    flags.ca = directory_ + "/etc/ca.crt";
    auto publisher = deploy::make_publisher(deploy::from_flags("127.0.0.1:" + std::to_string(port_), flags),
                                            base::system_files(),
                                            {*connector_, base::system_clock(), base::null_log(), {}}, {});
    ASSERT_TRUE(publisher) << publisher.error().describe();
    publisher_ = std::move(*publisher);
  }

  std::string stick() const { return directory_ + "/stick"; }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  void replace_setting(const std::string& from, const std::string& to) {
    std::string text = base::read_file(base::system_files(), directory_ + "/etc/agent.toml").value();
    ASSERT_NE(text.find(from), std::string::npos) << from;
    text.replace(text.find(from), from.size(), to);
    put("etc/agent.toml", text);
  }
  void disconnect() {
    replace_setting("registry = \"mirror\"\nrepository", "sources = [\"media\"]\nrepository");
    registry_.reset();
  }
  void run(const std::string& arguments) {
    const Ran ran = gridseal(arguments);
    ASSERT_EQ(ran.code, 0) << arguments << "\n" << ran.output;
  }

  // Bundle 1, pinned here: ann is root, release.pub signs releases. Bundle 2 adds next.pub. Both are in the
  // registry.
  void make_trust_bundles() {
    const std::string first = directory_ + "/trust-1.json";
    const std::string second = directory_ + "/trust-2.json";
    run("artifact keygen --output " + directory_ + "/ann");
    run("artifact keygen --output " + directory_ + "/next");
    run("trust bundle init " + first + " --threshold 1 --root ann=" + directory_ + "/ann.pub");
    run("trust bundle add " + first + " --key release.pub=" + directory_ + "/release.pub --role artifact");
    run("trust bundle sign " + first + " --key " + directory_ + "/ann.key");
    fs::copy_file(first, second);
    run("trust bundle add " + second + " --key next.pub=" + directory_ + "/next.pub --role artifact");
    run("trust bundle sign " + second + " --key " + directory_ + "/ann.key");
    for (const std::string& file : {first, second})
      run("trust bundle push " + file + " " + address() + "/team/trust --ca " + directory_ + "/etc/ca.crt");
    fs::copy_file(first, directory_ + "/etc/trust/root.json");
    fs::permissions(directory_ + "/etc/trust/root.json", fs::perms(0644));
    put_settings("trust", "[trust]\nrepository = \"team/trust\"\nregistry = \"mirror\"\n");
  }

  void push(const std::string& repository, const Part& blob) {
    ASSERT_TRUE(publisher_->push_blob({"mirror", repository}, blob.descriptor, blob.bytes, {}));
  }
  // A manifest that speaks of `subject`, with one layer.
  oci::Descriptor attach(const base::Digest& subject, uint64_t size, const std::string& text) {
    const Part config = part("{}", oci::kOciEmpty);
    const Part layer = part(text, "application/spdx+json");
    push("team/shop", config);
    push("team/shop", layer);
    const oci::Manifest manifest{std::string(oci::kOciManifest),
                                 "application/spdx+json",
                                 config.descriptor,
                                 {layer.descriptor},
                                 oci::Descriptor{std::string(oci::kOciManifest), subject, size, {}, {}, {}},
                                 {}};
    auto pushed = publisher_->push_referrer({"mirror", "team/shop"}, manifest, {});
    EXPECT_TRUE(pushed);
    return *pushed;
  }
  bool holds(const base::Digest& digest) const { return fs::exists(blob(digest)); }
  std::string text_of(const std::string& name) const {
    return base::read_file(base::system_files(), stick() + "/" + name).value();
  }
  std::string blob(const base::Digest& digest) const { return stick() + "/blobs/sha256/" + digest.hex(); }

  std::unique_ptr<http::ClientConnector> connector_;
  std::unique_ptr<oci::Publisher> publisher_;
};

// GS-E2E-073: A release that a key signed which only the trust bundle on the same stick brings is exported,
// imported after that bundle, and runs.
TEST_F(MediumE2eTest, TrustBundlesFirst) {
  make_trust_bundles();
  if (HasFatalFailure()) return;
  for (const char* end : {".key", ".pub"})
    fs::copy_file(directory_ + "/next" + end, directory_ + "/release" + end,
                  fs::copy_options::overwrite_existing);
  replace_setting("keys = [\"release.pub\"]", "keys = [\"next.pub\"]");
  release("1.0.0", shop("1.0.0"));
  const Ran made = gridseal("export --to " + stick());
  ASSERT_EQ(made.code, 0) << made.output;
  EXPECT_NE(made.output.find("Trust bundles 1 to 2"), std::string::npos) << made.output;
  disconnect();
  ASSERT_TRUE(start_agent());
  const Ran taken = gridseal("import " + stick());
  ASSERT_EQ(taken.code, 0) << taken.output;
  EXPECT_NE(taken.output.find("Trust bundle 2 is in force"), std::string::npos) << taken.output;
  EXPECT_TRUE(await_running("1.0.0")) << tell();
}

// GS-E2E-074: Everything that speaks for a release is on the stick: the signature under a tag, the one as a
// referrer, a bill of materials, and what refers to that.
TEST_F(MediumE2eTest, AllThatSpeaksForARelease) {
  const std::string digest = publish("1.0.0", shop("1.0.0"));
  promote(digest);
  const std::string there = address() + "/team/shop@" + digest;
  run("artifact sign --bundle --key " + directory_ + "/release.key " + there + " --ca " + directory_ +
      "/etc/ca.crt");
  const std::string stored = registry_->blob_file(digest.substr(7));
  const oci::Descriptor bill =
      attach(base::Digest::parse(digest).value(), fs::file_size(stored), R"({"spdxVersion":"SPDX-2.3"})");
  const oci::Descriptor review = attach(bill.digest, bill.size, R"({"reviewed":true})");
  const Ran made = gridseal("export --to " + stick());
  ASSERT_EQ(made.code, 0) << made.output;
  for (const base::Digest& one :
       {base::Digest::parse(digest).value(), bill.digest, review.digest,
        crypto::sha256(R"({"spdxVersion":"SPDX-2.3"})"), crypto::sha256(R"({"reviewed":true})")})
    EXPECT_TRUE(holds(one)) << one.to_string();
  // The signature in both forms.
  const base::Digest subject = base::Digest::parse(digest).value();
  EXPECT_NE(text_of("index.json").find("sha256-" + subject.hex() + ".sig"), std::string::npos);
  bool bundle = false;
  for (const auto& file : fs::directory_iterator(stick() + "/blobs/sha256")) {
    const auto manifest = oci::parse_manifest(text_of("blobs/sha256/" + file.path().filename().string()));
    bundle = bundle || (manifest && manifest->subject && manifest->subject->digest == subject &&
                        manifest->kind().starts_with(oci::kSigstoreBundlePrefix));
  }
  EXPECT_TRUE(bundle);
}

// GS-E2E-075: Images for the platforms that were asked for, and no others, travel in pieces of the wanted
// size, and are whole in the store of a site that has no registry.
TEST_F(MediumE2eTest, ImagesInPieces) {
  const oci::Platform here = oci::host_platform();
  const std::string other = here.architecture == "s390x" ? "ppc64le" : "s390x";
  std::vector<Part> layers;
  oci::Index index{std::string(oci::kOciIndex), {}, {}, {}, {}};
  for (const std::string& architecture : {here.architecture, other}) {
    std::string bytes(size_t{3} << 20U, '\0');
    for (size_t i = 0; i < bytes.size(); ++i)
      bytes[i] = static_cast<char>(((i + architecture.front()) * 2654435761U) >> 13U);
    layers.push_back(part(bytes, oci::kOciLayerTarGzip));
    const Part config = part(R"({"architecture":")" + architecture + R"(","os":"linux"})", oci::kOciConfig);
    const Part manifest =
        part(oci::serialize(oci::Manifest{
                 std::string(oci::kOciManifest), {}, config.descriptor, {layers.back().descriptor}, {}, {}}),
             oci::kOciManifest);
    push("plant/web", config);
    push("plant/web", layers.back());
    ASSERT_TRUE(
        publisher_->push_manifest({"mirror", "plant/web"}, {}, manifest.bytes, oci::kOciManifest, {}));
    index.manifests.push_back(manifest.descriptor);
    index.manifests.back().platform = oci::Platform{"linux", architecture, {}};
  }
  const Part top = part(oci::serialize(index), oci::kOciIndex);
  ASSERT_TRUE(publisher_->push_manifest({"mirror", "plant/web"}, "1", top.bytes, oci::kOciIndex, {}));
  put_settings("serves", "[registry.mirror]\nserves = [\"registry.test\"]\n");
  std::string yaml = shop("1.0.0");
  const size_t at = yaml.find("registry.test/web@sha256:");
  yaml.replace(at, yaml.find('\'', at) - at, "registry.test/plant/web@" + top.descriptor.digest.to_string());
  release("1.0.0", yaml);

  const Ran made = gridseal("export --images --platform linux/" + here.architecture +
                            " --chunk-size 1MiB --to " + stick());
  ASSERT_EQ(made.code, 0) << made.output;
  EXPECT_FALSE(holds(layers[1].descriptor.digest));
  EXPECT_TRUE(fs::exists(blob(layers[0].descriptor.digest) + ".002"));
  for (const auto& file : fs::recursive_directory_iterator(stick())) {
    if (file.is_regular_file()) {
      EXPECT_LE(file.file_size(), size_t{1} << 20U) << file.path();
    }
  }
  disconnect();
  ASSERT_TRUE(start_agent());
  const Ran taken = gridseal("import " + stick());
  ASSERT_EQ(taken.code, 0) << taken.output;
  EXPECT_TRUE(await_running("1.0.0")) << tell();
  EXPECT_EQ(base::read_file(base::system_files(),
                            directory_ + "/state/store/blobs/sha256/" + layers[0].descriptor.digest.hex())
                .value(),
            layers[0].bytes);

  // Without one of the pieces the image is not there, and nothing of it is taken for whole.
  fs::remove(blob(layers[0].descriptor.digest) + ".001");
  fs::remove_all(directory_ + "/state/store/blobs/sha256/" + layers[0].descriptor.digest.hex());
  const Ran lacking = gridseal("import " + stick());
  EXPECT_EQ(lacking.code, 1) << lacking.output;
  EXPECT_NE(lacking.output.find("media.missing"), std::string::npos) << lacking.output;
}

// GS-E2E-076: A trust bundle, a denial and a permit are pasted into a running gridseald; a lost character is
// found, and changes nothing.
TEST_F(MediumE2eTest, PastedOverAConsole) {
  make_trust_bundles();
  if (HasFatalFailure()) return;
  ASSERT_TRUE(start_agent());
  const std::string digest = crypto::sha256("bad").to_string();
  put("denial.json", R"({"denials":{"denied":{"digests":[{"digest":")" + digest + R"("}]}},"why":"stolen"})");
  put("permit.json", R"({"component":"shop","version":"0.9.0","why":"back on purpose"})");
  const auto paste = [&](const std::string& file, const std::string& filter) {
    EXPECT_EQ(gridseal("export --armour " + directory_ + "/" + file + " > " + directory_ + "/text").code, 0);
    return gridseal("import -", filter + " " + directory_ + "/text |");
  };
  const Ran lost = paste("permit.json", "sed 5s/.//");
  EXPECT_EQ(lost.code, 1) << lost.output;
  EXPECT_NE(json_of("history --audit").dump().find("trust"), std::string::npos);
  EXPECT_EQ(json_of("history --audit").dump().find("permit"), std::string::npos);

  const Ran bundle = paste("trust-2.json", "cat");
  EXPECT_EQ(bundle.code, 0) << bundle.output;
  EXPECT_NE(bundle.output.find("Trust bundle 2"), std::string::npos) << bundle.output;
  const Ran denial = paste("denial.json", "cat");
  EXPECT_EQ(denial.code, 0) << denial.output;
  const Ran permit = paste("permit.json", "cat");
  EXPECT_EQ(permit.code, 0) << permit.output;
  EXPECT_NE(permit.output.find("is recorded"), std::string::npos) << permit.output;
  EXPECT_NE(json_of("trust list").dump().find(digest), std::string::npos);
  EXPECT_NE(json_of("history --audit").dump().find("permit"), std::string::npos);
}

// GS-E2E-077: An import waits on request for what comes of it, and writes the receipts of that to the medium;
// they are no foreign files there, and the next export leaves out what they say.
TEST_F(MediumE2eTest, ReceiptsGoBackOnTheMedium) {
  release("1.0.0", shop("1.0.0"));
  run("export --to " + stick());
  replace_setting("registry = \"mirror\"\nrepository",
                  "registry = \"mirror\"\nsources = [\"media\"]\nrepository");
  ASSERT_TRUE(start_agent());
  const Ran taken = gridseal("import --receipts-back " + stick());
  ASSERT_EQ(taken.code, 0) << taken.output;
  EXPECT_NE(taken.output.find("Receipts in " + stick() + "/receipts"), std::string::npos) << taken.output;
  EXPECT_EQ(live_version(), "1.0.0");
  std::string names;
  for (const auto& file : fs::directory_iterator(stick() + "/receipts/test"))
    names += file.path().filename().string() + "\n";
  EXPECT_NE(names.find("-shop-healthy.dsse.json"), std::string::npos) << names;
  EXPECT_NE(names.find("-report.dsse.json"), std::string::npos) << names;

  const Ran again = gridseal("import " + stick());
  EXPECT_EQ(again.code, 0) << again.output;
  EXPECT_EQ(again.output.find("Not of a layout"), std::string::npos) << again.output;

  const Ran key = gridseal("site key");
  put("site.pub", key.output);
  run("site enroll " + directory_ + "/site.pub --sites " + directory_ + "/sites");
  const Ran next = gridseal("export --to " + directory_ + "/next-stick --since " + stick() +
                            "/receipts --sites " + directory_ + "/sites");
  ASSERT_EQ(next.code, 0) << next.output;
  EXPECT_NE(next.output.find("Left out, the site has it: shop"), std::string::npos) << next.output;
}

// GS-E2E-078: What a medium brought and was refused is listed with its reason, by the running gridseald and
// without it, and status says so.
TEST_F(MediumE2eTest, WhatWasRefusedIsListed) {
  release("1.0.0", shop("1.0.0"));
  run("export --to " + stick());
  const Ran keys = gridseal("artifact keygen --output " + directory_ + "/other");
  ASSERT_EQ(keys.code, 0) << keys.output;
  fs::copy_file(directory_ + "/other.pub", directory_ + "/etc/trust/keys/release.pub",
                fs::copy_options::overwrite_existing);
  disconnect();
  ASSERT_TRUE(start_agent());
  const Ran refused = gridseal("import " + stick());
  EXPECT_EQ(refused.code, 1) << refused.output;
  const base::Json live = json_of("media list");
  ASSERT_EQ(at(live, "/quarantine").size(), 1U) << live.dump(2);
  const std::string code = live["quarantine"][0]["code"];
  EXPECT_NE(refused.output.find(code), std::string::npos) << refused.output;
  EXPECT_NE(json_of("status").value("quarantine", "").find(code), std::string::npos) << tell();
  agent_->signal(SIGTERM);
  (void)agent_->await_exit();
  EXPECT_EQ(json_of("media list"), live);
  EXPECT_NE(gridseal("media list").output.find(code), std::string::npos);
}

}  // namespace
}  // namespace gridseal::test
