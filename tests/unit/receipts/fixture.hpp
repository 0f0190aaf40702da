// A host with a history, a store and an issuer, in a folder of its own.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "crypto/hash.hpp"
#include "oci/media_types.hpp"
#include "receipts/armour.hpp"
#include "receipts/audit_export.hpp"
#include "receipts/issuer.hpp"
#include "receipts/sites.hpp"
#include "support/faults/faulty_files.hpp"
#include "unit/history/fixture.hpp"

namespace gridseal::receipts {

class ReceiptsTest : public history::HistoryTest {
 protected:
  // An artifact that the history and, when opened, the store know.
  base::Digest add_artifact(const std::string& version) {
    const std::string manifest =
        R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",)"
        R"("config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":"sha256:)" +
        crypto::sha256("{}").hex() + R"(","size":2},"layers":[],"annotations":{"v":")" + version + R"("}})";
    const base::Digest digest = crypto::sha256(manifest);
    history::Artifact artifact{digest, std::string(oci::kOciManifest), manifest, "pump", version};
    artifact.source = "https://git.example.com/pump.git";
    artifact.revision = "main@sha1:0123";
    EXPECT_TRUE(history_->record_artifact(artifact));
    if (store_) {
      const oci::Descriptor named{std::string(oci::kOciManifest), digest, manifest.size(), {}, {}, {}};
      EXPECT_TRUE(store_->put_blob(named, manifest));
    }
    return digest;
  }
  history::DeploymentId begin(const base::Digest& artifact) {
    history::NewDeployment deployment = history::deploy('1');
    deployment.artifact = artifact;
    deployment.revision = "stable@" + artifact.to_string();
    auto id = history_->begin_deployment(deployment);
    EXPECT_TRUE(id);
    return id ? *id : 0;
  }
  void end_well(const base::Digest& artifact) {
    EXPECT_TRUE(history_->commit_good(begin(artifact), std::nullopt));
  }
  void end_badly(const base::Digest& artifact, history::DeploymentOutcome outcome) {
    EXPECT_TRUE(
        history_->finish_failed(begin(artifact), {outcome, "health.failed", "it crashes", {}, false}));
  }

  void open_store(base::Files& files) {
    store_.reset();
    auto store = oci::Store::open(files, base::null_log(), {folder_ + "/store", 0});
    if (store) store_ = std::move(*store);
  }
  SiteFacts facts() const {
    SiteFacts facts;
    facts.name = "plant-7";
    facts.environment = "production";
    facts.agent = "0.1.0";
    facts.trust_version = 4;
    facts.host_clock = base::Time(base::milliseconds(1'790'000'000'000));
    return facts;
  }
  std::unique_ptr<Issuer> issuer(base::Files& files) {
    return std::make_unique<Issuer>(IssuerOutside{files, clock_, base::null_log(), *history_, *store_,
                                                  places(), [this] { return facts(); }});
  }
  KeyPlaces places() const { return {folder_, {}}; }
  crypto::PublicKey key() {
    auto key = read_public_key(files_, places());
    EXPECT_TRUE(key);
    return std::move(*key);
  }
  std::vector<history::Receipt> all() {
    auto list = history_->receipts(0, 1000);
    EXPECT_TRUE(list);
    return list ? *list : std::vector<history::Receipt>();
  }
  std::vector<Statement> statements() {
    std::vector<Statement> list;
    for (const auto& receipt : all()) {
      auto statement = open_receipt(receipt.envelope, {key()});
      EXPECT_TRUE(statement) << statement.error().describe();
      if (statement) list.push_back(std::move(*statement));
    }
    return list;
  }
  // A host that deployed three times, reported once, and made everything that it owes.
  void live() {
    reopen();
    open_store(files_);
    const base::Digest one = add_artifact("1.0.0");
    const base::Digest two = add_artifact("1.1.0");
    end_well(one);
    clock_.advance(base::milliseconds(1000));
    end_badly(two, history::DeploymentOutcome::rolled_back);
    clock_.advance(base::milliseconds(1000));
    end_well(two);
    auto made = issuer(files_);
    made->run();
    EXPECT_TRUE(made->report());
  }

  std::unique_ptr<oci::Store> store_;
};

}  // namespace gridseal::receipts
