// A receipt beside its artifact: an OCI manifest whose subject is the artifact and whose one layer is the
// envelope (OCI image spec 1.1, "Guidelines for Artifact Usage"). Its types are none of a signature's, so
// that no verifier ever takes a receipt for one.
#pragma once

#include <string>
#include <string_view>

#include "history/records.hpp"
#include "oci/manifest.hpp"

namespace gridseal::receipts {

struct Referrer {
  oci::Descriptor descriptor;  // of the manifest
  oci::Manifest content;
  std::string manifest;  // the bytes
  oci::Descriptor config;
  std::string config_bytes;
  oci::Descriptor layer;  // of the envelope
};

Referrer make_referrer(const history::Receipt& receipt, const oci::Descriptor& subject);

// What a site report is pushed as: the same without subject.
Referrer make_report_artifact(const history::Receipt& report);

}  // namespace gridseal::receipts
