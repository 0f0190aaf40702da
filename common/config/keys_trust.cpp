// Settings of [trust] and of policies.
#include <array>

#include "config/checks.hpp"
#include "config/ranges.hpp"

namespace gridseal::config {
namespace {

const std::array kTrust{
    Key<Trust>{"directory", Path<Trust>{&Trust::directory}, R"("trust")",
               "Folder of the pinned trust roots: `keys`, `sigstore`, `notation`, and `policies`.",
               check_not_empty},
    Key<Trust>{"repository", &Trust::repository, R"("")",
               "Repository of trust bundles, looked at before the components. Empty: bundles come by import "
               "only."},
    Key<Trust>{"registry",
               &Trust::registry,
               "",
               "Registry that holds the trust bundles.",
               nullptr,
               {},
               "the only registry, when there is one"},
    Key<Trust>{"interval", &Trust::interval, R"("10m")", "Time from one look for trust bundles to the next.",
               nullptr, kInterval},
    Key<Trust>{"max_silence",
               &Trust::max_silence,
               R"("0s")",
               "Longest time without anything freshly signed, bundle or artifact, before `status` gives an "
               "alarm. `0s`: never.",
               nullptr,
               {0, 10 * 365 * 24 * kHour}},
    Key<Trust>{"verify_interval",
               &Trust::verify_interval,
               R"("1h")",
               "What runs is verified again after this time; also at start and whenever trust or a policy "
               "changes.",
               nullptr,
               {60'000, 7 * 24 * kHour}},
};

const std::array kPolicy{
    Key<TrustPolicy>{"keys",
                     &TrustPolicy::keys,
                     "",
                     "The short form for one authority of pinned keys: public keys that may sign, as file "
                     "names in the folder `keys` of the trust directory; a signature by any one of them "
                     "suffices. Set it, or authorities, not both.",
                     check_file_name,
                     {},
                     "unset"},
    Key<TrustPolicy>{"threshold",
                     &TrustPolicy::threshold,
                     "",
                     "So many different authorities must have signed, each by another signer.",
                     nullptr,
                     {1, 64},
                     "`1` with one authority; with several it must be said"},
    Key<TrustPolicy>{"annotations", &TrustPolicy::annotations, "{}",
                     "Annotations that each counted signature must carry, with these values.",
                     check_not_empty},
    Key<TrustPolicy>{
        "max_age",
        &TrustPolicy::max_age,
        "",
        "Longest time from the signed creation of an artifact to its admission. What is admitted stays good.",
        nullptr,
        {60 * kSecond, 10 * 366 * 24 * kHour},
        "any age"},
    Key<TrustPolicy>{"repositories", &TrustPolicy::repositories, "[]",
                     "Repositories that the policy is for, as `water/pump-control` or with the registry's "
                     "host in front; `*` stands for any text without `/`, `**` for any text. Empty: all.",
                     check_not_empty},
    Key<TrustPolicy>{"environments", &TrustPolicy::environments, "[]",
                     "Environments that the policy is for; `*` as above. Empty: all.", check_not_empty},
};

const std::array kAuthority{
    Key<Authority>{"keys",
                   &Authority::keys,
                   "",
                   "Kind 1, pinned keys: file names in the folder `keys`; any one of them.",
                   check_file_name,
                   {},
                   "unset"},
    Key<Authority>{"trusted_root",
                   &Authority::trusted_root,
                   "",
                   "For certificates, and for keys with `log` or `timestamp`: the file `sigstore/NAME.json` "
                   "in the trust directory that says which certificate authorities and logs count.",
                   check_not_empty,
                   {},
                   "the only one, when there is one"},
    Key<Authority>{"log",
                   &Authority::log,
                   "",
                   "Demand an entry in a transparency log of the trusted root.",
                   nullptr,
                   {},
                   "`true` for certificates, `false` for keys"},
    Key<Authority>{"sct",
                   &Authority::sct,
                   "",
                   "Demand that the certificate itself is in a certificate log.",
                   nullptr,
                   {},
                   "`true`; not for keys"},
    Key<Authority>{"timestamp",
                   &Authority::timestamp,
                   "",
                   "Demand a timestamp of a timestamp authority of the trusted root.",
                   nullptr,
                   {},
                   "`false`"},
    Key<Authority>{"notation", &Authority::notation, R"("")",
                   "Kind 3, Notary Project: name of a policy in `notation/trustpolicy.json` of the trust "
                   "directory that must be the one for the repository, and be satisfied."},
    Key<Authority>{"notation_store", &Authority::notation_store, R"("")",
                   "With `notation`: the trust store, as `ca:NAME`, that the certificate must be of. Empty: "
                   "as the policy says."},
};

const std::array kIdentity{
    Key<CertificateIdentity>{
        "issuer", &CertificateIdentity::issuer, R"("")",
        "Who vouches for the signer, exactly: `https://token.actions.githubusercontent.com`. One of `issuer` "
        "and `issuer_regexp` is set."},
    Key<CertificateIdentity>{
        "issuer_regexp", &CertificateIdentity::issuer_regexp, R"("")",
        "RE2 expression for it, searched for as Flux and cosign do: without `^` and `$` a part suffices."},
    Key<CertificateIdentity>{"subject", &CertificateIdentity::subject, R"("")",
                             "The signer, exactly: the subject alternative name of the certificate. One of "
                             "`subject` and `subject_regexp` is set."},
    Key<CertificateIdentity>{"subject_regexp", &CertificateIdentity::subject_regexp, R"("")",
                             "RE2 expression for it."},
    Key<CertificateIdentity>{"extensions", &CertificateIdentity::extensions, "{}",
                             "Further facts in the certificate, each equal: `source_repository_uri`, "
                             "`source_repository_ref`, `build_trigger`, `deployment_environment` and so on.",
                             check_not_empty},
};

const std::array kAttestation{
    Key<Attestation>{"name",
                     &Attestation::name,
                     "",
                     "What it is called in reasons and in the history.",
                     check_label,
                     {},
                     {},
                     true},
    Key<Attestation>{"type",
                     &Attestation::type,
                     "",
                     "Predicate type: a URI, or `slsaprovenance`, `slsaprovenance02`, `slsaprovenance1`, "
                     "`spdx`, `spdxjson`, `cyclonedx`, `link`, `vuln`, `openvex`, `custom`, `vsa`.",
                     check_not_empty,
                     {},
                     {},
                     true},
    Key<Attestation>{"authorities", &Attestation::authorities, "[]",
                     "Authorities of the policy that may attest it. Empty: any of them.", check_not_empty},
};

const std::array kCondition{
    Key<Condition>{"field",
                   &Condition::field,
                   "",
                   "JSON pointer into the predicate, as `/builder/id`; with `statement:` in front into the "
                   "whole statement. Exactly one of the tests below is set.",
                   check_not_empty,
                   {},
                   {},
                   true},
    Key<Condition>{"equals", &Condition::equals, "", "The field is this value.", nullptr, {}, "unset"},
    Key<Condition>{"one_of", &Condition::one_of, "[]", "The field is one of these values."},
    Key<Condition>{"matches", &Condition::matches, R"("")",
                   "The field is a text in which this RE2 expression is found."},
    Key<Condition>{"at_least",
                   &Condition::at_least,
                   "",
                   "The field is a number and not less than this.",
                   nullptr,
                   {},
                   "unset"},
    Key<Condition>{"at_most",
                   &Condition::at_most,
                   "",
                   "The field is a number and not more than this.",
                   nullptr,
                   {},
                   "unset"},
    Key<Condition>{"present", &Condition::present, "false", "The field is there, whatever it says."},
};

}  // namespace

const std::span<const Key<Trust>> kTrustKeys{kTrust};
const std::span<const Key<TrustPolicy>> kPolicyKeys{kPolicy};
const std::span<const Key<Authority>> kAuthorityKeys{kAuthority};
const std::span<const Key<CertificateIdentity>> kIdentityKeys{kIdentity};
const std::span<const Key<Attestation>> kAttestationKeys{kAttestation};
const std::span<const Key<Condition>> kConditionKeys{kCondition};

}  // namespace gridseal::config
