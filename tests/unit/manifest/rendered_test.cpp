#include "manifest/rendered.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/extract.hpp"
#include "archive/pack.hpp"
#include "crypto/sha256.hpp"
#include "manifest/normalise.hpp"

namespace gridseal::manifest {
namespace {

using Contents = std::vector<std::pair<std::string, std::string>>;

std::string config_map(const std::string& name) {
  return "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: " + name + "\n  namespace: shop\n";
}

class RenderedTest : public ::testing::Test {
 protected:
  RenderedTest() {
    std::string pattern = ::testing::TempDir() + "rendered-XXXXXX";
    folder_ = mkdtemp(pattern.data());
    path_ = folder_ + "/rendered.json";
  }
  ~RenderedTest() override { (void)files_.remove_tree(folder_); }

  base::Result<Rendered> render(const Contents& contents, RenderOptions options = {}) {
    auto writer = RenderedWriter::create(files_, path_, std::move(options));
    if (!writer) return std::move(writer).error();
    for (const auto& [path, text] : contents)
      if (auto done = feed(*writer, path, text); !done) return std::move(done).error();
    return writer->finish();
  }

  static base::Result<void> feed(RenderedWriter& writer, const std::string& path, std::string_view text) {
    auto wanted = writer.begin_file(path, text.size());
    if (!wanted) return std::move(wanted).error();
    if (!*wanted) return {};
    for (size_t at = 0; at < text.size(); at += 7)
      if (auto done = writer.content(text.substr(at, 7)); !done) return done;
    return writer.end_file();
  }

  std::string code(const Contents& contents, RenderOptions options = {}) {
    auto rendered = render(contents, std::move(options));
    if (rendered) return "";
    EXPECT_TRUE(files_.list(folder_)->empty()) << "something was left behind";
    last_message_ = rendered.error().describe();
    return rendered.error().code();
  }

  base::Files& files_ = base::system_files();
  std::string folder_;
  std::string path_;
  std::string last_message_;
};

// GS-MANIFEST-060: a set of files becomes one ordered set of objects, each loaded by itself.
TEST_F(RenderedTest, HoldsTheSetInOrder) {
  auto rendered = render(
      {{"b/web.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\n---\n" +
                          config_map("b")},
       {"a.json", R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"shop"}})"},
       {"a.yml", "---\n---\n" + config_map("a")},
       {"README.md", "not: [yaml"},
       {"empty.yaml", "# nothing\n"}});
  ASSERT_TRUE(rendered) << rendered.error().describe();
  ASSERT_EQ(rendered->size(), 4U);
  std::vector<std::string> names;
  for (const auto& entry : rendered->entries()) names.push_back(entry.key.describe());
  EXPECT_EQ(names, (std::vector<std::string>{"Namespace shop", "ConfigMap shop/a", "ConfigMap shop/b",
                                             "Deployment shop/web"}));
  EXPECT_EQ(rendered->entries()[2].origin.describe(), "b/web.yaml, document 2");
  const auto object = rendered->load(3);
  ASSERT_TRUE(object) << object.error().describe();
  EXPECT_EQ(object->body["metadata"]["name"], "web");
  EXPECT_EQ(object->key, rendered->entries()[3].key);
  EXPECT_EQ(*rendered->load_text(0), R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"shop"}})");
  EXPECT_EQ(crypto::sha256(*rendered->load_text(0)), rendered->entries()[0].digest);
}

// GS-MANIFEST-061: the digest is of what is declared, not of how it was written down.
TEST_F(RenderedTest, DigestIsOfTheObjects) {
  const auto digest = [&](const Contents& contents) { return render(contents)->digest(); };
  const auto one = digest({{"a.yaml", config_map("a") + "---\n" + config_map("b")}});
  EXPECT_EQ(one, digest({{"y.yaml", config_map("b")}, {"z.yaml", "# other\n" + config_map("a")}}));
  EXPECT_NE(one, digest({{"a.yaml", config_map("a")}}));
  EXPECT_NE(one, digest({{"a.yaml", config_map("a") + "---\n" + config_map("b") + "data: {x: y}\n"}}));
}

// GS-MANIFEST-062: the file is readable by its owner only and goes with its Rendered.
TEST_F(RenderedTest, OwnsItsFile) {
  {
    auto rendered = render({{"a.yaml", config_map("a")}});
    ASSERT_TRUE(rendered);
    const auto moved = std::move(*rendered);
    EXPECT_EQ(files_.stat(path_)->mode, 0600U);
    EXPECT_TRUE(moved.load(0));
    EXPECT_EQ(RenderedWriter::create(files_, path_, {}).error().code(), "files.exists");
    EXPECT_TRUE(moved.load(0)) << "a second writer must not take the file away";
  }
  EXPECT_TRUE(files_.list(folder_)->empty());
}

// GS-MANIFEST-063: an object that is declared twice is refused, and both places are named.
TEST_F(RenderedTest, RefusesDuplicates) {
  EXPECT_EQ(code({{"a.yaml", config_map("a")}, {"b.yaml", config_map("b") + "---\n" + config_map("a")}}),
            "manifest.duplicate_object");
  EXPECT_NE(last_message_.find("a.yaml, document 1"), std::string::npos) << last_message_;
  EXPECT_NE(last_message_.find("b.yaml, document 2"), std::string::npos) << last_message_;
}

// GS-MANIFEST-064: only files below the path count; a missing path and an empty set are refused.
TEST_F(RenderedTest, SelectsThePath) {
  const Contents contents = {{"prod/a.yaml", config_map("a")}, {"production/b.yaml", "["}, {"top.yaml", "["}};
  RenderOptions options;
  for (const char* path : {"./prod", "prod/", "prod", ".//prod/."}) {
    options.path = path;
    auto rendered = render(contents, options);
    ASSERT_TRUE(rendered) << path << rendered.error().describe();
    EXPECT_EQ(rendered->size(), 1U);
  }
  options.path = "./stag";
  EXPECT_EQ(code(contents, options), "manifest.path_missing");
  options.path = "../prod";
  EXPECT_EQ(code(contents, options), "manifest.path");
  options.path = "/prod";
  EXPECT_EQ(code(contents, options), "manifest.path");
  EXPECT_EQ(code({}), "manifest.empty");
  EXPECT_EQ(code({{"README.md", "x"}, {"a.yaml", "# none\n"}}), "manifest.empty");
}

// GS-MANIFEST-065: kustomizations must be rendered before they are signed; Flux's own kind is an ordinary
// object.
TEST_F(RenderedTest, RefusesKustomizations) {
  for (const char* name : {"kustomization.yaml", "a/kustomization.yml", "a/Kustomization"})
    EXPECT_EQ(code({{name, "resources: []"}}), "manifest.kustomization") << name;
  EXPECT_EQ(
      code({{"a.yaml",
             "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nmetadata: {name: x}\n"}}),
      "manifest.kustomization");
  EXPECT_EQ(
      code({{"a.yaml",
             "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: x}\n"}}),
      "");
}

// GS-MANIFEST-066: bad files are refused with their name, and nothing stays on the disk.
TEST_F(RenderedTest, RefusesBadFiles) {
  EXPECT_EQ(code({{"a.yaml", config_map("a")}, {"b.yaml", "a: [\n"}}), "manifest.yaml");
  EXPECT_NE(last_message_.find("b.yaml:2:"), std::string::npos) << last_message_;
  EXPECT_EQ(code({{"b.json", "{"}}), "manifest.json");
  EXPECT_NE(last_message_.find("b.json"), std::string::npos) << last_message_;
  EXPECT_EQ(code({{"b.json", R"({"a":1,"a":2})"}}), "manifest.duplicate_key");
  EXPECT_EQ(code({{"b.yaml", config_map("a") + "---\nhello\n"}}), "manifest.not_an_object");
  EXPECT_NE(last_message_.find("b.yaml, document 2"), std::string::npos) << last_message_;
}

// GS-MANIFEST-067: objects, documents and the rendered file are bounded.
TEST_F(RenderedTest, IsBounded) {
  RenderOptions options;
  options.max_objects = 1;
  EXPECT_EQ(code({{"a.yaml", config_map("a")}, {"b.yaml", config_map("b")}}, options), "manifest.limit");
  options = {};
  options.max_bytes = 50;
  EXPECT_EQ(code({{"a.yaml", config_map("a")}}, options), "manifest.limit");
  options = {};
  options.yaml.max_bytes = 50;
  EXPECT_EQ(code({{"a.yaml", config_map("a")}}, options), "manifest.limit");
  EXPECT_EQ(code({{"a.json", std::string(60, ' ')}}, options), "manifest.limit");
}

// GS-MANIFEST-068: each object can be changed or refused before it is written.
TEST_F(RenderedTest, CallsEach) {
  RenderOptions options;
  options.each = [](Object& object) -> base::Result<void> {
    set_owner_label(object, "shop");
    return {};
  };
  EXPECT_EQ(owner_of(render({{"a.yaml", config_map("a")}}, options)->load(0)->body), "shop");
  options.each = [](Object&) -> base::Result<void> { return base::Error::refused("ceiling.kind", "no"); };
  EXPECT_EQ(code({{"a.yaml", config_map("a")}}, options), "ceiling.kind");
}

// GS-MANIFEST-117: variables are replaced in every document before anything is made of it, also in JSON.
TEST_F(RenderedTest, Substitutes) {
  Substitution substitution({{"site", "north"}, {"n", "3"}});
  RenderOptions options;
  options.substitution = &substitution;
  {
    auto rendered = render({{"a.yaml", config_map("a-${site}") + "data:\n  one: \"${n}\"\n  two: $${n}\n"},
                            {"b.json", R"({"apiVersion":"v1","kind":"Service","metadata":{"name":"${site}"},)"
                                       R"("spec":{"n":"${n}"}})"}},
                           options);
    ASSERT_TRUE(rendered) << rendered.error().describe();
    EXPECT_EQ(rendered->entries()[0].key.describe(), "ConfigMap shop/a-north");
    EXPECT_EQ(rendered->load(0)->body["data"], (Json{{"one", "3"}, {"two", "${n}"}}));
    EXPECT_EQ(rendered->load(1)->body["spec"]["n"], "3");
    EXPECT_EQ(substitution.used(), (Variables{{"site", "north"}, {"n", "3"}}));
  }
  EXPECT_EQ(code({{"a.yaml", config_map("${no}")}}, options), "manifest.substitution");
  EXPECT_EQ(code({{"a.yaml", config_map("a-${site}")}}), "manifest.not_an_object");
}

// GS-MANIFEST-124: files that a rule leaves out are not read, whatever they hold.
TEST_F(RenderedTest, LeavesOutWhatIsIgnored) {
  RenderOptions options;
  options.path = "apps";
  ASSERT_TRUE(options.ignore.add_lines("values.yaml\n/apps/test/\nkustomization.yaml\n"));
  const Contents contents = {{"apps/a.yaml", config_map("a")},
                             {"apps/values.yaml", "replicas: 3\n"},
                             {"apps/test/b.yaml", "["},
                             {"apps/kustomization.yaml", "resources: []"}};
  {
    auto rendered = render(contents, options);
    ASSERT_TRUE(rendered) << rendered.error().describe();
    EXPECT_EQ(rendered->size(), 1U);
  }
  ASSERT_TRUE(options.ignore.add("*"));
  EXPECT_EQ(code(contents, options), "manifest.empty");
}

// GS-MANIFEST-069: a rendered file that changed on disk is not used.
TEST_F(RenderedTest, NoticesDamage) {
  auto rendered = render({{"a.yaml", config_map("a")}});
  ASSERT_TRUE(rendered);
  auto output = files_.open_output(path_, base::WriteMode::truncate, 0600);
  ASSERT_TRUE(output && (*output)->write(std::string(500, 'x')));
  EXPECT_EQ(rendered->load(0).error().code(), "manifest.damaged");
}

// Joins the two modules as the agent does.
class Unpacker : public archive::Visitor {
 public:
  explicit Unpacker(RenderedWriter& writer) : writer_(writer) {}
  base::Result<bool> begin_file(const std::string& path, uint64_t size) override {
    return writer_.begin_file(path, size);
  }
  base::Result<void> content(std::string_view chunk) override { return writer_.content(chunk); }
  base::Result<void> end_file() override { return writer_.end_file(); }

 private:
  RenderedWriter& writer_;
};

// GS-MANIFEST-070: a layer of ten thousand files is unpacked and rendered in one pass.
TEST_F(RenderedTest, RendersTenThousandFiles) {
  std::vector<archive::PackFile> packed;
  for (int at = 0; at < 10'000; ++at) {
    const std::string name = "c" + std::to_string(at);
    packed.push_back({name + ".yaml", [name]() -> base::Result<std::string> { return config_map(name); }});
  }
  std::string layer;
  ASSERT_TRUE(archive::pack_tar_gzip(std::move(packed), [&](std::string_view bytes) -> base::Result<void> {
    layer += bytes;
    return {};
  }));
  auto writer = RenderedWriter::create(files_, path_, {});
  ASSERT_TRUE(writer);
  Unpacker unpacker(*writer);
  const auto extracted = archive::extract(archive::read_from(layer), unpacker);
  ASSERT_TRUE(extracted) << extracted.error().describe();
  const auto rendered = writer->finish();
  ASSERT_TRUE(rendered) << rendered.error().describe();
  EXPECT_EQ(rendered->size(), 10'000U);
  EXPECT_EQ(rendered->entries().front().key.name, "c0");
  EXPECT_EQ(rendered->load(9'999)->key.name, "c9999");
}

}  // namespace
}  // namespace gridseal::manifest
