// Whether an image is signed as the component's image policy asks.
#pragma once

#include <string>

#include "deploy/images.hpp"

namespace gridseal::deploy {

struct SignedImage {
  const oci::Reference& reference;
  const oci::FoundImage& found;
  const ImagePlace* place;       // where its signatures lie; nullptr: only this host's store is asked
  const base::Digest& artifact;  // that names the image: the history keeps the verdict with it
};

// Who signed, in words: the index that the reference names or, where that has no signature, the manifest of
// this host's platform. The verdict is recorded. Errors: those of trust::verify_signatures and
// oci::fetch_signatures; history.*.
base::Result<std::string> judge_image(const Site& site, const config::Component& component,
                                      const SignedImage& image, const std::stop_token& stop);

}  // namespace gridseal::deploy
