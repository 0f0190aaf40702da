// The checks: each looks at one thing and says what it found. None changes anything, prints a secret, or
// fails: what stands in its way is a finding too. What belongs to a component, registry or policy is looked
// at only while there are settings.
#pragma once

#include <stop_token>

#include "doctor/finding.hpp"
#include "doctor/host.hpp"

namespace gridseal::doctor {

// settings
Findings check_settings(const Case& subject, const std::stop_token& stop);
// trust
Findings check_trust_files(const Case& subject, const std::stop_token& stop);
Findings check_policies(const Case& subject, const std::stop_token& stop);
// clock
Findings check_clock(const Case& subject, const std::stop_token& stop);
// disk
Findings check_state_directory(const Case& subject, const std::stop_token& stop);
Findings check_space(const Case& subject, const std::stop_token& stop);
// files
Findings check_secret_files(const Case& subject, const std::stop_token& stop);
Findings check_writable_settings(const Case& subject, const std::stop_token& stop);
Findings check_agent_can_read(const Case& subject, const std::stop_token& stop);
// history
Findings check_history(const Case& subject, const std::stop_token& stop);
Findings check_host_key(const Case& subject, const std::stop_token& stop);
// registry
Findings check_registries(const Case& subject, const std::stop_token& stop);
// cluster
Findings check_kubeconfig(const Case& subject, const std::stop_token& stop);
Findings check_api(const Case& subject, const std::stop_token& stop);
// k3s
Findings check_k3s_certificates(const Case& subject, const std::stop_token& stop);
Findings check_k3s_manifests(const Case& subject, const std::stop_token& stop);
Findings check_k3s_fallback(const Case& subject, const std::stop_token& stop);
Findings check_k3s_registries(const Case& subject, const std::stop_token& stop);
// service
Findings check_unit(const Case& subject, const std::stop_token& stop);
Findings check_agent(const Case& subject, const std::stop_token& stop);

}  // namespace gridseal::doctor
