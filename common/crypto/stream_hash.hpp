// SHA-2 (FIPS 180-4) of a stream, whichever of the three; see hash.hpp for bytes that are all there.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "crypto/hash.hpp"

namespace gridseal::crypto {

class StreamHash {
 public:
  explicit StreamHash(Hash hash);
  ~StreamHash();
  StreamHash(const StreamHash&) = delete;
  StreamHash& operator=(const StreamHash&) = delete;

  void update(std::string_view bytes);
  // The raw value of everything since construction; once.
  std::string finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gridseal::crypto
