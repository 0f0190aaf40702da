// Read-only view of any OCI image layout directory (OCI image spec 1.1, image-layout.md), as written by
// skopeo, oras, cosign or this program.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.hpp"
#include "oci/local_content.hpp"
#include "oci/manifest.hpp"

namespace gridseal::oci {

// "oci-layout:DIR[:tag][@sha256:…]"
struct LayoutReference {
  std::string directory;
  std::string tag;
  std::optional<base::Digest> digest;

  // Error (refused): oci.reference.
  static base::Result<LayoutReference> parse(std::string_view text);
};

// Thread safe.
class Layout final : public LocalContent {
 public:
  // Errors: store.layout (refused: no layout, or a version this program does not know), parse.*.
  static base::Result<std::unique_ptr<Layout>> open(base::Files& files, std::string directory);

  // What index.json names, in its order.
  const std::vector<Descriptor>& entries() const { return index_.manifests; }
  // The manifest that a ref name stands for; empty when there is none.
  std::optional<Descriptor> find_tag(std::string_view tag) const;
  // Names that are no signature or fallback tags.
  std::vector<std::string> tags() const;
  // The digest a reference means; without tag and digest the only named entry, or the only one when none has
  // a name. Error (blocked): store.not_found.
  base::Result<base::Digest> resolve(const LayoutReference& reference) const;

  base::Result<std::string> read_blob(const base::Digest& digest, uint64_t limit) override;
  base::Result<base::Blob> check_blob(const base::Digest& digest, uint64_t limit) override;
  // Ref names "sha256-<hex>", "….sig", "….att", what `cosign save` calls signatures, and every manifest among
  // the blobs that names `subject`, listed in index.json or not.
  base::Result<std::vector<SignatureEntry>> signatures(const base::Digest& subject) override;

 private:
  Layout(base::Files& files, std::string directory, Index index);
  std::string blob_path(const base::Digest& digest) const;
  base::Error mismatch(const base::Digest& digest) const;
  void add_saved(const base::Digest& subject, std::vector<SignatureEntry>& found);
  void add_fallback(const base::Digest& subject, std::vector<SignatureEntry>& found);
  void add_by_subject(const base::Digest& subject, std::vector<SignatureEntry>& found);
  void add_unlisted(const base::Digest& subject, std::vector<SignatureEntry>& found);

  base::Files& files_;
  const std::string directory_;
  const Index index_;
};

}  // namespace gridseal::oci
