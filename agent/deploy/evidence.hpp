// From what oci fetched to what trust judges.
#pragma once

#include <string>

#include "oci/artifact.hpp"
#include "trust/evidence.hpp"

namespace gridseal::deploy {

trust::Evidence evidence_of(const base::Digest& digest, const std::string& manifest,
                            const oci::Signatures& signatures);

}  // namespace gridseal::deploy
