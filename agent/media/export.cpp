#include "media/export.hpp"

#include <algorithm>

#include "base/encoding.hpp"
#include "crypto/sha256.hpp"
#include "deploy/images.hpp"
#include "deploy/trust_update.hpp"
#include "media/export_fetch.hpp"
#include "media/export_trust.hpp"
#include "media/image_names.hpp"
#include "media/medium.hpp"
#include "media/pieced_files.hpp"
#include "media/tar_writer.hpp"
#include "oci/media_types.hpp"
#include "trust/trust_bundle.hpp"

namespace gridseal::media {

using base::Error;
using base::Json;
using base::Result;

namespace {

constexpr size_t kReadBack = size_t{256} * 1024;
constexpr int64_t kMostBundles = 1'000;

bool is_tar(const std::string& path) {
  return path.ends_with(".tar");
}

bool is_package(const oci::FetchedArtifact& artifact) {
  return artifact.manifest.artifact_type == oci::kPackageArtifact;
}

// What was written, with the policy that it must satisfy.
struct Written {
  const config::Component* component;
  std::string name;
  std::string tag;
  base::Digest digest;
};

class Export {
 public:
  Export(const deploy::Outside& outside, std::shared_ptr<const deploy::Generation> generation,
         const ExportRequest& request, Progress& progress, const std::stop_token& stop)
      : outside_(outside),
        before_(std::move(generation)),
        generation_(before_),
        request_(request),
        progress_(progress),
        stop_(stop),
        watch_(outside.clock, kLongestImport, stop),
        folder_(is_tar(request.to) ? request.to + ".d" : request.to),
        files_(outside.files, request.chunk_size, [this](uint64_t bytes) {
          report_.written += bytes;
          progress_.add(bytes);
        }) {
    report_.contents.label = clean_label(request.label);
    report_.contents.made = outside.clock.now();
    report_.contents.site = generation_->settings.site.name;
  }

  Result<ExportReport> run() {
    auto components = chosen();
    if (!components) return std::move(components).error();
    if (auto r = files_.make_directories(folder_, 0755); !r) return std::move(r).error();
    auto store = oci::Store::open(files_, outside_.log, {folder_, 0});
    if (!store) return std::move(store).error();
    store_ = std::move(*store);
    if (auto r = take_bundles(); !r) return std::move(r).error();
    for (const config::Component* component : *components) {
      if (auto r = take(*component); !r)
        return std::move(r).error().with_context("'" + component->name + "' cannot be put on the medium");
    }
    if (request_.package) {
      if (auto r = take(*request_.package); !r)
        return std::move(r).error().with_context("Gridseal's package cannot be put on the medium");
    }
    if (auto r = put_contents(); !r) return std::move(r).error();
    if (auto r = tidy(); !r) return std::move(r).error();
    if (auto r = pack(); !r) return std::move(r).error();
    if (auto r = read_back(); !r) return std::move(r).error();
    progress_.begin({});
    return std::move(report_);
  }

 private:
  Result<std::vector<const config::Component*>> chosen() const {
    std::vector<const config::Component*> list;
    const auto& known = before_->settings.components;
    for (const std::string& name : request_.components) {
      const auto found = known.find(name);
      if (found == known.end())
        return Error::refused("media.request", "there is no component '" + name + "' in the settings");
      if (found->second.registry.empty())
        return Error::refused("media.request", "'" + name + "' names no registry that it could be read from");
      list.push_back(&found->second);
    }
    if (!request_.components.empty()) return list;
    for (const auto& [name, component] : known) {
      if (!component.registry.empty()) list.push_back(&component);
    }
    return list;
  }

  oci::Registry& registry(const std::string& name) const { return *before_->registries.at(name); }
  FetchWork work() { return {*store_, progress_, stop_}; }
  bool site_has(const base::Digest& digest) const { return request_.site_has && request_.site_has(digest); }

  Result<void> take_bundles() {
    const config::Trust& trust = before_->settings.trust;
    if (trust.repository.empty()) return {};
    progress_.begin("fetching trust bundles");
    const Remote from{registry(trust.registry), {trust.registry, trust.repository}};
    auto latest = deploy::fetch_trust_bundle(from.registry, from.repository, "latest", stop_);
    if (!latest) return std::move(latest).error();
    const auto bundle = trust::parse_trust_bundle(*latest);
    if (!bundle) return bundle.error();
    const int64_t first = std::max(request_.trust_version + 1, bundle->version() - kMostBundles);
    for (int64_t version = first; version <= bundle->version(); ++version) {
      auto work = this->work();
      const std::string tag = "v" + std::to_string(version);
      auto found = fetch_tagged(work, from, tag);
      if (!found) return std::move(found).error();
      if (!*found) continue;
      if (auto r = store_->set_root(trust.repository + ":" + tag, **found); !r) return r;
      report_.contents.trust_bundles.push_back(version);
    }
    return look_ahead(from, bundle->version());
  }

  // The bundles come first on the medium: releases are judged by what is trusted after them.
  Result<void> look_ahead(const Remote& from, int64_t latest) {
    const trust::TrustBundle* current = generation_->chain->current();
    const int64_t first = std::max(current == nullptr ? 1 : current->version() + 1, latest - kMostBundles);
    std::vector<std::string> envelopes;
    for (int64_t version = first; version <= latest; ++version) {
      auto envelope =
          deploy::fetch_trust_bundle(from.registry, from.repository, "v" + std::to_string(version), stop_);
      if (!envelope && envelope.error().code() == "oci.not_found") continue;
      if (!envelope) return std::move(envelope).error();
      envelopes.push_back(std::move(*envelope));
    }
    auto then = trust_after(outside_, generation_, request_.trust, envelopes);
    if (!then) return std::move(then).error();
    generation_ = std::move(*then);
    return {};
  }

  Result<void> take(const config::Component& component) {
    progress_.begin("looking for " + component.name);
    auto resolved = deploy::resolve(*generation_, component, stop_);
    if (!resolved) return std::move(resolved).error();
    if (site_has(resolved->digest)) {
      report_.left_out.push_back(component.name + " " + resolved->revision());
      return {};
    }
    progress_.begin("fetching " + component.name);
    const Remote from{registry(component.registry), {component.registry, component.repository}};
    auto work = this->work();
    auto fetched = fetch_release(work, from, resolved->digest);
    if (!fetched) return std::move(fetched).error();
    auto verified = deploy::judge(*generation_, component, *fetched, resolved->tag,
                                  trust::Occasion::admission, outside_.clock.now());
    if (!verified)
      return Error::refused("media.would_be_refused",
                            "the site would not take it: " + verified.error().describe() + " (" +
                                verified.error().code() + ")");
    if (auto r = fetch_referrers(work, from, fetched->digest, report_.warnings); !r) return r;
    if (request_.images && !is_package(*fetched)) {
      if (auto r = take_images(component, *fetched); !r) return r;
    }
    return name(component, *resolved, *fetched, verified->version());
  }

  Result<void> name(const config::Component& component, const deploy::Resolved& resolved,
                    const oci::FetchedArtifact& fetched, const std::string& version) {
    oci::Descriptor top = fetched.descriptor();
    if (fetched.index) {
      auto index = store_->read_blob(*fetched.index, oci::kMaxManifestBytes);
      if (!index) return std::move(index).error();
      top = {std::string(oci::kOciIndex), *fetched.index, index->size(), {}, {}, {}};
    }
    const std::string name = component.repository + ":" + (resolved.tag.empty() ? version : resolved.tag);
    if (auto r = store_->set_root(name, top); !r) return r;
    uint64_t size = fetched.manifest.config.size;
    for (const oci::Descriptor& layer : fetched.manifest.layers) size += layer.size;
    report_.contents.releases.push_back({component.name, name, top.digest.to_string(), version, size});
    written_.push_back({&component, name, resolved.tag, top.digest});
    return {};
  }

  Result<void> take_images(const config::Component& component, const oci::FetchedArtifact& fetched) {
    auto layer = oci::select_layer(fetched.manifest, component.media_type);
    if (!layer) return std::move(layer).error();
    auto reader = store_->open_blob(*layer);
    if (!reader) return std::move(reader).error();
    const archive::ReadFunction source = [&](char* buffer, size_t size) {
      return (*reader)->read(buffer, size);
    };
    auto named = image_names_of(source, layer->digest);
    if (!named) return std::move(named).error();
    for (const std::string& text : named->names) {
      const auto reference = oci::parse_image(text);
      if (!reference || !reference->digest) {
        report_.warnings.push_back("the image " + base::printable(text, 300) + " of " + component.name +
                                   " cannot be looked for: its name is not plain");
        continue;
      }
      if (auto r = take_image(*reference); !r)
        return std::move(r).error().with_context("the image " + base::printable(text, 300));
    }
    return {};
  }

  // From the first registry of the settings that has it.
  Result<void> take_image(const oci::Reference& reference) {
    const std::string name = reference.to_string();
    const auto known = std::ranges::find(report_.contents.images, name, &ListedImage::name);
    if (known != report_.contents.images.end()) return {};
    if (site_has(*reference.digest)) {
      report_.left_out.push_back("image " + name);
      return {};
    }
    progress_.begin("fetching the image " + reference.repository.to_string());
    const auto places = deploy::places_of(generation_->settings.registries, reference.repository);
    std::optional<Error> last;
    for (const deploy::ImagePlace& place : places) {
      auto work = this->work();
      const Remote from{registry(place.registry), place.repository};
      auto image = fetch_image(work, from, *reference.digest, request_.platforms, report_.warnings);
      if (image) {
        if (auto r = store_->set_root(name, *image); !r) return r;
        report_.contents.images.push_back({name, image->digest.to_string(), image->size});
        return {};
      }
      last = std::move(image).error();
      if (stop_.stop_requested() || last->code().starts_with("files.")) break;
    }
    if (last) return std::move(*last);
    return Error::refused("media.image", "no registry of the settings serves " +
                                             reference.repository.registry +
                                             "; name it in the `serves` of the one that does");
  }

  Result<void> put_contents() {
    const std::string text = base::dump_json_pretty(to_json(report_.contents)) + "\n";
    const oci::Descriptor config{std::string(oci::kOciEmpty), crypto::sha256("{}"), 2, {}, {}, {}};
    const oci::Descriptor layer{std::string(kContentsType), crypto::sha256(text), text.size(), {}, {}, {}};
    const oci::Manifest manifest{
        std::string(oci::kOciManifest), std::string(kContentsType), config, {layer}, {}, {}};
    const std::string bytes = oci::serialize(manifest);
    const oci::Descriptor top{manifest.media_type, crypto::sha256(bytes), bytes.size(), {}, {}, {}};
    const std::pair<const oci::Descriptor*, std::string_view> blobs[] = {
        {&config, "{}"}, {&layer, text}, {&top, bytes}};
    for (const auto& [descriptor, content] : blobs) {
      if (store_->contains(*descriptor)) continue;
      if (auto r = store_->put_blob(*descriptor, content); !r) return r;
    }
    return store_->set_root(std::string(kContentsName), top);
  }

  // What no name reaches any more, and what only the making needed.
  Result<void> tidy() {
    progress_.begin("tidying");
    std::vector<base::Digest> keep;
    for (const oci::Root& root : store_->roots()) keep.push_back(root.descriptor.digest);
    if (auto collected = store_->collect(keep); !collected) return std::move(collected).error();
    store_.reset();
    for (const char* name : {"/ingest", "/quarantine"}) {
      if (auto r = files_.remove_tree(folder_ + name); !r) return r;
    }
    return files_.sync_directory(folder_);
  }

  Result<void> pack() {
    if (!is_tar(request_.to)) return {};
    progress_.begin("packing");
    if (auto r = write_tar(outside_.files, folder_, request_.to, report_.contents.made, watch_); !r) return r;
    return outside_.files.remove_tree(folder_);
  }

  static Error broken(const Error& cause) {
    return Error::blocked("media.readback",
                          "what was read back is not what was written; do not use this medium, and take "
                          "another one: " +
                              cause.describe());
  }

  // As a site will: the same reader, the same policies, and every byte hashed.
  Result<void> read_back() {
    progress_.begin("reading back");
    auto medium = Medium::open(outside_.files, {request_.to, is_tar(request_.to)}, watch_);
    if (!medium) return broken(medium.error());
    if (!(*medium)->flaws().empty()) return broken((*medium)->flaws().front().error);
    auto blobs = (*medium)->blobs();
    if (!blobs) return broken(blobs.error());
    for (const oci::Descriptor& blob : *blobs) progress_.expect(blob.size);
    for (const oci::Descriptor& blob : *blobs) {
      if (auto r = check(**medium, blob); !r) return r;
    }
    for (const Written& written : written_) {
      auto read = oci::read_artifact((*medium)->layout(), written.digest);
      if (!read) return broken(read.error());
      auto verified = deploy::judge(*generation_, *written.component, *read, written.tag,
                                    trust::Occasion::admission, outside_.clock.now());
      if (!verified) return broken(verified.error());
    }
    return {};
  }

  Result<void> check(Medium& medium, const oci::Descriptor& blob) {
    auto file = medium.open_blob(blob);
    if (!file) return broken(file.error());
    std::vector<char> buffer(kReadBack);
    crypto::Sha256 hash;
    for (uint64_t at = 0;;) {
      auto n = (*file)->read_at(at, buffer.data(), buffer.size());
      if (!n) return broken(n.error());
      if (*n == 0) break;
      hash.update({buffer.data(), *n});
      at += *n;
      report_.checked += *n;
      progress_.add(*n);
    }
    if (hash.finish() == blob.digest) return {};
    return broken(Error::refused("media.damaged", "blob " + blob.digest.short_form() + " has changed"));
  }

  const deploy::Outside& outside_;
  const std::shared_ptr<const deploy::Generation> before_;  // what is read through its registries
  std::shared_ptr<const deploy::Generation> generation_;    // by what is judged
  const ExportRequest& request_;
  Progress& progress_;
  const std::stop_token& stop_;
  const Watch watch_;
  const std::string folder_;
  PiecedFiles files_;
  std::unique_ptr<oci::Store> store_;
  std::vector<Written> written_;
  ExportReport report_;
};

}  // namespace

Json to_json(const ExportReport& report) {
  return {{"contents", to_json(report.contents)},
          {"warnings", report.warnings},
          {"left_out", report.left_out},
          {"written_bytes", report.written},
          {"checked_bytes", report.checked}};
}

Result<ExportReport> export_medium(const deploy::Outside& outside,
                                   std::shared_ptr<const deploy::Generation> generation,
                                   const ExportRequest& request, Progress& progress,
                                   const std::stop_token& stop) {
  return Export(outside, std::move(generation), request, progress, stop).run();
}

}  // namespace gridseal::media
