#include "stored_signatures.hpp"

#include <filesystem>

#include "base/files.hpp"
#include "base/json.hpp"

namespace gridseal::sigstore::test {
namespace {

std::string read(const std::string& path) {
  return base::read_file(base::system_files(), GRIDSEAL_FIXTURES "/" + path).value();
}

void add_layers(const std::string& directory, const base::Json& manifest, StoredSignatures& stored) {
  const base::Json* layers = base::find_array(manifest, "layers");
  if (layers == nullptr) return;
  for (const base::Json& layer : *layers) {
    const std::string media_type = layer.at("mediaType");
    if (media_type.find("sigstore.bundle") == std::string::npos &&
        media_type.find("simplesigning") == std::string::npos && media_type.find("dsse") == std::string::npos)
      continue;
    StoredLayer found{media_type, read(directory + layer.at("digest").get<std::string>().substr(7)), {}};
    if (layer.contains("annotations")) found.annotations = layer.at("annotations");
    stored.layers.push_back(std::move(found));
  }
}

}  // namespace

StoredSignatures stored_signatures(const std::string& name) {
  const std::string directory = "signing/" + name + "/blobs/";
  const auto tags = base::parse_json(read("signing/" + name + "/tags.json")).value();
  StoredSignatures stored{base::Digest::parse(tags.at("v1").get<std::string>()).value(), {}};
  for (const auto& file : std::filesystem::directory_iterator(GRIDSEAL_FIXTURES "/" + directory)) {
    const auto manifest = base::parse_json(read(directory + file.path().filename().string()));
    if (manifest && manifest->is_object()) add_layers(directory, *manifest, stored);
  }
  return stored;
}

NamedKey stored_key(const std::string& name, const std::string& file) {
  return {file, crypto::PublicKey::from_pem(read("signing/" + name + "/" + file)).value()};
}

TrustedRoot root_fixture(const std::string& path) {
  return parse_trusted_root(read(path)).value();
}

}  // namespace gridseal::sigstore::test
