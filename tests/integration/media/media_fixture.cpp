#include "integration/media/media_fixture.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "publish/build.hpp"
#include "publish/layout_writer.hpp"
#include "publish/sign.hpp"

namespace gridseal::test {

namespace fs = std::filesystem;

SimManifests plain_shop(const std::string& version) {
  return {{"config.yaml",
           "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web, namespace: shop}\ndata: {version: '" +
               version + "'}\n"}};
}

namespace {

std::string test_name() {
  std::string name = ::testing::UnitTest::GetInstance()->current_test_info()->name();
  std::ranges::replace(name, '/', '-');
  return "media-" + name;
}

}  // namespace

MediaTest::MediaTest() : host_(test_name()), medium_(host_.directory() + "/medium") {
  host_.settings().sources = {"media"};
}

base::Digest MediaTest::add_release(const std::string& version, const SimManifests& manifests,
                                    const ReleaseOptions& options, const std::string& folder) {
  base::Files& files = base::system_files();
  const std::string release = host_.directory() + "/built/" + std::to_string(built_++);
  for (const auto& [name, text] : manifests) write(release + "/manifests/" + name, text);
  publish::BuildRequest request;
  request.directory = release + "/manifests";
  request.component = options.component;
  request.version = version;
  request.created = base::Time(std::chrono::hours(499'000 + built_));
  request.environment = options.environment;
  request.scratch_directory = release;
  auto built = publish::build(files, request).value();
  auto writer = publish::LayoutWriter::open(files, folder).value();
  EXPECT_TRUE(writer.put_blob(built.config_descriptor.digest, built.config));
  EXPECT_TRUE(writer.put_blob(built.layers.front().descriptor.digest, built.layers.front().bytes));
  EXPECT_TRUE(writer.put_blob(built.descriptor.digest, built.manifest));
  EXPECT_TRUE(writer.set_reference(options.name, built.descriptor));
  if (options.key != nullptr) {
    EXPECT_TRUE(publish::sign_layout(files, folder, built.descriptor.digest, *options.key, {}));
  }
  return built.descriptor.digest;
}

base::Result<media::ImportReport> MediaTest::import(const std::string& path, base::Files& files) {
  media::Progress progress;
  return media::import_medium(host_.engine(), files, {path, "stick 7", "tester"}, progress, {});
}

std::vector<std::string> MediaTest::codes(const media::ImportReport& report) {
  std::vector<std::string> list;
  for (const media::Flaw& flaw : report.refused) list.push_back(flaw.error.code());
  return list;
}

bool MediaTest::becomes(const base::Digest& digest) {
  return host_.run_until([&] { return host_.state() == "healthy" && host_.runs(digest.to_string()); });
}

void MediaTest::write(const std::string& path, const std::string& text) {
  fs::create_directories(fs::path(path).parent_path());
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
}

std::string MediaTest::read(const std::string& path) {
  return base::read_file(base::system_files(), path).value();
}

}  // namespace gridseal::test
