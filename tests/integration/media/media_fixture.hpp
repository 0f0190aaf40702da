// A host in memory, and media as its operator would carry them.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "media/import.hpp"
#include "support/sim_host/sim_host.hpp"

namespace gridseal::test {

// One ConfigMap that says which version it is.
SimManifests plain_shop(const std::string& version);

struct ReleaseOptions {
  std::string name = "stable";  // in index.json; empty: none
  std::string component = "shop";
  const crypto::PrivateKey* key = nullptr;  // who signs; nullptr: nobody
  std::string environment{};
};

class MediaTest : public ::testing::Test {
 protected:
  MediaTest();

  // Builds, signs and adds to the layout in `folder`.
  base::Digest add_release(const std::string& version, const SimManifests& manifests,
                           const ReleaseOptions& options, const std::string& folder);
  // Signed by the host's release key, on the medium.
  base::Digest add_release(const std::string& version) {
    return add_release(version, plain_shop(version), {"stable", "shop", &host_.key(), {}}, medium_);
  }
  base::Digest add_release(const std::string& version, const ReleaseOptions& options) {
    return add_release(version, plain_shop(version), options, medium_);
  }
  ReleaseOptions signed_by(const crypto::PrivateKey& key) const { return {"stable", "shop", &key, {}}; }

  base::Result<media::ImportReport> import(const std::string& path, base::Files& files);
  base::Result<media::ImportReport> import() { return import(medium_, base::system_files()); }
  // The codes of what was refused, in order.
  static std::vector<std::string> codes(const media::ImportReport& report);
  std::string blob(const base::Digest& digest) const { return medium_ + "/blobs/sha256/" + digest.hex(); }
  bool becomes(const base::Digest& digest);
  void write(const std::string& path, const std::string& text);
  std::string read(const std::string& path);

  SimHost host_;
  const std::string medium_;
  int built_ = 0;
};

}  // namespace gridseal::test
