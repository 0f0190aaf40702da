#include "trust/effective_trust.hpp"

#include <algorithm>

namespace gridseal::trust {
namespace {

class Fold {
 public:
  Fold(TrustContent pinned, const TrustBundle& bundle) : bundle_(bundle) {
    result_.content = std::move(pinned);
  }

  EffectiveTrust run() {
    for (const std::string& name : bundle_.content().artifact_keys) add_key(name);
    for (const BundleDocument& root : bundle_.content().sigstore_roots) add_root(root);
    for (const BundleDocument& store : bundle_.content().notation_stores) add_store(store);
    result_.content.bundle_version = bundle_.version();
    result_.content.denials = Denials(bundle_.content().denials).tightened_by(result_.content.denials);
    return std::move(result_);
  }

 private:
  void leave_out(const std::string& what, const std::string& why) {
    result_.left_out.push_back(what + " of trust bundle " + std::to_string(bundle_.version()) +
                               " is not used: " + why);
  }

  void add_key(const std::string& name) {
    const crypto::PublicKey& key = *bundle_.find_key(name);
    for (const PinnedKey& known : result_.content.keys) {
      if (known.key == key) {
        if (known.name != name) leave_out("the key " + name, "it is pinned as " + known.name);
        return;
      }
      if (known.name == name) return leave_out("the key " + name, "another key is pinned under that name");
    }
    result_.content.keys.push_back({name, key});
  }

  // Whether trust could be made of this one thing alone.
  bool usable(const std::string& what, TrustContent alone) {
    const auto made = TrustState::make(std::move(alone));
    if (!made) leave_out(what, made.error().describe());
    return made.has_value();
  }

  void add_root(const BundleDocument& root) {
    const std::string what = "the trusted root " + root.name;
    const bool pinned = std::ranges::find(result_.content.sigstore_roots, root.name, &Document::name) !=
                        result_.content.sigstore_roots.end();
    if (pinned) return leave_out(what, "another one is pinned under that name");
    TrustContent alone;
    alone.sigstore_roots.push_back({root.name, root.text});
    if (usable(what, std::move(alone))) result_.content.sigstore_roots.push_back({root.name, root.text});
  }

  void add_store(const BundleDocument& store) {
    TrustContent alone;
    alone.notation_stores.push_back({store.name, store.text});
    if (usable("the certificate store " + store.name, std::move(alone)))
      result_.content.notation_stores.push_back({store.name, store.text});
  }

  const TrustBundle& bundle_;
  EffectiveTrust result_;
};

}  // namespace

EffectiveTrust fold_trust(TrustContent pinned, const TrustBundle* bundle, const DenialEntries& local) {
  pinned.denials = pinned.denials.tightened_by(Denials(local));
  if (bundle == nullptr) return {std::move(pinned), {}};
  return Fold(std::move(pinned), *bundle).run();
}

}  // namespace gridseal::trust
