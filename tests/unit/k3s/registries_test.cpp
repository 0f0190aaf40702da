#include "k3s/registries.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "manifest/yaml.hpp"

namespace gridseal::k3s {
namespace {

const MirrorEntries kTwo{{"docker.io", "ghcr.io"}, "http://127.0.0.1:5050", {}};
const std::string kOurs =
    "  \"docker.io\": # gridseal\n"
    "    endpoint: [\"http://127.0.0.1:5050\"]\n"
    "  \"ghcr.io\": # gridseal\n"
    "    endpoint: [\"http://127.0.0.1:5050\"]\n";

std::string edited(std::string_view text, const MirrorEntries& entries = kTwo) {
  auto edit = edit_registries(text, entries);
  EXPECT_TRUE(edit) << edit.error().describe();
  return edit ? edit->text : std::string();
}

// GS-K3S-040: Entries are put into any registries.yaml of the usual form; comments, order and every other
// entry stay as they are to the byte, and a second run changes nothing.
TEST(Registries, OthersStay) {
  const std::pair<std::string, std::string> cases[] = {
      {"", "mirrors: # gridseal\n" + kOurs},
      {"# nothing yet\n", "# nothing yet\nmirrors: # gridseal\n" + kOurs},
      {"configs:\n  \"x\":\n    auth: {username: u, password: p}",
       "configs:\n  \"x\":\n    auth: {username: u, password: p}\nmirrors: # gridseal\n" + kOurs},
      {"mirrors:\n", "mirrors:\n" + kOurs},
      {"mirrors:   # ours\n  # of the plant\n  quay.io:\n    endpoint:\n      - "
       "https://m.example\n\nconfigs: {}\n",
       "mirrors:   # ours\n" + kOurs +
           "  # of the plant\n  quay.io:\n    endpoint:\n      - https://m.example\n\nconfigs: {}\n"},
      {"\"mirrors\":\n  '*':\n    endpoint: [https://m.example]\n",
       "\"mirrors\":\n" + kOurs + "  '*':\n    endpoint: [https://m.example]\n"}};
  for (const auto& [before, after] : cases) {
    EXPECT_EQ(edited(before), after) << before;
    const auto again = edit_registries(after, kTwo);
    ASSERT_TRUE(again) << again.error().describe();
    EXPECT_FALSE(again->changed) << again->text;
    EXPECT_TRUE(again->added.empty() && again->removed.empty());
  }
  // Deeper indents are kept, and lines of Windows too.
  const std::string wide = "mirrors:\n      quay.io:\n          endpoint: [x]\n";
  EXPECT_NE(edited(wide).find("      \"ghcr.io\": # gridseal\n        endpoint: "), std::string::npos);
}

// GS-K3S-041: What an earlier run put in follows the settings, and goes when images are no longer served.
TEST(Registries, OursFollowTheSettings) {
  const std::string before = "# top\nmirrors:\n  quay.io:\n    endpoint: [x]\n";
  const std::string after = edited(before);
  const MirrorEntries moved{{"ghcr.io", "registry.example:5000"}, "http://127.0.0.1:6060", {}};
  const auto edit = edit_registries(after, moved);
  ASSERT_TRUE(edit) << edit.error().describe();
  EXPECT_EQ(edit->added, std::vector<std::string>{"registry.example:5000"});
  EXPECT_EQ(edit->removed, std::vector<std::string>{"docker.io"});
  EXPECT_NE(edit->text.find("\"registry.example:5000\": # gridseal"), std::string::npos);
  EXPECT_EQ(edit->text.find("5050"), std::string::npos);
  EXPECT_EQ(edited(edit->text, {}), before);
  EXPECT_EQ(edited(edited(""), {}), "");
}

// GS-K3S-042: An entry of somebody else for the same host is left alone and said, unless it asks us first.
TEST(Registries, ForeignEntriesAreSaid) {
  const std::string theirs = "mirrors:\n  ghcr.io:\n    endpoint: [https://m.example]\n";
  const auto edit = edit_registries(theirs, kTwo);
  ASSERT_TRUE(edit) << edit.error().describe();
  ASSERT_EQ(edit->remarks.size(), 1U);
  EXPECT_NE(edit->remarks[0].find("ghcr.io"), std::string::npos);
  EXPECT_EQ(edit->added, std::vector<std::string>{"docker.io"});
  const auto first = edit_registries(
      "mirrors:\n  ghcr.io:\n    endpoint: [http://127.0.0.1:5050, https://m.example]\n", kTwo);
  ASSERT_TRUE(first);
  EXPECT_TRUE(first->remarks.empty());
}

// GS-K3S-043: What cannot be edited safely is refused, and says why.
TEST(Registries, UnsafeIsRefused) {
  for (const char* text :
       {"mirrors: {quay.io: {endpoint: [x]}}\n", "mirrors: {}\n", "mirrors: [\n", "- a\n",
        "a: 1\n---\nb: 2\n", "a: 1\na: 2\n", "  mirrors:\n    x: {}\n", "mirrors: &a\n  x: {}\n",
        "{mirrors: {x: {}}}\n", "a: 1\n...\n", "\tmirrors:\n", "mirrors: |\n  \"x\": # gridseal\n    y\n",
        "mirrors:\n  text\n", "configs:\n  - text\n"}) {
    const auto edit = edit_registries(text, kTwo);
    ASSERT_FALSE(edit) << text << edit->text;
    EXPECT_EQ(edit.error().code(), "k3s.registries") << text;
  }
  EXPECT_TRUE(edit_registries("mirrors: [\n", {})) << "nothing is to be done";
}

// GS-K3S-044: A CA for the registry's certificate stands in `configs`.
TEST(Registries, CaOfTheRegistry) {
  const MirrorEntries entries{{"ghcr.io"}, "https://127.0.0.1:5050", "/etc/gridseal/ca.pem"};
  const std::string text = edited("configs:\n  other:\n    auth: {username: u}\n", entries);
  const auto json = manifest::parse_yaml(text).value().front();
  EXPECT_EQ(json["configs"]["127.0.0.1:5050"]["tls"]["ca_file"], "/etc/gridseal/ca.pem");
  EXPECT_EQ(json["configs"]["other"]["auth"]["username"], "u");
  EXPECT_EQ(edited(text, {}), "configs:\n  other:\n    auth: {username: u}\n");
}

// GS-K3S-045: The hosts are those of the registries, what they serve, the listed images and the settings'
// own.
TEST(Registries, HostsConcerned) {
  config::Settings settings;
  settings.images.mode = "registry";
  settings.images.listen = "127.0.0.1:5050";
  settings.images.hosts = {"quay.io"};
  settings.registries["mirror"].urls = {"https://mirror.example:5000/plant"};
  settings.registries["mirror"].serves = {"ghcr.io"};
  const base::Digest digest = base::Digest::from_hex(std::string(64, 'a')).value();
  const images::ImageList list{{{"c", digest, {{{"docker.io", "library/nginx"}, "1", digest}}}}, {}};
  EXPECT_EQ(mirror_entries(settings, list).hosts,
            (std::vector<std::string>{"docker.io", "ghcr.io", "mirror.example:5000", "quay.io"}));
  settings.images.mode = "off";
  EXPECT_TRUE(mirror_entries(settings, list).hosts.empty());
}

class K3sFilesTest : public testing::Test {
 protected:
  K3sFilesTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "gridseal-k3s-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~K3sFilesTest() override { std::filesystem::remove_all(folder_); }
  void put(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories(std::filesystem::path(folder_ + "/" + name).parent_path());
    std::ofstream(folder_ + "/" + name) << text;
  }
  bool is_safe() const {
    const K3sFiles places{{folder_ + "/config.yaml"},
                          {folder_ + "/config.yaml.d"},
                          {folder_ + "/k3s.service"},
                          {folder_ + "/k3s.service.d"}};
    auto safe = check_no_fallback(base::system_files(), places);
    if (!safe) {
      EXPECT_EQ(safe.error().code(), "k3s.registry_fallback");
    }
    return safe.has_value();
  }

  std::string folder_;
};

// GS-K3S-046: Whether the node may fall back to the upstream is read from k3s' settings and its unit; what
// counts last for k3s counts here.
TEST_F(K3sFilesTest, FallbackIsFound) {
  EXPECT_FALSE(is_safe());
  put("config.yaml", "disable-default-registry-endpoint: true\n");
  EXPECT_TRUE(is_safe());
  put("config.yaml.d/10.yaml", "disable-default-registry-endpoint: false\n");
  EXPECT_FALSE(is_safe());
  put("k3s.service",
      "[Service]\nExecStart=/usr/local/bin/k3s server \\\n  --disable-default-registry-endpoint\n");
  EXPECT_TRUE(is_safe());
  put("k3s.service.d/x.conf", "[Service]\n# --disable-default-registry-endpoint=false\n");
  EXPECT_TRUE(is_safe());
  put("k3s.service.d/y.conf",
      "[Service]\nExecStart=\nExecStart=k3s --disable-default-registry-endpoint=false\n");
  EXPECT_FALSE(is_safe());
  put("config.yaml", "a: [\n");
  EXPECT_FALSE(is_safe());
}

// GS-K3S-047: The file is replaced as a whole, and keeps its mode; the check knows when it sends the node to
// us.
TEST_F(K3sFilesTest, FileIsReplaced) {
  const std::string path = folder_ + "/k3s/registries.yaml";
  base::Files& files = base::system_files();
  EXPECT_FALSE(check_registries(files, path, kTwo));
  auto edit = plan_registries(files, path, kTwo);
  ASSERT_TRUE(edit);
  ASSERT_TRUE(write_registries(files, path, *edit));
  EXPECT_EQ(files.stat(path)->mode, 0600U);
  EXPECT_TRUE(check_registries(files, path, kTwo));
  const auto missing = check_registries(files, path, {{"quay.io"}, kTwo.endpoint, {}});
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().describe().find("quay.io"), std::string::npos);
  std::filesystem::permissions(path, std::filesystem::perms(0640));
  edit = plan_registries(files, path, {});
  ASSERT_TRUE(edit);
  ASSERT_TRUE(write_registries(files, path, *edit));
  EXPECT_EQ(files.stat(path)->mode, 0640U);
}

}  // namespace
}  // namespace gridseal::k3s
