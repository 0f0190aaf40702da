// A table of media that somebody made to do harm: what is on it, and what is said of it. After each of them
// nothing is offered, and a good medium is taken.
#include <sys/stat.h>

#include <filesystem>

#include "crypto/sha256.hpp"
#include "integration/media/media_fixture.hpp"
#include "oci/media_types.hpp"
#include "oci/reference.hpp"

namespace gridseal::test {
namespace {

namespace fs = std::filesystem;

// What is there before the harm is done: a good release "stable" of "shop" 1.0.0.
class HostileTest : public MediaTest {
 public:
  base::Digest release() {
    if (!release_) release_ = add_release("1.0.0");
    return *release_;
  }
  oci::Manifest manifest() { return oci::parse_manifest(read(blob(release()))).value(); }
  std::string index() const { return medium_ + "/index.json"; }
  void set_index(const std::string& text) {
    (void)release();
    write(index(), text);
  }
  // Replaces in index.json.
  void edit(const std::string& from, const std::string& to) {
    (void)release();
    std::string text = read(index());
    const size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos) << text;
    write(index(), text.replace(at, from.size(), to));
  }
  // Another manifest under the name "stable".
  void put_as_stable(const std::string& bytes) {
    const base::Digest digest = crypto::sha256(bytes);
    (void)release();
    write(blob(digest), bytes);
    edit(release().to_string(), digest.to_string());
  }
  std::string layer_path() { return blob(manifest().layers[0].digest); }
  std::string signature_path() {
    const oci::Index names = oci::parse_index(read(index())).value();
    for (const auto& entry : names.manifests) {
      const auto name = entry.annotations.find(oci::kAnnotationRefName);
      if (name != entry.annotations.end() && name->second.ends_with(".sig")) return blob(entry.digest);
    }
    return {};
  }

  using MediaTest::add_release;
  using MediaTest::blob;
  using MediaTest::host_;
  using MediaTest::medium_;
  using MediaTest::read;
  using MediaTest::write;

  void TestBody() override {}

 private:
  std::optional<base::Digest> release_;
};

struct Harm {
  const char* what;
  void (*make)(HostileTest& test);
  // The code of the import as a whole, or that of the first thing refused; "left": not taken, without blame;
  // "taken": the harm is only decoration.
  const char* expected;
};

void link_to(const std::string& target, const std::string& path) {
  fs::remove_all(path);
  fs::create_symlink(target, path);
}

void make_pipe(const std::string& path) {
  fs::remove_all(path);
  (void)::mkfifo(path.c_str(), 0644);
}

const Harm kTable[] = {
    {"an empty folder", [](HostileTest& t) { fs::create_directories(t.medium_); }, "media.no_layout"},
    {"photos", [](HostileTest& t) { t.write(t.medium_ + "/DCIM/1.jpg", "x"); }, "media.no_layout"},
    {"a layout without index.json",
     [](HostileTest& t) {
       (void)t.release();
       fs::remove(t.index());
     },
     "media.no_layout"},
    {"another version of layout",
     [](HostileTest& t) {
       (void)t.release();
       t.write(t.medium_ + "/oci-layout", R"({"imageLayoutVersion":"2.0.0"})");
     },
     "store.layout"},
    {"index.json is a link to the host's files",
     [](HostileTest& t) {
       (void)t.release();
       link_to("/etc/passwd", t.index());
     },
     "media.no_layout"},
    {"index.json is a pipe that never answers",
     [](HostileTest& t) {
       (void)t.release();
       make_pipe(t.index());
     },
     "media.no_layout"},
    {"index.json is a folder",
     [](HostileTest& t) {
       (void)t.release();
       fs::remove(t.index());
       fs::create_directories(t.index());
     },
     "media.no_layout"},
    {"index.json is larger than any", [](HostileTest& t) { t.set_index(std::string((4U << 20U) + 1, ' ')); },
     "store.layout"},
    {"index.json nests deeper than JSON is read",
     [](HostileTest& t) { t.set_index(std::string(100'000, '[')); }, "parse.limit"},
    {"index.json says a name twice",
     [](HostileTest& t) { t.edit("\"manifests\"", "\"manifests\":[],\"manifests\""); },
     "parse.duplicate_key"},
    {"index.json names more than is looked at",
     [](HostileTest& t) {
       const std::string one = R"({"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":")" +
                               t.release().to_string() + R"(","size":1})";
       std::string list = one;
       for (int i = 0; i < 5000; ++i) list += "," + one;
       t.set_index(R"({"schemaVersion":2,"manifests":[)" + list + "]}");
     },
     "oci.manifest"},
    {"a digest with a path in it", [](HostileTest& t) { t.edit("sha256:", "sha256:../../../etc/passwd#"); },
     "oci.descriptor"},
    {"a digest of another algorithm", [](HostileTest& t) { t.edit("sha256:", "sha512:"); }, "oci.descriptor"},
    {"blobs is a link to another folder",
     [](HostileTest& t) {
       (void)t.release();
       fs::rename(t.medium_ + "/blobs", t.medium_ + "/elsewhere");
       link_to("elsewhere", t.medium_ + "/blobs");
     },
     "store.not_found"},
    {"the manifest is a link", [](HostileTest& t) { link_to("/etc/hostname", t.blob(t.release())); },
     "store.not_found"},
    {"the manifest is a pipe", [](HostileTest& t) { make_pipe(t.blob(t.release())); }, "store.not_found"},
    {"the manifest is something else", [](HostileTest& t) { t.write(t.blob(t.release()), "{}"); },
     "blob.digest_mismatch"},
    {"the manifest is larger than any",
     [](HostileTest& t) { t.write(t.blob(t.release()), std::string((4U << 20U) + 1, ' ')); },
     "store.too_large"},
    {"the manifest is no JSON", [](HostileTest& t) { t.put_as_stable("MZ\x90"); }, "parse.json"},
    {"manifest and index in one",
     [](HostileTest& t) { t.put_as_stable(R"({"schemaVersion":2,"config":{},"layers":[],"manifests":[]})"); },
     "oci.manifest"},
    {"an index that names itself in a circle is not possible, one of indexes is",
     [](HostileTest& t) {
       std::string inner = t.release().to_string();
       std::string type = "manifest";
       for (int i = 0; i < 5; ++i) {
         const std::string text =
             R"({"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.)" + type +
             R"(.v1+json","digest":")" + inner + R"(","size":)" +
             std::to_string(t.read(t.blob(base::Digest::parse(inner).value())).size()) + "}]}";
         inner = crypto::sha256(text).to_string();
         t.write(t.blob(base::Digest::parse(inner).value()), text);
         type = "index";
       }
       t.set_index(
           R"({"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.index.v1+json",)"
           R"("digest":")" +
           inner + R"(","size":1,"annotations":{"org.opencontainers.image.ref.name":"stable"}}]})");
     },
     "oci.manifest"},
    {"the release is not signed",
     [](HostileTest& t) {
       (void)t.add_release("1.1.0", {"stable", "shop", nullptr, {}});
     },
     "registry.no_signature"},
    {"a stranger signed it",
     [](HostileTest& t) {
       static const auto stranger = crypto::PrivateKey::generate().value();
       (void)t.add_release("1.1.0", {"stable", "shop", &stranger, {}});
     },
     "key.wrong"},
    {"another component under this one's name",
     [](HostileTest& t) {
       (void)t.add_release("1.1.0", {"stable", "pumps", &t.host_.key(), {}});
     },
     "left"},
    {"signed for another environment",
     [](HostileTest& t) {
       (void)t.add_release("1.1.0", {"stable", "shop", &t.host_.key(), "staging"});
     },
     "identity.environment"},
    {"a version's tag on another version",
     [](HostileTest& t) {
       t.host_.settings().tag = "2.0.0";
       (void)t.add_release("1.1.0", {"2.0.0", "shop", &t.host_.key(), {}});
     },
     "identity.tag_version"},
    {"a name that no component follows", [](HostileTest& t) { t.edit("\"stable\"", "\"edge\""); }, "left"},
    {"a name of another repository",
     [](HostileTest& t) { t.edit("\"stable\"", "\"other/repository:stable\""); }, "left"},
    {"control characters in a name", [](HostileTest& t) { t.edit("\"stable\"", "\"\\u001b[2Jstable\""); },
     "left"},
    {"the layer is something else of the same size",
     [](HostileTest& t) {
       (void)t.release();
       std::string bytes = t.read(t.layer_path());
       bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
       t.write(t.layer_path(), bytes);
     },
     "media.damaged"},
    {"the layer is cut",
     [](HostileTest& t) {
       (void)t.release();
       fs::resize_file(t.layer_path(), 20);
     },
     "media.size"},
    {"the layer is longer than it says",
     [](HostileTest& t) { t.write(t.layer_path(), t.read(t.layer_path()) + std::string(4096, '\0')); },
     "media.size"},
    {"the layer is not there", [](HostileTest& t) { fs::remove(t.layer_path()); }, "media.missing"},
    {"the layer is a link to a device", [](HostileTest& t) { link_to("/dev/zero", t.layer_path()); },
     "media.missing"},
    {"the signature is something else",
     [](HostileTest& t) {
       (void)t.release();
       t.write(t.signature_path(), "{}");
     },
     "blob.digest_mismatch"},
    {"a thousand strangers' signatures beside the good one",
     [](HostileTest& t) {
       const auto stranger = crypto::PrivateKey::generate().value();
       (void)t.release();
       const std::string about = R"({"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":")" +
                                 t.release().to_string() + R"(","size":)" +
                                 std::to_string(t.read(t.blob(t.release())).size()) + "}";
       for (int i = 0; i < 1000; ++i) {
         const std::string junk = R"({"schemaVersion":2,"config":)" + about + R"(,"layers":[],"subject":)" +
                                  about + R"(,"annotations":{"n":")" + std::to_string(i) + "\"}}";
         t.write(t.blob(crypto::sha256(junk)), junk);
       }
     },
     "taken"},
    {"files of a scanning kiosk",
     [](HostileTest& t) {
       (void)t.release();
       t.write(t.medium_ + "/System Volume Information/IndexerVolumeGuid", "x");
       t.write(t.medium_ + "/SCANNED_OK.html", "x");
       t.write(t.medium_ + "/blobs/sha256/._quarantine", "x");
       t.write(t.medium_ + "/blobs/md5/x", "x");
       t.write(t.medium_ + "/autorun.inf", "x");
     },
     "taken"},
    {"a blob named in capitals beside the right one",
     [](HostileTest& t) {
       std::string name = t.manifest().layers[0].digest.hex();
       for (char& c : name) c = static_cast<char>(::toupper(c));
       t.write(t.medium_ + "/blobs/sha256/" + name, "junk");
     },
     "taken"},
    {"a newer release that is not signed beside the good one",
     [](HostileTest& t) {
       t.host_.settings().tag.clear();
       t.host_.settings().semver = "*";
       (void)t.add_release("1.0.0", {"1.0.0", "shop", &t.host_.key(), {}});
       (void)t.add_release("9.0.0", {"9.0.0", "shop", nullptr, {}});
     },
     "taken"},
    {"an index of what is on it that lies",
     [](HostileTest& t) {
       (void)t.release();
       const std::string lie = R"({"label":"\u001b]0;owned\u0007","made":"never","releases":"all"})";
       const std::string manifest =
           R"({"schemaVersion":2,"config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":")" +
           crypto::sha256("{}").to_string() +
           R"(","size":2},"layers":[{"mediaType":"application/vnd.gridseal.medium.v1+json","digest":")" +
           crypto::sha256(lie).to_string() + R"(","size":)" + std::to_string(lie.size()) + "}]}";
       t.write(t.blob(crypto::sha256(lie)), lie);
       t.write(t.blob(crypto::sha256(manifest)), manifest);
       t.edit("\"manifests\":[",
              R"("manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":")" +
                  crypto::sha256(manifest).to_string() + R"(","size":)" + std::to_string(manifest.size()) +
                  "},");
     },
     "taken"},
};

class HostileTable : public ::testing::TestWithParam<size_t> {};

std::string outcome_of(const base::Result<media::ImportReport>& report) {
  if (!report) return report.error().code();
  if (!report->releases.empty()) return "taken";
  if (!report->refused.empty()) return report->refused.front().error.code();
  return report->left.empty() ? "nothing" : "left";
}

// GS-MEDIA-020: Whatever somebody puts on a medium, it is refused with its reason, or does not matter;
// nothing of it is offered, what people read holds no control characters, and the next good medium is taken.
TEST_P(HostileTable, IsRefusedWithItsReason) {
  const Harm& harm = kTable[GetParam()];
  SCOPED_TRACE(harm.what);
  HostileTest test;
  harm.make(test);
  ASSERT_TRUE(test.host_.start());
  media::Progress progress;
  const auto run = [&] {
    return media::import_medium(test.host_.engine(), base::system_files(), {test.medium_, {}, "tester"},
                                progress, {});
  };
  const auto report = run();
  EXPECT_EQ(outcome_of(report), harm.expected)
      << (report ? to_json(*report).dump(2) : report.error().describe());
  const std::string said = report ? to_json(*report).dump() : report.error().describe();
  EXPECT_EQ(said.find('\x1b'), std::string::npos);
  EXPECT_EQ(said.find("u001b"), std::string::npos) << said;
  // What was refused is in quarantine, with its reason.
  const auto kept = test.host_.engine().quarantine().all();
  if (report && !report->refused.empty()) {
    ASSERT_FALSE(kept.empty());
    EXPECT_EQ(kept.back().code, report->refused.back().error.code());
    EXPECT_EQ(kept.back().medium, report->label);
  }
  if (std::string(harm.expected) == "taken") return;
  EXPECT_TRUE(test.host_.engine().offers().all().empty());
  EXPECT_EQ(test.host_.flaws_of_history(), "");
  fs::remove_all(test.medium_);
  test.host_.settings().tag = "stable";
  ASSERT_TRUE(test.host_.start());
  const base::Digest good = test.add_release("1.2.0");
  const auto again = run();
  ASSERT_TRUE(again) << again.error().describe();
  ASSERT_EQ(again->releases.size(), 1U) << to_json(*again).dump(2);
  EXPECT_EQ(again->releases[0].revision, "stable@" + good.to_string());
}

INSTANTIATE_TEST_SUITE_P(Media, HostileTable, ::testing::Range<size_t>(0, std::size(kTable)));

}  // namespace
}  // namespace gridseal::test
