#include "receipts/referrer.hpp"

#include "base/time.hpp"
#include "crypto/hash.hpp"
#include "oci/media_types.hpp"

namespace gridseal::receipts {
namespace {

constexpr std::string_view kEmptyConfig = "{}";

oci::Descriptor descriptor_of(std::string_view media_type, std::string_view bytes) {
  return {std::string(media_type), crypto::sha256(bytes), bytes.size(), {}, {}, {}};
}

Referrer make(const history::Receipt& receipt, std::optional<oci::Descriptor> subject) {
  const bool report = receipt.kind == history::ReceiptKind::report;
  const std::string_view type = report ? oci::kReportArtifact : oci::kReceiptArtifact;
  const oci::Descriptor config = descriptor_of(oci::kOciEmpty, kEmptyConfig);
  const oci::Descriptor layer = descriptor_of(oci::kReceiptEnvelope, receipt.envelope);
  oci::Manifest manifest{std::string(oci::kOciManifest),
                         std::string(type),
                         config,
                         {layer},
                         std::move(subject),
                         {{std::string(oci::kAnnotationCreated), base::format_rfc3339(receipt.time)},
                          {std::string(oci::kAnnotationReceiptNumber), std::to_string(receipt.sequence)}}};
  std::string bytes = oci::serialize(manifest);
  oci::Descriptor descriptor = descriptor_of(oci::kOciManifest, bytes);
  descriptor.artifact_type = type;
  return {
      std::move(descriptor), std::move(manifest), std::move(bytes), config, std::string(kEmptyConfig), layer};
}

}  // namespace

Referrer make_referrer(const history::Receipt& receipt, const oci::Descriptor& subject) {
  return make(receipt, oci::Descriptor{subject.media_type, subject.digest, subject.size, {}, {}, {}});
}

Referrer make_report_artifact(const history::Receipt& report) {
  return make(report, std::nullopt);
}

}  // namespace gridseal::receipts
