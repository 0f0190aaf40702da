// Media types and annotation keys of the OCI image spec 1.1, of Docker's schema 2, of Flux and of the
// signers.
#pragma once

#include <string_view>

namespace gridseal::oci {

inline constexpr std::string_view kOciManifest = "application/vnd.oci.image.manifest.v1+json";
inline constexpr std::string_view kOciIndex = "application/vnd.oci.image.index.v1+json";
inline constexpr std::string_view kOciConfig = "application/vnd.oci.image.config.v1+json";
inline constexpr std::string_view kOciEmpty = "application/vnd.oci.empty.v1+json";
inline constexpr std::string_view kOciLayerTarGzip = "application/vnd.oci.image.layer.v1.tar+gzip";
inline constexpr std::string_view kOciLayerTarZstd = "application/vnd.oci.image.layer.v1.tar+zstd";
inline constexpr std::string_view kDockerManifest = "application/vnd.docker.distribution.manifest.v2+json";
inline constexpr std::string_view kDockerIndex = "application/vnd.docker.distribution.manifest.list.v2+json";
inline constexpr std::string_view kDockerLayerTarGzip = "application/vnd.docker.image.rootfs.diff.tar.gzip";

inline constexpr std::string_view kFluxConfig = "application/vnd.cncf.flux.config.v1+json";
inline constexpr std::string_view kFluxContent = "application/vnd.cncf.flux.content.v1.tar+gzip";

inline constexpr std::string_view kSimpleSigning = "application/vnd.dev.cosign.simplesigning.v1+json";
inline constexpr std::string_view kDsseEnvelope = "application/vnd.dsse.envelope.v1+json";
inline constexpr std::string_view kSigstoreBundlePrefix = "application/vnd.dev.sigstore.bundle";
inline constexpr std::string_view kSigstoreBundle = "application/vnd.dev.sigstore.bundle.v0.3+json";
inline constexpr std::string_view kNotationJws = "application/jose+json";
inline constexpr std::string_view kNotationCose = "application/cose";

// What hosts say of themselves (docs/formats/receipt.md). None of these is a signature's type.
inline constexpr std::string_view kReceiptArtifact = "application/vnd.gridseal.receipt.v1+json";
inline constexpr std::string_view kReportArtifact = "application/vnd.gridseal.site-report.v1+json";
inline constexpr std::string_view kReceiptEnvelope = "application/vnd.gridseal.receipt.v1.dsse+json";
inline constexpr std::string_view kAnnotationReceiptNumber = "dev.gridseal.receipt.sequence";

// Gridseal's own packages (docs/formats/package.md).
inline constexpr std::string_view kPackageArtifact = "application/vnd.gridseal.package.v1";
inline constexpr std::string_view kDebianPackage = "application/vnd.debian.binary-package";
inline constexpr std::string_view kRpmPackage = "application/x-rpm";
inline constexpr std::string_view kAnnotationSuite = "dev.gridseal.package.suite";
inline constexpr std::string_view kAnnotationArchitecture = "dev.gridseal.package.architecture";

inline constexpr std::string_view kAnnotationRefName = "org.opencontainers.image.ref.name";
inline constexpr std::string_view kAnnotationCreated = "org.opencontainers.image.created";
inline constexpr std::string_view kAnnotationSource = "org.opencontainers.image.source";
inline constexpr std::string_view kAnnotationRevision = "org.opencontainers.image.revision";
inline constexpr std::string_view kAnnotationVersion = "org.opencontainers.image.version";
inline constexpr std::string_view kAnnotationTitle = "org.opencontainers.image.title";

// In index.json of the content store: what a signature manifest speaks of, and where it was found.
inline constexpr std::string_view kAnnotationSignatureSubject = "io.gridseal.signature.subject";
inline constexpr std::string_view kAnnotationSignaturePlace = "io.gridseal.signature.place";

}  // namespace gridseal::oci
