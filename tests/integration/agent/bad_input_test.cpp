// Registries that lie, cut and pour, and artifacts that are not what they should be. In each case: a state
// with a stable reason, the running workload untouched, and recovery without anybody's help.
#include "archive/pack.hpp"
#include "base/encoding.hpp"
#include "crypto/random.hpp"
#include "integration/agent/bad_input_fixture.hpp"
#include "unit/archive/tar_builder.hpp"

namespace gridseal::test {
namespace {

using archive::testing::gzip;
using archive::testing::TarBuilder;
using https_server::Answer;
using https_server::SeenRequest;

constexpr const char* kBlob = "/blobs/sha256:";
constexpr const char* kManifestByDigest = "/manifests/sha256:";

class BadRegistry : public BadInputTest {
 protected:
  // Promotes 1.1.0 while the registry misbehaves, then lets it be honest again.
  void expect_kept_out_while(const RegistryFront::Forge& forge, const std::string& state,
                             const std::string& code) {
    run_good_revision();
    front_->set_forge(forge);
    const std::string next = publish("1.1.0", application("1.1.0"));
    promote(next);
    expect_kept_out(state, code);
    front_->set_forge({});
    expect_recovery(next, "1.1.0");
  }
};

// GS-BAD-001: A blob with one wrong bit is refused.
TEST_F(BadRegistry, LiesAboutABlob) {
  expect_kept_out_while(
      [](const SeenRequest& request, Answer& answer) {
        if (is_get(request, kBlob)) answer.body.back() = static_cast<char>(answer.body.back() ^ 1);
      },
      "refused", "oci.digest_mismatch");
}

// GS-BAD-002: A manifest that does not hash to the digest asked for is refused.
TEST_F(BadRegistry, LiesAboutAManifest) {
  expect_kept_out_while(
      [](const SeenRequest& request, Answer& answer) {
        if (is_get(request, kManifestByDigest)) answer.body += " ";
      },
      "refused", "oci.digest_mismatch");
}

// GS-BAD-003: A blob of another size than the manifest says is refused.
TEST_F(BadRegistry, LiesAboutASize) {
  expect_kept_out_while(
      [](const SeenRequest& request, Answer& answer) {
        if (is_get(request, kBlob)) answer.body += "more";
      },
      "refused", "oci.size_mismatch");
}

// GS-BAD-004: A manifest without end is given up at the limit.
TEST_F(BadRegistry, SendsEndlessJson) {
  expect_kept_out_while(
      [](const SeenRequest& request, Answer& answer) {
        if (!is_get(request, kManifestByDigest)) return;
        answer.body = "{\"layers\":[" + std::string(64 * 1024, '[');
        answer.endless = true;
      },
      "refused", "oci.too_large");
}

// GS-BAD-005: A blob that goes on for gigabytes is given up at the size that the manifest says, and nothing
// of it stays on the disk.
TEST_F(BadRegistry, PoursGigabytes) {
  run_good_revision();
  front_->set_forge([](const SeenRequest& request, Answer& answer) {
    if (!is_get(request, kBlob)) return;
    answer.body = std::string(size_t{1} << 20U, 'x');
    answer.endless = true;
  });
  const std::string next = publish("1.1.0", application("1.1.0"));
  promote(next);
  expect_kept_out("refused", "oci.size_mismatch");
  base::Files& files = base::system_files();
  const std::string ingest = directory_ + "/state/store/ingest";
  const auto left = files.list(ingest);
  ASSERT_TRUE(left) << left.error().describe();
  for (const auto& entry : *left)
    EXPECT_EQ(files.stat(ingest + "/" + entry.name).value().size, 0U) << entry.name;
  front_->set_forge({});
  expect_recovery(next, "1.1.0");
}

// GS-BAD-006: A registry in trouble blocks; nothing is held against the artifact.
TEST_F(BadRegistry, IsInTrouble) {
  expect_kept_out_while(
      [](const SeenRequest& request, Answer& answer) {
        if (!is_get(request, kManifestByDigest)) return;
        answer = https_server::text("the disk of the mirror is full");
        answer.status = 503;
      },
      "blocked", "oci.unavailable");
}

// GS-BAD-007: A transfer that is cut in the middle goes on where it ended.
TEST_F(BadRegistry, CutsABlob) {
  run_good_revision();
  std::atomic<int> cuts{0};
  front_->set_forge([&](const SeenRequest& request, Answer& answer) {
    if (is_get(request, kBlob) && answer.body.size() > 100'000 && cuts++ == 0) answer.cut_after = 60'000;
  });
  Manifests manifests = application("1.1.0");
  manifests["notes.txt"] = base::encode_hex(crypto::random_bytes(400'000));
  const std::string next = publish("1.1.0", manifests);
  promote(next);
  expect_recovery(next, "1.1.0");
  std::string resumed_at;
  for (const auto& request : front_->server().requests()) {
    if (const auto range = request.header("Range"); !range.empty()) resumed_at = range;
  }
  ASSERT_TRUE(resumed_at.starts_with("bytes=")) << "nothing was resumed";
  EXPECT_GT(std::stoi(resumed_at.substr(6)), 50'000) << resumed_at;
  front_->set_forge({});
}

// GS-BAD-008: A slow mirror is waited for.
TEST_F(BadRegistry, IsSlow) {
  run_good_revision();
  front_->set_forge([](const SeenRequest& request, Answer& answer) {
    if (!is_get(request, kBlob)) return;
    answer.piece = 100;
    answer.piece_delay = std::chrono::milliseconds(5);
  });
  const std::string next = publish("1.1.0", application("1.1.0"));
  promote(next);
  expect_recovery(next, "1.1.0");
}

class BadArtifact : public BadInputTest {
 protected:
  // Promotes what is wrong, then a release that is right.
  void expect_refused(const std::string& wrong, const std::string& code) {
    promote(wrong);
    expect_kept_out("refused", code);
    EXPECT_EQ(deployments().size(), 1U) << "something was begun";
    const std::string right = publish("1.2.0", application("1.2.0"));
    promote(right);
    expect_recovery(right, "1.2.0");
  }
};

// GS-BAD-010: An artifact without manifests is refused: it would delete everything.
TEST_F(BadArtifact, HoldsNoManifests) {
  run_good_revision();
  expect_refused(publish_layer("1.1.0", gzip(TarBuilder().file("README.txt", "nothing here").end())),
                 "manifest.empty");
}

// GS-BAD-011: Paths that leave the tree are refused, and nothing appears beside it.
TEST_F(BadArtifact, HoldsAPathOutOfTheTree) {
  run_good_revision();
  const std::string text = application("1.1.0").at("config.yaml");
  expect_refused(
      publish_layer("1.1.0", gzip(TarBuilder().file("a.yaml", text).file("../b.yaml", text).end())),
      "archive.path_escape");
  EXPECT_FALSE(base::system_files().stat(directory_ + "/state/b.yaml"));
}

// GS-BAD-012: A symbolic link that leaves the tree is refused.
TEST_F(BadArtifact, HoldsALinkOutOfTheTree) {
  run_good_revision();
  const std::string text = application("1.1.0").at("config.yaml");
  const std::string tar =
      TarBuilder().file("a.yaml", text).add('2', "b.yaml", {}, "../../../etc/passwd").end();
  expect_refused(publish_layer("1.1.0", gzip(tar)), "archive.link");
}

// GS-BAD-013: A layer that is no archive is refused.
TEST_F(BadArtifact, IsNoArchive) {
  run_good_revision();
  expect_refused(publish_layer("1.1.0", "this is no archive at all"), "archive.format");
}

// GS-BAD-014: YAML that is no Kubernetes object is refused.
TEST_F(BadArtifact, HoldsYamlThatIsNoObject) {
  run_good_revision();
  const std::string tar = TarBuilder().file("values.yaml", "replicas: 3\nimage: web\n").end();
  expect_refused(publish_layer("1.1.0", gzip(tar)), "manifest.not_an_object");
}

// GS-BAD-015: Text that is no YAML is refused with file and line.
TEST_F(BadArtifact, HoldsWhatIsNoYaml) {
  run_good_revision();
  promote(publish_layer("1.1.0", gzip(TarBuilder().file("web.yaml", "kind: [Deployment\n").end())));
  expect_kept_out("refused", "manifest.yaml");
  EXPECT_NE(component().sentence.find("web.yaml"), std::string::npos) << component().sentence;
}

// GS-BAD-018: An artifact that nobody signed yet waits; it is deployed when its signature arrives.
TEST_F(BadArtifact, IsNotSignedYet) {
  run_good_revision();
  const std::string next = publish("1.1.0", application("1.1.0"), nullptr);
  promote(next);
  expect_kept_out("pending", "registry.no_signature");
  EXPECT_EQ(deployments().size(), 1U);
  sign(next, *key_);
  expect_recovery(next, "1.1.0");
}

// GS-BAD-019: An artifact signed with a key that the policy does not name is refused; signed again with the
// right one it is deployed.
TEST_F(BadArtifact, IsSignedWithAnotherKey) {
  run_good_revision();
  const auto other = crypto::PrivateKey::generate().value();
  const std::string next = publish("1.1.0", application("1.1.0"), &other);
  promote(next);
  expect_kept_out("refused", "key.wrong");
  EXPECT_EQ(deployments().size(), 1U);
  sign(next, *key_);
  expect_recovery(next, "1.1.0");
}

// GS-BAD-034: A sibling's artifact under this component's tag is refused, however well it is signed.
TEST_F(BadArtifact, IsASiblings) {
  run_good_revision();
  expect_refused(publish("1.1.0", application("1.1.0"), &*key_, "billing"), "identity.component");
}

// GS-BAD-035: An old signed build under the moved tag is refused. Judging it again, as after a restart or on
// request, writes nothing into the history.
TEST_F(BadArtifact, IsAnOldBuildUnderTheNewTag) {
  const std::string old = publish("0.9.0", application("0.9.0"));
  run_good_revision();
  promote(old);
  expect_kept_out("refused", "floor.version");
  const int64_t rows = engine_->history().audit(1).value().front().sequence;
  for (int i = 0; i < 3; ++i) {
    const auto before = engine_->activities().at(0).activity.last_poll;
    ASSERT_TRUE(engine_->request("shop"));
    ASSERT_TRUE(run_until([&] { return engine_->activities().at(0).activity.last_poll != before; }));
  }
  EXPECT_EQ(state(), "refused");
  EXPECT_EQ(engine_->history().audit(1).value().front().sequence, rows);
  const std::string right = publish("1.2.0", application("1.2.0"));
  promote(right);
  expect_recovery(right, "1.2.0");
}

// GS-BAD-036: Objects above the ceiling of this host are refused, one of them is enough.
TEST_F(BadArtifact, HoldsObjectsAboveTheCeiling) {
  run_good_revision();
  const std::string privileged =
      "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: all}\n"
      "rules: [{apiGroups: ['*'], resources: ['*'], verbs: ['*']}]\n";
  expect_refused(publish("1.1.0", application("1.1.0", privileged)), "ceiling.cluster_scoped");
}

std::string layer_with_files(size_t count, const Manifests& manifests) {
  std::vector<archive::PackFile> files;
  for (const auto& [name, text] : manifests) {
    files.push_back({name, [text = text] { return base::Result<std::string>(text); }});
  }
  for (size_t i = manifests.size(); i < count; ++i) {
    const std::string number = std::to_string(i);
    files.push_back({"data/" + number + ".txt", [number] { return base::Result<std::string>(number); }});
  }
  std::string layer;
  EXPECT_TRUE(archive::pack_tar_gzip(std::move(files), [&](std::string_view bytes) {
    layer += bytes;
    return base::Result<void>();
  }));
  return layer;
}

// GS-BAD-016: An artifact with ten thousand files is deployed; one more is beyond the limit.
TEST_F(BadArtifact, HoldsTenThousandFiles) {
  run_good_revision();
  promote(publish_layer("1.1.0", layer_with_files(10'001, application("1.1.0"))));
  expect_kept_out("refused", "archive.too_many_entries");
  const std::string next = publish_layer("1.2.0", layer_with_files(10'000, application("1.2.0")));
  promote(next);
  expect_recovery(next, "1.2.0");
}

// GS-BAD-017: Images that are named by tag only are refused, and allowed where the setting says so.
TEST_F(BadArtifact, NamesAnImageByTagOnly) {
  run_good_revision();
  Manifests manifests = application("1.1.0");
  std::string& text = manifests["web.yaml"];
  const size_t at = text.find("@sha256:");
  text.replace(at, 8 + 64, ":1.1");
  const std::string next = publish("1.1.0", manifests);
  promote(next);
  expect_kept_out("refused", "manifest.image_not_pinned");
  settings().allow_image_tags = true;
  ASSERT_TRUE(engine_->reload(settings_));
  expect_recovery(next, "1.1.0");
}

}  // namespace
}  // namespace gridseal::test
