// The same things as signers write them down: proto-JSON and cosign's annotations.
#pragma once

#include <map>
#include <string>

#include "base/json.hpp"
#include "sigstore/bundle.hpp"
#include "sigstore/trusted_root.hpp"
#include "support/pki/pki.hpp"

namespace gridseal::sigstore::test {

base::Json bundle_json(const Bundle& bundle);
base::Json trusted_root_json(const TrustedRoot& root);

// {"SignedEntryTimestamp", "Payload"} of the annotation dev.sigstore.cosign/bundle.
base::Json rekor_bundle_json(const LogEntry& entry);

// The annotations of a keyless layer over `payload`.
std::map<std::string, std::string> keyless_annotations(const std::string& signature,
                                                       const crypto::Certificate& leaf,
                                                       const LogEntry& entry);

}  // namespace gridseal::sigstore::test
