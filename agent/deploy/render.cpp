#include <atomic>

#include "archive/extract.hpp"
#include "deploy/revision.hpp"
#include "deploy/standing.hpp"
#include "manifest/ceiling.hpp"
#include "manifest/ignore.hpp"
#include "manifest/images.hpp"
#include "manifest/normalise.hpp"
#include "oci/manifest.hpp"

namespace gridseal::deploy {
namespace {

// Whether a kind is namespaced: known ones at once, others by asking the cluster. A kind that the cluster
// does not serve yet (its definition may be in this very artifact) stays unknown; a cluster that does not
// answer is an error.
class Scopes {
 public:
  Scopes(const Site& site, std::stop_token stop) : site_(site), stop_(std::move(stop)) {}

  std::optional<manifest::Scope> find(std::string_view group, std::string_view kind) {
    if (auto known = manifest::builtin_scope(group, kind)) return known;
    auto resource = site_.cluster->discovery().find_any_version(group, kind, site_.limits(stop_));
    if (resource) return resource->namespaced ? manifest::Scope::namespaced : manifest::Scope::cluster;
    if (resource.error().code() != "kube.unknown_kind" && !error_) error_ = std::move(resource).error();
    return std::nullopt;
  }
  const std::optional<base::Error>& error() const { return error_; }

 private:
  const Site& site_;
  std::stop_token stop_;
  std::optional<base::Error> error_;
};

manifest::Ceiling ceiling_of(const config::Component& component, const Inputs& inputs) {
  const config::Ceiling& from = component.ceiling;
  manifest::Ceiling ceiling;
  ceiling.namespaces = from.namespaces;
  if (ceiling.namespaces.empty() && !inputs.target_namespace.empty()) {
    ceiling.namespaces = {inputs.target_namespace};
  }
  if (!from.kinds.empty()) ceiling.kinds = from.kinds;
  ceiling.cluster_kinds = from.cluster_scoped;
  ceiling.allow_privileged = from.privileged;
  ceiling.allow_host_path = from.host_path;
  ceiling.allow_host_namespaces = from.host_network;
  // Naming a system namespace is the permission to use it; "*" never includes one.
  ceiling.allow_kube_system = true;
  return ceiling;
}

// Hands the archive's files to whoever takes them.
template <class Taker>
class Files final : public archive::Visitor {
 public:
  explicit Files(Taker& taker) : taker_(taker) {}
  base::Result<bool> begin_file(const std::string& path, uint64_t size) override {
    return taker_.begin_file(path, size);
  }
  base::Result<void> content(std::string_view chunk) override { return taker_.content(chunk); }
  base::Result<void> end_file() override { return taker_.end_file(); }

 private:
  Taker& taker_;
};

std::string work_file(const Site& site) {
  static std::atomic<uint64_t> counter{0};
  return site.work_directory() + "/rendered." + std::to_string(counter++);
}

template <class Taker>
base::Result<void> unpack(const Site& site, const oci::Descriptor& layer, Taker& taker,
                          const std::stop_token& stop) {
  auto blob = site.store->open_blob(layer);
  if (!blob) return std::move(blob).error();
  Files<Taker> visitor(taker);
  const auto source = [&](char* buffer, size_t size) -> base::Result<size_t> {
    if (stop.stop_requested()) return base::Error::blocked("deploy.stopped", "the agent is stopping");
    return (*blob)->read(buffer, size);
  };
  auto extracted = archive::extract(source, visitor, {}, layer.digest);
  if (!extracted) return std::move(extracted).error();
  return {};
}

// A .sourceignore may lie behind the files that it is about, so they are collected first.
base::Result<manifest::IgnoreRules> ignore_rules(const Site& site, const oci::Descriptor& layer,
                                                 const Inputs& inputs, const std::stop_token& stop) {
  manifest::SourceIgnoreFiles files;
  if (auto r = unpack(site, layer, files, stop); !r) return std::move(r).error();
  return files.rules(inputs.exclude);
}

}  // namespace

base::Result<Rendered> render(const Site& site, const config::Component& component, trust::Verified verified,
                              const std::stop_token& stop) {
  return render(site, component, inputs_of(site.generation->settings, component), std::move(verified), stop);
}

base::Result<Rendered> render(const Site& site, const config::Component& component, const Inputs& inputs,
                              trust::Verified verified, const std::stop_token& stop) {
  auto manifest = oci::parse_manifest(verified.manifest());
  if (!manifest) return std::move(manifest).error();
  auto layer = oci::select_layer(*manifest, inputs.media_type);
  if (!layer) return std::move(layer).error();

  Scopes scopes(site, stop);
  const manifest::ScopeLookup lookup = [&](std::string_view group, std::string_view kind) {
    return scopes.find(group, kind);
  };
  manifest::CeilingCheck ceiling(ceiling_of(component, inputs), lookup);
  auto ignore = ignore_rules(site, *layer, inputs, stop);
  if (!ignore) return std::move(ignore).error();
  manifest::Substitution substitution(inputs.variables);
  manifest::RenderOptions options;
  options.path = inputs.path;
  options.ignore = std::move(*ignore);
  if (!inputs.variables.empty()) options.substitution = &substitution;
  options.each = [&](manifest::Object& object) -> base::Result<void> {
    if (auto r = manifest::normalise(object); !r) return r;
    manifest::set_namespace(object, inputs.target_namespace, lookup);
    ceiling.look_at(object);
    if (scopes.error()) return base::Error(*scopes.error());
    if (auto r = manifest::check_images_pinned(object, component.allow_image_tags); !r) return r;
    manifest::set_metadata(object, inputs.labels, inputs.annotations);
    manifest::set_owner_label(object, component.name);
    return {};
  };
  auto writer = manifest::RenderedWriter::create(site.outside.files, work_file(site), std::move(options));
  if (!writer) return std::move(writer).error();
  if (auto r = unpack(site, *layer, *writer, stop); !r) return std::move(r).error();
  if (auto r = ceiling.verdict(); !r) return std::move(r).error();
  auto objects = writer->finish();
  if (!objects) return std::move(objects).error();
  return Rendered(std::move(verified), std::move(*objects), inputs, substitution.used());
}

base::Result<Rendered> render_again(const Site& site, const config::Component& component,
                                    const base::Digest& artifact, history::DeploymentId id,
                                    const std::stop_token& stop) {
  auto inputs = recorded_inputs(*site.history, id, inputs_of(site.generation->settings, component));
  if (!inputs) return std::move(inputs).error();
  auto verified = verify_running(site, component, artifact);
  if (!verified) return std::move(verified).error();
  return render(site, component, *inputs, std::move(*verified), stop);
}

base::Result<Rendered> render_from_store(const Site& site, const config::Component& component,
                                         const base::Digest& artifact, const std::stop_token& stop) {
  auto record = site.history->component(component.name);
  if (!record) return std::move(record).error();
  const bool is_last_good = *record && (*record)->last_good && (*record)->last_good->artifact == artifact;
  if (is_last_good) return render_again(site, component, artifact, (*record)->last_good->deployment, stop);
  auto verified = verify_running(site, component, artifact);
  if (!verified) return std::move(verified).error();
  return render(site, component, std::move(*verified), stop);
}

}  // namespace gridseal::deploy
