// Stands in front of a real registry and passes everything on, until a test tells it to lie, cut, stall or
// pour.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "http/client.hpp"
#include "support/https_server/scripted_server.hpp"

namespace gridseal::test {

// Runs until destroyed. Thread safe.
class RegistryFront {
 public:
  // Changes the true answer before it is sent; called from several threads.
  using Forge = std::function<void(const https_server::SeenRequest& request, https_server::Answer& answer)>;

  // `registry` is the URL of one on this host, `ca` the PEM that its certificate is checked against.
  RegistryFront(const std::string& registry, https_server::ServerSettings settings, std::string ca = {});

  std::string url() const { return server_->url(); }
  // An empty function: honest again.
  void set_forge(Forge forge);
  https_server::ScriptedServer& server() { return *server_; }

 private:
  https_server::Answer answer(const https_server::SeenRequest& request);

  http::ClientConnector connector_;
  std::shared_ptr<http::Transport> registry_;
  std::mutex mutex_;
  Forge forge_;
  std::unique_ptr<https_server::ScriptedServer> server_;  // last: serves when all else is there
};

}  // namespace gridseal::test
