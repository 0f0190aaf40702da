#include "publish/build.hpp"

#include <unistd.h>

#include "archive/extract.hpp"
#include "crypto/hash.hpp"
#include "oci/layout.hpp"
#include "oci/media_types.hpp"
#include "unit/publish/folder.hpp"

namespace gridseal::publish {
namespace {

using BuildTest = FolderTest;

class Names final : public archive::Visitor {
 public:
  base::Result<bool> begin_file(const std::string& path, uint64_t /*size*/) override {
    names += path + " ";
    return false;
  }
  base::Result<void> content(std::string_view /*chunk*/) override { return {}; }
  base::Result<void> end_file() override { return {}; }
  std::string names;
};

// GS-PUBLISH-001: The same folder and request give the same bytes, wherever and whenever they are packed.
TEST_F(BuildTest, SameInputSameDigest) {
  put("b.yaml", kConfigMap);
  put("sub/c.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: {name: pumps}\n");
  auto first = build(files_, request());
  ASSERT_TRUE(first) << first.error().describe();
  ASSERT_TRUE(files_.rename(root_ + "/in", root_ + "/elsewhere"));
  BuildRequest moved = request();
  moved.directory = root_ + "/elsewhere/";
  auto second = build(files_, moved);
  ASSERT_TRUE(second) << second.error().describe();
  EXPECT_EQ(first->layers.front().bytes, second->layers.front().bytes);
  EXPECT_EQ(first->manifest, second->manifest);
  EXPECT_EQ(first->descriptor.digest, crypto::sha256(first->manifest));
}

// GS-PUBLISH-002: The manifest has Flux's media types and says component, version, time and origin.
TEST_F(BuildTest, ManifestIsFluxShaped) {
  put("a.yaml", kConfigMap);
  BuildRequest wanted = request();
  wanted.source = "https://git.example.com/x";
  wanted.revision = "main@sha1:1";
  wanted.environment = "production";
  wanted.annotations["team"] = "water";
  auto built = build(files_, wanted);
  ASSERT_TRUE(built) << built.error().describe();
  auto manifest = oci::parse_manifest(built->manifest);
  ASSERT_TRUE(manifest);
  EXPECT_EQ(manifest->config.media_type, oci::kFluxConfig);
  EXPECT_EQ(built->config, "{}");
  ASSERT_EQ(manifest->layers.size(), 1);
  EXPECT_EQ(manifest->layers[0].media_type, oci::kFluxContent);
  EXPECT_EQ(manifest->layers[0].digest, crypto::sha256(built->layers.front().bytes));
  const oci::Annotations expected{{"org.opencontainers.image.title", "pump-control"},
                                  {"org.opencontainers.image.version", "1.0.0"},
                                  {"org.opencontainers.image.created", "2026-01-05T08:00:00Z"},
                                  {"org.opencontainers.image.source", "https://git.example.com/x"},
                                  {"org.opencontainers.image.revision", "main@sha1:1"},
                                  {"dev.gridseal.environment", "production"},
                                  {"team", "water"}};
  EXPECT_EQ(manifest->annotations, expected);
}

// GS-PUBLISH-003: What is packed can be unpacked by an agent; names that begin with a dot stay at home.
TEST_F(BuildTest, LayerUnpacks) {
  put("a.yaml", kConfigMap);
  put(".git/config", "secret");
  put("README.md", "read me");
  auto built = build(files_, request());
  ASSERT_TRUE(built) << built.error().describe();
  Names names;
  auto unpacked = archive::extract(archive::read_from(built->layers.front().bytes), names, {},
                                   built->layers.front().descriptor.digest);
  ASSERT_TRUE(unpacked) << unpacked.error().describe();
  EXPECT_EQ(names.names, "README.md a.yaml ");
  EXPECT_EQ(built->objects, 1);
  EXPECT_EQ(built->files, 2);
}

// GS-PUBLISH-004: An image without a digest is a warning; with strict it is an error.
TEST_F(BuildTest, UnpinnedImages) {
  put("a.yaml",
      "apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: pumps}\n"
      "spec: {containers: [{name: c, image: 'registry.example/app:1'}]}\n");
  auto built = build(files_, request());
  ASSERT_TRUE(built) << built.error().describe();
  ASSERT_EQ(built->warnings.size(), 1);
  EXPECT_NE(built->warnings[0].find("registry.example/app:1"), std::string::npos);
  BuildRequest strict = request();
  strict.strict = true;
  auto refused = build(files_, strict);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), "publish.strict");
}

// GS-PUBLISH-005: What an agent would refuse is refused here, and no temporary file stays.
TEST_F(BuildTest, BadFoldersAreRefused) {
  put("a.yaml", "kind: [");
  EXPECT_EQ(build(files_, request()).error().code(), "manifest.yaml");
  put("a.yaml", "just: text\n");
  EXPECT_EQ(build(files_, request()).error().code(), "manifest.not_an_object");
  put("a.yaml", kConfigMap);
  put("b.yaml", kConfigMap);
  EXPECT_EQ(build(files_, request()).error().code(), "manifest.duplicate_object");
  auto left = files_.list(root_ + "/tmp");
  ASSERT_TRUE(left);
  EXPECT_TRUE(left->empty());
}

// GS-PUBLISH-006: A folder without an object, a missing folder and a link in it are refused.
TEST_F(BuildTest, EmptyMissingAndLinks) {
  EXPECT_FALSE(build(files_, request()));
  BuildRequest missing = request();
  missing.directory = root_ + "/nowhere";
  EXPECT_EQ(build(files_, missing).error().code(), "files.not_found");
  put("a.yaml", kConfigMap);
  ASSERT_EQ(symlink("/etc/passwd", (root_ + "/in/b.yaml").c_str()), 0);
  EXPECT_EQ(build(files_, request()).error().code(), "publish.link");
}

// GS-PUBLISH-007: Component and version are needed, and an annotation cannot say another than the option.
TEST_F(BuildTest, ContradictionsAreRefused) {
  put("a.yaml", kConfigMap);
  BuildRequest nameless = request();
  nameless.component.clear();
  EXPECT_EQ(build(files_, nameless).error().code(), "publish.request");
  BuildRequest twice = request();
  twice.annotations["org.opencontainers.image.version"] = "2.0.0";
  EXPECT_EQ(build(files_, twice).error().code(), "publish.request");
}

// GS-PUBLISH-008: A written layout is read by name and digest, and a folder of other things is left alone.
TEST_F(BuildTest, LayoutIsReadable) {
  put("a.yaml", kConfigMap);
  auto built = build(files_, request());
  ASSERT_TRUE(built) << built.error().describe();
  write_layout(*built);
  write_layout(*built);  // again: nothing changes
  auto opened = oci::Layout::open(files_, layout());
  ASSERT_TRUE(opened) << opened.error().describe();
  EXPECT_EQ((*opened)->tags(), std::vector<std::string>{"1.0.0"});
  auto entry = (*opened)->find_tag("1.0.0");
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->digest, built->descriptor.digest);
  auto bytes = (*opened)->read_blob(entry->digest, 1 << 20);
  ASSERT_TRUE(bytes);
  EXPECT_EQ(*bytes, built->manifest);

  auto refused = LayoutWriter::open(files_, root_ + "/in");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), "store.layout");
}

// GS-PUBLISH-060: What .sourceignore names is not packed, in its folder and below; the file itself is, as by
// flux push.
TEST_F(BuildTest, SourceIgnoreIsHonoured) {
  put(".sourceignore", "# not for hosts\n*.md\n/values/\n!keep.md\n");
  put("a.yaml", kConfigMap);
  put("README.md", "read me");
  put("keep.md", "keep me");
  put("values/prod.yaml", "[");
  put("sub/.sourceignore", "draft.yaml\n");
  put("sub/draft.yaml", "[");
  put("sub/b.md", "read me");
  put("node_modules/.keep", "");
  auto built = build(files_, request());
  ASSERT_TRUE(built) << built.error().describe();
  Names names;
  ASSERT_TRUE(archive::extract(archive::read_from(built->layers.front().bytes), names));
  EXPECT_EQ(names.names, ".sourceignore a.yaml keep.md sub/.sourceignore ");
  put(".sourceignore", std::string((64U << 10U) + 1, '#'));
  EXPECT_FALSE(build(files_, request()));
}

// GS-PUBLISH-061: Links in what is left out do not matter.
TEST_F(BuildTest, IgnoredLinksDoNotMatter) {
  put("a.yaml", kConfigMap);
  put(".sourceignore", "b.yaml\n");
  ASSERT_EQ(symlink("/etc/passwd", (root_ + "/in/b.yaml").c_str()), 0);
  EXPECT_TRUE(build(files_, request()));
}

// GS-PUBLISH-062: Manifests with variables can be built without their values; which ones hosts have to set is
// told, and what they would refuse is a warning.
TEST_F(BuildTest, VariablesAreTold) {
  put("a.yaml",
      "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a-${SITE}\n  namespace: ${ns:=pumps}\n"
      "data:\n  n: \"${n}\"\n");
  auto built = build(files_, request());
  ASSERT_TRUE(built) << built.error().describe();
  EXPECT_EQ(built->variables, (std::vector<std::string>{"SITE", "n"}));
  EXPECT_TRUE(built->warnings.empty());
  put("b.yaml",
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b, namespace: pumps}\n"
      "data:\n  script: |\n    echo ${1}\n");
  auto warned = build(files_, request());
  ASSERT_TRUE(warned) << warned.error().describe();
  ASSERT_EQ(warned->warnings.size(), 1U);
  EXPECT_NE(warned->warnings[0].find("data.script"), std::string::npos) << warned->warnings[0];
  BuildRequest strict = request();
  strict.strict = true;
  EXPECT_EQ(build(files_, strict).error().code(), "publish.strict");
}

// GS-PUBLISH-026: Packages become the layers of an artifact of their own type, with suite and architecture of
// each under the signature.
TEST_F(BuildTest, PackagesAreLayers) {
  put("gridseal_1.2.0-1_armhf.deb", "debian");
  put("gridseal-1.2.0-1.el9.x86_64.rpm", "red hat");
  BuildRequest wanted = request();
  wanted.directory.clear();
  wanted.packages = {{"bookworm", root_ + "/in/gridseal_1.2.0-1_armhf.deb"},
                     {"el9", root_ + "/in/gridseal-1.2.0-1.el9.x86_64.rpm"}};
  const auto built = build(files_, wanted);
  ASSERT_TRUE(built) << built.error().describe();
  const auto manifest = oci::parse_manifest(built->manifest);
  ASSERT_TRUE(manifest);
  EXPECT_EQ(manifest->kind(), oci::kPackageArtifact);
  EXPECT_EQ(manifest->annotations.at("org.opencontainers.image.version"), "1.0.0");
  ASSERT_EQ(manifest->layers.size(), 2);
  EXPECT_EQ(manifest->layers[0].media_type, oci::kDebianPackage);
  EXPECT_EQ(manifest->layers[0].digest, crypto::sha256("debian"));
  EXPECT_EQ(manifest->layers[0].annotations,
            (oci::Annotations{{"org.opencontainers.image.title", "gridseal_1.2.0-1_armhf.deb"},
                              {"dev.gridseal.package.suite", "bookworm"},
                              {"dev.gridseal.package.architecture", "arm"}}));
  EXPECT_EQ(manifest->layers[1].media_type, oci::kRpmPackage);
  EXPECT_EQ(manifest->layers[1].annotations.at("dev.gridseal.package.architecture"), "amd64");
}

// GS-PUBLISH-027: What is not called as packages are, comes twice, or comes beside manifests is refused.
TEST_F(BuildTest, PackagesThatAreNone) {
  put("gridseal_1.2.0-1_amd64.deb", "debian");
  put("gridseal.deb", "debian");
  put("notes.txt", "text");
  const auto refused = [&](std::vector<PackageFile> packages, const std::string& directory = {}) {
    BuildRequest wanted = request();
    wanted.directory = directory;
    wanted.packages = std::move(packages);
    const auto built = build(files_, wanted);
    return built ? "built" : built.error().code();
  };
  const PackageFile good{"bookworm", root_ + "/in/gridseal_1.2.0-1_amd64.deb"};
  EXPECT_EQ(refused({good}), "built");
  EXPECT_EQ(refused({good, good}), "publish.request");
  EXPECT_EQ(refused({good}, root_ + "/in"), "publish.request");
  EXPECT_EQ(refused({{"bookworm", root_ + "/in/gridseal.deb"}}), "publish.request");
  EXPECT_EQ(refused({{"bookworm", root_ + "/in/notes.txt"}}), "publish.request");
  EXPECT_EQ(refused({{"bookworm", root_ + "/in/absent_1_amd64.deb"}}), "files.not_found");
}

}  // namespace
}  // namespace gridseal::publish
