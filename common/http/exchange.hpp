// One kept connection and the exchanges over it, one after the other, by cpp-httplib. The only header of the
// client's side that knows of it does not show it.
#pragma once

#include <memory>
#include <string>

#include "http/connection.hpp"
#include "http/transport.hpp"
#include "http/waiter.hpp"

namespace gridseal::http {

// One thread's at a time.
class Exchange {
 public:
  struct Identity {
    std::string host;  // the Host field
    std::string user_agent;
  };

  Exchange(Identity identity, Dialer dialer);
  ~Exchange();
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  // `check` and `sink` may be empty. Errors: see http::Transport.
  base::Result<Response> run(const Request& request, const HeadCheck& check, const BodySink& sink,
                             Waiter waiter);

  // Whether the connection can serve another exchange.
  bool is_open() const;
  // Whether the last run went over a connection that an earlier one had opened, and ended before a byte came
  // back.
  bool lost_kept_connection() const;

 private:
  class Client;
  std::unique_ptr<Client> client_;
};

// Whether `request` can be sent as it stands. Error (refused): http.request.
base::Result<void> check_request(const Request& request);

}  // namespace gridseal::http
