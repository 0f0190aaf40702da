#include "media/import.hpp"

#include <algorithm>

#include "base/encoding.hpp"
#include "base/semver.hpp"
#include "deploy/offers.hpp"
#include "deploy/standing.hpp"
#include "media/import_copy.hpp"

namespace gridseal::media {

using base::Error;
using base::Json;
using base::Result;

namespace {

constexpr size_t kMaxTried = 16;     // releases of one component that are judged
constexpr size_t kMaxRefused = 200;  // that are named in a report
constexpr size_t kMaxLeft = 200;
constexpr size_t kMaxImages = 500;  // of one release

std::string last_part(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path.substr(path.rfind('/') + 1);
}

// The one that claims to be newer first: it is tried first, and what it claims is judged then.
bool claims_more(const Release& a, const Release& b) {
  const auto left = base::Semver::parse(a.version);
  const auto right = base::Semver::parse(b.version);
  if (left && right && *left != *right) return *right < *left;
  return a.created > b.created;
}

// A release of a medium, as one component would take it.
struct Candidate {
  Medium* medium;
  const Release* release;
  std::string tag;

  std::string what() const {
    const std::string& name = release->name;
    return base::printable(name.empty() ? release->descriptor.digest.to_string() : name, 200);
  }
};

class Import {
 public:
  Import(deploy::Engine& engine, base::Files& files, const ImportRequest& request, Progress& progress,
         const Watch& watch)
      : engine_(engine),
        files_(files),
        request_(request),
        work_{engine.store(), progress, watch},
        clock_(engine.outside().clock) {}

  Result<ImportReport> run() {
    report_.path = request_.path;
    report_.label = clean_label(request_.label.empty() ? last_part(request_.path) : request_.label);
    report_.started = clock_.now();
    auto done = take_all();
    set_aside();
    if (!done) return std::move(done).error();
    report_site();
    report_.copied = work_.copied;
    report_.finished = clock_.now();
    work_.progress.begin({});
    return std::move(report_);
  }

 private:
  Result<void> take_all() {
    work_.progress.begin("reading the medium");
    if (auto r = open(); !r) return r;
    if (auto r = take_bundles(); !r) return r;
    auto generation = engine_.fresh_generation();
    if (!generation) return std::move(generation).error();
    generation_ = std::move(*generation);
    for (const auto& [name, component] : generation_->settings.components) {
      if (auto r = take_component(component); !r) return r;
    }
    note_unwanted();
    return {};
  }

  // What was taken is taken, also where no record of the rest can be written.
  void set_aside() {
    std::vector<deploy::Refusal> refused = std::move(refusals_);
    for (deploy::Refusal& one : refused) one.medium = report_.label;
    if (auto r = engine_.quarantine().note(std::move(refused), taken_); !r)
      report_.warnings.push_back("what was refused is not recorded: " + r.error().describe());
  }

  // Of the moment after: trust and what is offered, signed, ready to go home.
  void report_site() {
    auto made = engine_.report_site();
    if (made)
      report_.site_report = made->sequence;
    else
      report_.warnings.push_back("no site report was made: " + made.error().describe());
  }

  Result<void> open() {
    auto places = find_layouts(files_, request_.path);
    if (!places) return std::move(places).error();
    report_.foreign = std::move(places->foreign);
    std::optional<Error> last;
    for (const LayoutPlace& place : places->layouts) {
      auto medium = Medium::open(files_, place, work_.watch);
      if (!medium && !is_about_content(medium.error())) return std::move(medium).error();
      if (!medium) {
        last = medium.error();
        refuse(last_part(place.path), std::move(medium).error());
        continue;
      }
      for (const std::string& name : (*medium)->foreign().names) report_.foreign.add(name);
      report_.foreign.more += (*medium)->foreign().more;
      for (const Flaw& flaw : (*medium)->flaws()) refuse(flaw.what, flaw.error);
      media_.push_back(std::move(*medium));
    }
    if (media_.empty()) return std::move(*last);
    if (!clean_label(request_.label).empty()) return {};
    for (const auto& medium : media_) {
      if (medium->contents().label.empty()) continue;
      report_.label = medium->contents().label;
      break;
    }
    return {};
  }

  void refuse(std::string what, Error error, std::optional<base::Digest> digest = std::nullopt) {
    if (report_.refused.size() >= kMaxRefused) return;
    refusals_.push_back({what,
                         digest,
                         {},
                         error.code(),
                         error.describe(),
                         std::string(base::to_string(error.outcome())),
                         clock_.now()});
    report_.refused.push_back({std::move(what), std::move(error)});
  }

  void leave(std::string what, std::string why) {
    if (report_.left.size() < kMaxLeft) report_.left.emplace_back(std::move(what), std::move(why));
  }

  std::string source() const { return "medium " + report_.label; }

  // One after the other, from the lowest version on: each has to follow the one before.
  Result<void> take_bundles() {
    const auto before = engine_.generation();
    // What is older than the bundle in force says nothing new.
    const trust::TrustBundle* current = before->chain->current();
    for (const auto& medium : media_) {
      for (const Bundle& bundle : medium->bundles()) {
        if (auto r = work_.watch.check(); !r) return r;
        const std::string what = "trust bundle " + std::to_string(bundle.version);
        work_.progress.begin("taking " + what);
        if (!before->chain->pinned()) {
          leave(what, "this host has no pinned trust bundle that it could follow");
          continue;
        }
        if (current != nullptr && bundle.version < current->version()) continue;
        auto taken = engine_.import_trust(bundle.envelope, request_.who + ", " + source());
        if (taken) {
          report_.bundles.push_back(std::move(*taken));
        } else if (taken.error().outcome() == base::Outcome::blocked) {
          return std::move(taken).error();
        } else {
          refuse(what, std::move(taken).error());
        }
      }
    }
    return {};
  }

  Result<void> take_component(const config::Component& component) {
    if (!component.follows_media()) return {};
    auto candidates = candidates_for(component);
    if (!candidates) return std::move(candidates).error();
    size_t tried = 0;
    for (const Candidate& candidate : *candidates) {
      if (++tried > kMaxTried) {
        leave(candidate.what(), "more releases of '" + component.name + "' are there than are tried");
        break;
      }
      auto taken = take(component, candidate);
      if (!taken) return std::move(taken).error();
      if (*taken) break;
    }
    return {};
  }

  Result<std::vector<Candidate>> candidates_for(const config::Component& component) {
    std::vector<Candidate> list;
    for (const auto& medium : media_) {
      for (const Release& release : medium->releases()) {
        if (release.component != component.expect || !release.may_be_of(component.repository)) continue;
        Candidate candidate{medium.get(), &release, release.tag()};
        wanted_.insert(&release);
        auto followed = deploy::is_followed(component, candidate.tag, release.descriptor.digest);
        if (!followed) return std::move(followed).error();
        if (*followed)
          list.push_back(std::move(candidate));
        else
          leave(candidate.what(), "'" + component.name + "' does not follow it");
      }
    }
    std::ranges::stable_sort(
        list, [](const Candidate& a, const Candidate& b) { return claims_more(*a.release, *b.release); });
    return list;
  }

  // Neither a component's nor an image's: said, so that nobody wonders.
  void note_unwanted() {
    for (const auto& medium : media_) {
      for (const Release& release : medium->releases()) {
        if (wanted_.contains(&release)) continue;
        leave(Candidate{medium.get(), &release, {}}.what(),
              release.is_package ? "a package of Gridseal; 'gridseal upgrade check --from " +
                                       base::printable(request_.path, 200) + "' judges it"
                                 : "it says that it is '" + base::printable(release.component, 80) +
                                       "', which no component of this host follows");
      }
    }
  }

  // True: nothing else of this component has to be looked at. Errors are those of the surroundings.
  Result<bool> take(const config::Component& component, const Candidate& candidate) {
    work_.progress.begin("judging " + candidate.what());
    auto done = judge_and_copy(component, candidate);
    if (done) return done;
    // What lacks on the medium is a flaw of it.
    const bool pending = done.error().outcome() == base::Outcome::pending;
    return pending || is_about_content(done.error())
               ? refuse_release(component, candidate, std::move(done).error())
               : done;
  }

  Result<bool> refuse_release(const config::Component& component, const Candidate& candidate, Error error) {
    auto row = engine_.history().append_audit(request_.who, "media.refused", "component/" + component.name,
                                              {{"medium", report_.label},
                                               {"digest", candidate.release->descriptor.digest.to_string()},
                                               {"reason", error.code()},
                                               {"message", error.describe()}});
    if (!row) return std::move(row).error();
    refuse(candidate.what(), std::move(error), candidate.release->descriptor.digest);
    return false;
  }

  Result<bool> judge_and_copy(const config::Component& component, const Candidate& candidate) {
    const base::Digest& digest = candidate.release->descriptor.digest;
    auto fetched = oci::read_artifact(candidate.medium->layout(), digest);
    if (!fetched) return std::move(fetched).error();
    auto record = engine_.history().component(component.name);
    if (!record) return std::move(record).error();
    const bool runs = *record && (*record)->last_good && (*record)->last_good->artifact == fetched->digest;
    const auto occasion = runs ? trust::Occasion::running : trust::Occasion::admission;
    const auto verified = judged(component, *fetched, candidate.tag, occasion);
    if (!verified && deploy::is_verdict(verified.error()))
      return refuse_release(component, candidate, verified.error());
    if (!verified) return verified.error();
    deploy::Offer offer{component.name,
                        candidate.tag,
                        digest,
                        fetched->digest,
                        verified->version(),
                        verified->created(),
                        {},
                        {},
                        {}};
    offer.medium = source();
    offer.taken = clock_.now();
    if (auto older = is_too_old(component, *record, offer); !older || *older) return older;
    if (auto r = copy_release(component, candidate, *fetched, offer); !r) return std::move(r).error();
    // Out of the store this time: what will be deployed, not what was on the medium.
    auto stored = oci::read_artifact(engine_.store(), digest);
    if (!stored) return std::move(stored).error();
    if (const auto again = judged(component, *stored, candidate.tag, occasion); !again) return again.error();
    return offer_it(component, std::move(offer));
  }

  Result<trust::Verified> judged(const config::Component& component, const oci::FetchedArtifact& artifact,
                                 const std::string& tag, trust::Occasion occasion) {
    return deploy::verify({*generation_, engine_.history(), clock_}, component, artifact, tag, occasion);
  }

  // False: it may be taken.
  Result<bool> is_too_old(const config::Component& component,
                          const std::optional<history::ComponentRecord>& record, const deploy::Offer& offer) {
    if (!record || !deploy::is_below(record->floor, offer)) return false;
    auto permit = engine_.history().find_permit(component.name, offer.artifact, offer.version);
    if (!permit) return std::move(permit).error();
    if (*permit) return false;
    leave(component.name + " " + offer.version,
          "version " + record->floor->version + " was installed here before; a permit lets an older one in");
    return true;
  }

  Result<void> copy_release(const config::Component& component, const Candidate& candidate,
                            const oci::FetchedArtifact& fetched, deploy::Offer& offer) {
    Medium& medium = *candidate.medium;
    CopyPlan plan(engine_.store());
    plan.add(medium, fetched.manifest.config);
    for (const oci::Descriptor& layer : fetched.manifest.layers) plan.add(medium, layer);
    auto images = plan_images(component, medium, fetched, plan);
    if (!images) return std::move(images).error();
    work_.progress.begin("copying " + component.name + " " + offer.version);
    if (auto r = copy(work_, plan); !r) return r;
    if (auto r = put_manifests(engine_.store(), medium, fetched); !r) return r;
    if (auto r = put_signatures(engine_.store(), medium, fetched.digest, fetched.signatures); !r) return r;
    for (const PlannedImage& image : *images) {
      if (auto r = finish_image(engine_.store(), *image.medium, image.parts, image.names); !r) return r;
      offer.images.push_back(image.parts.manifests.back().descriptor.digest);
    }
    return {};
  }

  struct PlannedImage {
    Medium* medium;
    ImageParts parts;
    std::vector<std::string> names;
  };

  // Those that the signed manifests name by digest, and a medium holds. One that is not whole there is left
  // out: whether the release can do without is found out before the switch.
  Result<std::vector<PlannedImage>> plan_images(const config::Component& component, Medium& medium,
                                                const oci::FetchedArtifact& fetched, CopyPlan& plan) {
    std::vector<PlannedImage> list;
    if (std::ranges::all_of(media_, [](const auto& one) { return one->images().empty(); })) return list;
    auto layer = oci::select_layer(fetched.manifest, component.media_type);
    if (!layer) return std::move(layer).error();
    auto file = medium.open_blob(*layer);
    if (!file) return std::move(file).error();
    auto named = image_names_of(archive::read_from(**file), layer->digest);
    if (!named) return std::move(named).error();
    for (const auto& one : media_) {
      for (const Image& image : one->images()) {
        if (!named->digests.contains(image.descriptor.digest) || list.size() >= kMaxImages) continue;
        auto names = names_of(image, *named);
        if (names.empty()) continue;
        CopyPlan with = plan;
        auto parts = plan_image(*one, image, with);
        if (!parts && !is_about_content(parts.error())) return std::move(parts).error();
        if (!parts) {
          refuse("image " + base::printable(names.front(), 200), std::move(parts).error(),
                 image.descriptor.digest);
          continue;
        }
        plan = std::move(with);
        list.push_back({one.get(), std::move(*parts), std::move(names)});
      }
    }
    return list;
  }

  // "host/path": as the signed manifests call it; where they leave it to a variable, as the medium does.
  static std::vector<std::string> names_of(const Image& image, const ImageNames& named) {
    std::set<std::string> names;
    for (const std::string& text : named.names) {
      const auto reference = oci::parse_image(text);
      if (reference && reference->digest == image.descriptor.digest)
        names.insert(reference->repository.to_string());
    }
    if (names.empty() && !image.name.empty()) names.insert(image.name);
    return {names.begin(), names.end()};
  }

  Result<bool> offer_it(const config::Component& component, deploy::Offer offer) {
    const oci::Revision revision{offer.tag, offer.digest};
    const auto before = engine_.offers().of(component.name);
    const auto same = std::ranges::find_if(before, [&](const deploy::Offer& one) {
      return one.tag == offer.tag && one.digest == offer.digest && one.images == offer.images;
    });
    taken_.push_back(offer.digest);
    taken_.insert(taken_.end(), offer.images.begin(), offer.images.end());
    report_.releases.push_back(
        {component.name, revision.to_string(), offer.version, offer.images.size(), same != before.end()});
    if (same != before.end()) return true;
    auto row = engine_.history().append_audit(request_.who, "media.imported", "component/" + component.name,
                                              {{"medium", report_.label},
                                               {"revision", revision.to_string()},
                                               {"version", offer.version},
                                               {"images", offer.images.size()}});
    if (!row) return std::move(row).error();
    if (auto r = engine_.offers().add(std::move(offer)); !r) return std::move(r).error();
    (void)engine_.request(component.name);
    return true;
  }

  deploy::Engine& engine_;
  base::Files& files_;
  const ImportRequest& request_;
  CopyWork work_;
  base::Clock& clock_;
  std::shared_ptr<const deploy::Generation> generation_;
  std::vector<std::unique_ptr<Medium>> media_;
  std::set<const Release*> wanted_;
  std::vector<deploy::Refusal> refusals_;
  std::vector<base::Digest> taken_;
  ImportReport report_;
};

}  // namespace

Result<ImportReport> import_medium(deploy::Engine& engine, base::Files& files, const ImportRequest& request,
                                   Progress& progress, const std::stop_token& stop) {
  const std::scoped_lock lock(engine.collecting());
  const Watch watch(engine.outside().clock, kLongestImport, stop);
  return Import(engine, files, request, progress, watch).run();
}

}  // namespace gridseal::media
