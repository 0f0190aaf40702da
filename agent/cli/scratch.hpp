// A private directory below $TMPDIR, made at once and removed with the value.
#pragma once

#include <string>

#include "base/files.hpp"

namespace gridseal::cli {

class Scratch {
 public:
  // `directory` is where it is made. Errors: those of Files.
  static base::Result<Scratch> make(base::Files& files, const std::string& directory);
  ~Scratch();
  Scratch(Scratch&& other) noexcept;
  Scratch& operator=(Scratch&&) = delete;
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  const std::string& path() const { return path_; }

 private:
  Scratch(base::Files& files, std::string path) : files_(files), path_(std::move(path)) {}
  base::Files& files_;
  std::string path_;  // empty: moved away
};

}  // namespace gridseal::cli
