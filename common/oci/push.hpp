// Upload to one registry (OCI distribution spec 1.1, "Push"): the publishing side.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/files.hpp"
#include "oci/manifest.hpp"
#include "oci/registry.hpp"

namespace gridseal::oci {

struct PushSettings {
  Mirror target;
  RetryPolicy retry;
  Limits limits;
  uint64_t chunk_bytes = uint64_t{16} << 20U;  // larger blobs go up in pieces of this size
  base::milliseconds request_timeout{120'000};
  std::string user_agent = "gridseal";
};

// Errors: those of Registry; oci.push (blocked: the registry did not take it). Used by one thread.
class Publisher {
 public:
  // Error (refused): oci.settings.
  static base::Result<std::unique_ptr<Publisher>> create(PushSettings settings, Surroundings outside);
  ~Publisher();
  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;

  base::Result<bool> has_blob(const Repository& repository, const base::Digest& digest,
                              const std::stop_token& stop);
  // Nothing is sent when the registry has it.
  base::Result<void> push_blob(const Repository& repository, const Descriptor& blob, std::string_view bytes,
                               const std::stop_token& stop);
  base::Result<void> push_blob(const Repository& repository, const Descriptor& blob, base::InputFile& file,
                               const std::stop_token& stop);

  // `name` is a tag, or empty: by digest. Returns what the manifest is now known as.
  base::Result<Descriptor> push_manifest(const Repository& repository, const std::string& name,
                                         std::string_view bytes, std::string_view media_type,
                                         const std::stop_token& stop);

  // A manifest with `subject` in it, by digest; when the registry does not speak the Referrers API (no
  // OCI-Subject in its answer) the index under the fallback tag is read, extended and written.
  base::Result<Descriptor> push_referrer(const Repository& repository, const Manifest& manifest,
                                         const std::stop_token& stop);

  // cosign's legacy place: reads the manifest under tag sha256-<hex>.sig if there is one, adds `layer` (blob
  // already pushed; a layer that is there already is not repeated) and writes it back.
  base::Result<Descriptor> append_signature(const Repository& repository, const base::Digest& subject,
                                            const Descriptor& layer, const std::stop_token& stop);

 private:
  struct Parts;
  explicit Publisher(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace gridseal::oci
