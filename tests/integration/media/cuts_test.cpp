// Power cuts, full disks and pulled media at every write.
#include <filesystem>

#include "integration/media/media_fixture.hpp"

namespace gridseal::test {
namespace {

namespace fs = std::filesystem;

// GS-MEDIA-040: After a cut at any write of an import the host starts, offers nothing or the whole release,
// and a second try ends with the release running.
TEST_F(MediaTest, ACutAtAnyWriteLeavesTheStoreWhole) {
  const base::Digest first = add_release("1.0.0");
  ASSERT_TRUE(host_.start());
  ASSERT_TRUE(import());
  ASSERT_TRUE(becomes(first));
  fs::remove_all(medium_);
  const base::Digest next = add_release("1.1.0");
  const auto before = host_.keep();
  bool blown = true;
  uint64_t cuts = 0;
  for (; blown && cuts < 2000; ++cuts) {
    host_.stop();
    host_.go_back(before);
    ASSERT_TRUE(host_.start());
    host_.stop();
    uint64_t at_start = 0;
    {
      Fuse counting;
      ASSERT_TRUE(host_.start(&counting));
      at_start = counting.used();
      host_.stop();
    }
    Fuse fuse(at_start + cuts);
    ASSERT_TRUE(host_.start(&fuse)) << "cut " << cuts;
    const auto report = import();
    blown = fuse.blown();
    host_.stop();
    ASSERT_TRUE(host_.start()) << "cut " << cuts;
    const auto offers = host_.engine().offers().of("shop");
    for (const auto& offer : offers) {
      const auto stored = oci::read_artifact(host_.engine().store(), offer.digest);
      ASSERT_TRUE(stored) << "cut " << cuts << ": " << stored.error().describe();
      for (const auto& layer : stored->manifest.layers)
        EXPECT_TRUE(host_.engine().store().contains(layer)) << "cut " << cuts;
    }
    EXPECT_EQ(host_.flaws_of_history(), "") << "cut " << cuts;
    ASSERT_TRUE(import()) << "cut " << cuts;
    ASSERT_TRUE(becomes(next)) << "cut " << cuts << ": " << host_.component().sentence;
  }
  EXPECT_FALSE(blown) << "an import has more writes than were tried";
  EXPECT_GT(cuts, 10U);
}

// Fails from some read on, as a medium that was pulled.
class PulledFiles final : public base::Files {
 public:
  PulledFiles(base::Files& inner, uint64_t reads) : inner_(inner), left_(reads) {}
  bool pulled() const { return left_ == 0; }

  base::Result<std::unique_ptr<base::InputFile>> open_input(const std::string& path) override {
    if (!read()) return gone();
    auto file = inner_.open_input(path);
    if (!file) return file;
    return std::unique_ptr<base::InputFile>(std::make_unique<Input>(*this, std::move(*file)));
  }
  base::Result<base::FileInfo> stat(const std::string& path) override {
    return read() ? inner_.stat(path) : base::Result<base::FileInfo>(gone());
  }
  base::Result<std::vector<base::Entry>> list(const std::string& path) override {
    return read() ? inner_.list(path) : base::Result<std::vector<base::Entry>>(gone());
  }
  base::Result<std::unique_ptr<base::OutputFile>> open_output(const std::string&, base::WriteMode,
                                                              uint32_t) override {
    return gone();
  }
  base::Result<void> rename(const std::string&, const std::string&) override { return gone(); }
  base::Result<void> sync_directory(const std::string&) override { return gone(); }
  base::Result<void> remove(const std::string&) override { return gone(); }
  base::Result<void> remove_tree(const std::string&) override { return gone(); }
  base::Result<void> make_directories(const std::string&, uint32_t) override { return gone(); }
  base::Result<uint64_t> free_bytes(const std::string&) override { return gone(); }

 private:
  class Input final : public base::InputFile {
   public:
    Input(PulledFiles& files, std::unique_ptr<base::InputFile> inner)
        : files_(files), inner_(std::move(inner)) {}
    base::Result<size_t> read_at(uint64_t offset, char* buffer, size_t size) override {
      return files_.read() ? inner_->read_at(offset, buffer, size) : base::Result<size_t>(gone());
    }
    uint64_t size() const override { return inner_->size(); }

   private:
    PulledFiles& files_;
    std::unique_ptr<base::InputFile> inner_;
  };

  static base::Error gone() { return base::Error::blocked("files.io", "no such device"); }
  bool read() {
    if (left_ == 0) return false;
    --left_;
    return true;
  }

  base::Files& inner_;
  uint64_t left_;
};

// GS-MEDIA-041: A medium that is pulled at any read offers nothing or the whole release, and is never held
// against the release.
TEST_F(MediaTest, PulledAtAnyRead) {
  const base::Digest release = add_release("1.0.0");
  ASSERT_TRUE(host_.start());
  bool pulled = true;
  uint64_t reads = 0;
  for (; pulled && reads < 2000; ++reads) {
    PulledFiles files(base::system_files(), reads);
    const auto report = import(medium_, files);
    pulled = files.pulled() && !(report && !report->releases.empty());
    if (!pulled) break;
    ASSERT_FALSE(report && report->releases.empty() && report->refused.empty()) << "read " << reads;
    if (!report) {
      EXPECT_EQ(report.error().outcome(), base::Outcome::blocked)
          << "read " << reads << ": " << report.error().describe();
    }
    EXPECT_TRUE(host_.engine().offers().all().empty()) << "read " << reads;
  }
  EXPECT_GT(reads, 10U);
  ASSERT_TRUE(import());
  EXPECT_TRUE(becomes(release));
}

}  // namespace
}  // namespace gridseal::test
