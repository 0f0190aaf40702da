// Signatures in files that change while they are read, as on a medium that lies.
#include "mixed.hpp"
#include "support/sized/sized.hpp"

namespace gridseal::trust::mixed {
namespace {

using base::Error;
using base::Result;

// Each path reads as it is the first `honest` times, then with white space behind it, which JSON allows.
class ChangingFiles final : public base::Files {
 public:
  explicit ChangingFiles(int honest) : honest_(honest) {}

  std::map<std::string, std::string> contents;
  std::map<std::string, int> opened;

  Result<std::unique_ptr<base::InputFile>> open_input(const std::string& path) override {
    std::string bytes = contents.at(path);
    if (++opened[path] > honest_) bytes += ' ';
    return std::unique_ptr<base::InputFile>(new Input(std::move(bytes)));
  }
  Result<std::unique_ptr<base::OutputFile>> open_output(const std::string& /*path*/, base::WriteMode /*mode*/,
                                                        uint32_t /*permissions*/) override {
    return none();
  }
  Result<void> rename(const std::string& /*from*/, const std::string& /*to*/) override { return none(); }
  Result<void> sync_directory(const std::string& /*path*/) override { return none(); }
  Result<void> remove(const std::string& /*path*/) override { return none(); }
  Result<void> remove_tree(const std::string& /*path*/) override { return none(); }
  Result<void> make_directories(const std::string& /*path*/, uint32_t /*permissions*/) override {
    return none();
  }
  Result<base::FileInfo> stat(const std::string& /*path*/) override { return none(); }
  Result<std::vector<base::Entry>> list(const std::string& /*path*/) override { return none(); }
  Result<uint64_t> free_bytes(const std::string& /*path*/) override { return none(); }

 private:
  class Input final : public base::InputFile {
   public:
    explicit Input(std::string bytes) : bytes_(std::move(bytes)) {}
    Result<size_t> read_at(uint64_t offset, char* buffer, size_t buffer_size) override {
      return bytes_.copy(buffer, buffer_size, std::min<size_t>(offset, bytes_.size()));
    }
    uint64_t size() const override { return bytes_.size(); }

   private:
    std::string bytes_;
  };
  static Error none() { return Error::failed("test", "not here"); }

  int honest_;
};

class Changing : public MixedTest {
 protected:
  Changing() {
    content_.keys.push_back(test::pin("own.pub", make_.key().public_key()));
    content_.notation_stores = {{"ca:acme", make_.notation_root()}};
  }

  // Refused as changed until it is honest for as long as it is read; then it counts.
  void expect_noticed(const std::string& policy, const Evidence& good, const std::string& what) {
    ASSERT_EQ(answer(policy, good), "") << what;
    int readings = 0;
    for (int honest = 1; honest < 20 && readings == 0; ++honest) {
      ChangingFiles files(honest);
      Evidence evidence = good;
      for (SignatureManifest& manifest : evidence.signatures) {
        for (auto& [digest, blob] : manifest.blobs) {
          files.contents[digest.hex()] = test::text_of(blob);
          blob = *base::Blob::open(files, digest.hex());
        }
      }
      const std::string found = answer(policy, evidence);
      if (found.empty())
        readings = honest;
      else
        EXPECT_EQ(found, "refused blob.digest_mismatch") << what << " after " << honest << ": " << said_;
    }
    EXPECT_GT(readings, 1) << what;
  }

  test::SizedSignatures make_{none()};
};

// GS-TRUST-440: a signature that changes between two readings is refused, whichever reading it is.
TEST_F(Changing, IsNoticed) {
  const std::string own = "keys = [\"own.pub\"]\n";
  const std::string attested = own + "[[attestation]]\nname = \"scan\"\ntype = \"" + test::kScan + "\"\n";
  expect_noticed(own, make_.bundle(std::string(sigstore::kSignPredicateType), 4096), "bundle");
  expect_noticed(own, make_.message(1024), "message signature");
  expect_noticed(own, make_.simple_signing(1024), "simple signing");
  expect_noticed(kNotation, make_.jws(4096), "JWS");
  expect_noticed(kNotation, make_.cose(4096), "COSE");
  Evidence evidence = make_.attached(4096);
  test::sign_bundle(evidence, make_.key());
  expect_noticed(attested, evidence, ".att");
}

}  // namespace
}  // namespace gridseal::trust::mixed
