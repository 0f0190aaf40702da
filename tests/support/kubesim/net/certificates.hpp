// The cluster's own certificate authority and the kubeconfig made from it.
#pragma once

#include <string>
#include <vector>

namespace gridseal::kubesim {

struct KeyPair {
  std::string certificate_pem;
  std::string key_pem;
};

// A self-signed authority (ECDSA P-256), as k3s makes one.
KeyPair make_authority(const std::string& name);
// A certificate signed by `authority`: for the server with its addresses, or for a client whose O are its
// groups.
KeyPair make_server_certificate(const KeyPair& authority, const std::vector<std::string>& addresses,
                                const std::vector<std::string>& names);
KeyPair make_client_certificate(const KeyPair& authority, const std::string& user,
                                const std::vector<std::string>& groups);
// A kubeconfig like k3s' own: everything embedded.
std::string kubeconfig(const std::string& url, const std::string& authority_pem, const KeyPair& client);

}  // namespace gridseal::kubesim
