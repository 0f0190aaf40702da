// A folder of manifests becomes an artifact as Flux understands it: one deterministic tar+gzip layer, an
// empty config, and annotations in the manifest, which is what gets signed. The same folder and the same
// request give the same digest everywhere (for the same zlib).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/files.hpp"
#include "base/time.hpp"
#include "oci/manifest.hpp"

namespace gridseal::publish {

inline constexpr std::string_view kAnnotationEnvironment = "dev.gridseal.environment";

// A package of Gridseal for one release of an operating system, as its builder named it:
// "gridseal_1.2.0-1_amd64.deb", "gridseal-1.2.0-1.el9.x86_64.rpm".
struct PackageFile {
  std::string suite;  // "bookworm", "el9"
  std::string path;
};

struct BuildRequest {
  std::string directory;                // with the manifests; names that begin with ".", and
                                        // what .sourceignore says, are left out
  std::vector<PackageFile> packages{};  // instead of a directory: layers that are these files
  std::string component;                // what the hosts expect the artifact to be
  std::string version;
  base::Time created;                              // cut to seconds
  std::string source;                              // URL of the repository it was made from; may be empty
  std::string revision;                            // "main@sha1:…"; may be empty
  std::string environment;                         // empty: good for every one
  std::map<std::string, std::string> annotations;  // more of them; may not repeat those above
  bool strict = false;                             // what would be a warning is an error
  std::string scratch_directory;                   // for a temporary file, removed again
};

struct BuiltLayer {
  oci::Descriptor descriptor;
  std::string bytes;
};

struct Built {
  oci::Descriptor descriptor;  // of the manifest
  std::string manifest;        // its bytes, as is the next one
  std::string config;
  oci::Descriptor config_descriptor;
  std::vector<BuiltLayer> layers{};  // never empty; one when it holds manifests
  size_t files = 0;
  size_t objects = 0;
  std::vector<std::string> warnings{};   // sentences
  std::vector<std::string> variables{};  // that a host has to set: they are referred to without a default
};

// Reads, packs, and then reads the packed bytes again the way an agent does, so that its objections are heard
// here. Writes nothing but the temporary file.
// Errors (refused): publish.request (a needed value is missing or contradictory, a package's name is none, or
// two are for one suite and architecture), publish.link (the folder
// holds a link or a device), publish.strict (a warning, with `strict`); those of archive::pack_tar_gzip and
// manifest::RenderedWriter; (blocked) those of Files.
base::Result<Built> build(base::Files& files, const BuildRequest& request);

}  // namespace gridseal::publish
