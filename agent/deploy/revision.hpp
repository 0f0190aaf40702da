// The pipeline's types: each can only be made by the step that proves it.
// Resolved → oci::FetchedArtifact → trust::Verified → Rendered → Planned → Admitted.
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "deploy/inputs.hpp"
#include "deploy/site.hpp"
#include "kube/apply.hpp"
#include "manifest/rendered.hpp"
#include "oci/artifact.hpp"
#include "trust/verified.hpp"

namespace gridseal::deploy {

// What the registry names at this moment, or what a medium brought; nothing about it is trusted.
struct Resolved {
  std::string tag;  // empty: tracked by digest
  base::Digest digest;
  std::string medium{};  // the medium it came on: all of it is in the store; empty: the registry has it

  std::string revision() const { return tag.empty() ? digest.to_string() : tag + "@" + digest.to_string(); }
};

// Asks the registry which digest the component's tag or version range means now.
// Errors: those of oci::Registry; oci.no_matching_tag (blocked).
base::Result<Resolved> resolve(const Generation& generation, const config::Component& component,
                               const std::stop_token& stop);
inline base::Result<Resolved> resolve(const Site& site, const config::Component& component,
                                      const std::stop_token& stop) {
  return resolve(*site.generation, component, stop);
}

// Judges an artifact for a component under the trust of this moment: signatures, signed identity,
// environment, and that the tag agrees with the signed version. Records artifact and verdict in the history
// (a repeated verdict is not written again). What was admitted before neither expires nor falls with a
// retired key; a denied one does. Errors: those of trust::verify and trust::check_tag; history.*.
struct Judging {
  const Generation& generation;
  history::History& history;
  base::Clock& clock;
};
base::Result<trust::Verified> verify(const Judging& judging, const config::Component& component,
                                     const oci::FetchedArtifact& artifact, const std::string& tag,
                                     trust::Occasion occasion);
inline base::Result<trust::Verified> verify(const Site& site, const config::Component& component,
                                            const oci::FetchedArtifact& artifact, const std::string& tag,
                                            trust::Occasion occasion) {
  return verify({*site.generation, *site.history, site.outside.clock}, component, artifact, tag, occasion);
}

// The same judgement at `now`, with nothing recorded.
base::Result<trust::Verified> judge(const Generation& generation, const config::Component& component,
                                    const oci::FetchedArtifact& artifact, const std::string& tag,
                                    trust::Occasion occasion, base::Time now);

// The declared objects of a verified artifact. Made by render() alone.
class Rendered {
 public:
  const trust::Verified& verified() const { return verified_; }
  const manifest::Rendered& objects() const { return objects_; }
  const Inputs& inputs() const { return inputs_; }
  // Of the inputs: with the artifact's digest it names what was tried.
  const base::Digest& values() const { return values_; }
  // The variables that the manifests referred to, with the values that they got.
  const manifest::Variables& variables() const { return variables_; }

 private:
  friend base::Result<Rendered> render(const Site& site, const config::Component& component,
                                       const Inputs& inputs, trust::Verified verified,
                                       const std::stop_token& stop);
  Rendered(trust::Verified verified, manifest::Rendered objects, Inputs inputs, manifest::Variables variables)
      : verified_(std::move(verified)),
        objects_(std::move(objects)),
        inputs_(std::move(inputs)),
        values_(values_digest(inputs_)),
        variables_(std::move(variables)) {}

  trust::Verified verified_;
  manifest::Rendered objects_;
  Inputs inputs_;
  base::Digest values_;
  manifest::Variables variables_;
};

// Reads the layer from the store twice, hashing the very bytes each time: for its .sourceignore files, then
// for the manifests. Reads the manifests below the component's path,
// and holds each object against the host's ceiling. Errors: archive.*, manifest.*, ceiling.*, store.*; kube.*
// (blocked) when the cluster has to be asked about a kind and does not answer.
base::Result<Rendered> render(const Site& site, const config::Component& component, trust::Verified verified,
                              const std::stop_token& stop);

// With other inputs than those of the settings.
base::Result<Rendered> render(const Site& site, const config::Component& component, const Inputs& inputs,
                              trust::Verified verified, const std::stop_token& stop);

// Verified and rendered from this host's store alone, with the inputs that a deployment recorded.
base::Result<Rendered> render_again(const Site& site, const config::Component& component,
                                    const base::Digest& artifact, history::DeploymentId id,
                                    const std::stop_token& stop);

// The same for the way back: with the inputs of the last good deployment, when that brought this artifact.
base::Result<Rendered> render_from_store(const Site& site, const config::Component& component,
                                         const base::Digest& artifact, const std::stop_token& stop);

// Why a deployment is made, for the journal.
struct Purpose {
  std::string revision;
  std::string actor;  // "poll", or who asked
  history::DeploymentKind kind = history::DeploymentKind::deploy;
};

// What was found out about the images of a revision (images.hpp).
struct ImageReport {
  struct Checked {
    std::string image;  // as the manifests name it
    base::Digest digest;
    std::string from;    // name of the registry; "store": this host's own
    std::string signer;  // in words; empty: no policy asks for one
  };
  std::vector<Checked> images;
  std::vector<std::string> warnings;  // images that nobody here can look for
};

// Places in manifest::Rendered::entries().
using Indices = std::vector<size_t>;

// What would happen: one dry run for each object that can be checked now, nothing written. Made by plan()
// alone.
class Planned {
 public:
  const Rendered& rendered() const { return rendered_; }
  const std::vector<kube::PlanItem>& items() const { return items_; }  // as rendered().objects().entries()
  // What could not be tried yet, or only by a definition that this revision changes.
  const Indices& late() const { return late_; }
  size_t count(kube::Action action) const;
  const std::optional<base::Digest>& way_back() const { return way_back_; }
  // For the journal: numbers, conflicts, adopted objects, warnings, images, variables that were used, all
  // inputs.
  base::Json summary() const;
  void set_images(ImageReport images) { images_ = std::move(images); }

 private:
  friend base::Result<Planned> plan(const Site& site, const config::Component& component, Rendered rendered,
                                    const std::stop_token& stop);
  friend base::Result<class Admitted> admit(const Site& site, const config::Component& component,
                                            Planned planned, const Purpose& purpose,
                                            const std::stop_token& stop);
  Planned(Rendered rendered, std::vector<kube::PlanItem> items, Indices late,
          std::optional<base::Digest> way_back)
      : rendered_(std::move(rendered)),
        items_(std::move(items)),
        late_(std::move(late)),
        way_back_(std::move(way_back)) {}

  Rendered rendered_;
  std::vector<kube::PlanItem> items_;
  Indices late_;
  std::optional<base::Digest> way_back_;
  ImageReport images_;
};

// Also decides whether a way back exists: the last good revision must verify and render from the store.
// Errors: kube.*; deploy.no_way_back (blocked) with its cause.
base::Result<Planned> plan(const Site& site, const config::Component& component, Rendered rendered,
                           const std::stop_token& stop);

// Whether a CustomResourceDefinition of the group is among them.
bool brings_definition(const manifest::Rendered& objects, const std::string& group);

// A plan whose deployment is in the journal, with the union of inventories and the pre-images: only this may
// be applied. Made by admit() and, after a restart, by readmit().
class Admitted {
 public:
  history::DeploymentId id() const { return id_; }
  const Rendered& rendered() const { return rendered_; }
  // Planned::late(); nothing: not known any more, so all of them.
  const std::optional<Indices>& late() const { return late_; }
  // What was not there when it was planned.
  const Indices& absent() const { return absent_; }

 private:
  friend base::Result<Admitted> admit(const Site& site, const config::Component& component, Planned planned,
                                      const Purpose& purpose, const std::stop_token& stop);
  friend Admitted readmit(history::DeploymentId id, Rendered rendered);
  Admitted(history::DeploymentId id, Rendered rendered, std::optional<Indices> late, Indices absent)
      : id_(id), rendered_(std::move(rendered)), late_(std::move(late)), absent_(std::move(absent)) {}

  history::DeploymentId id_;
  Rendered rendered_;
  std::optional<Indices> late_;
  Indices absent_;
};

// Journals the deployment. Errors: history.*, kube.* while pre-images are read; nothing was applied then.
base::Result<Admitted> admit(const Site& site, const config::Component& component, Planned planned,
                             const Purpose& purpose, const std::stop_token& stop);

// The admission is in the journal already: a deployment that a restart interrupted, or the way back of one.
Admitted readmit(history::DeploymentId id, Rendered rendered);

// Why a revision is not tried again after an operator went back from it.
inline constexpr std::string_view kRolledBackByOperator = "operator.rolled_back";

history::ObjectKey journal_key(const manifest::ObjectKey& key);
manifest::ObjectKey cluster_key(const history::InventoryEntry& entry);

}  // namespace gridseal::deploy
