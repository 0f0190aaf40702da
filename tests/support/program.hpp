// Runs a program through the shell and keeps what it prints.
#pragma once

#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <string>

namespace gridseal::test {

struct Ran {
  int code = -1;       // exit status; -1: ended by a signal, or never began
  std::string output;  // standard output and standard error as they came
};

inline Ran run_program(const std::string& command) {
  Ran ran;
  std::FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return ran;
  std::array<char, 4096> piece{};
  size_t got = 0;
  while ((got = fread(piece.data(), 1, piece.size(), pipe)) > 0) ran.output.append(piece.data(), got);
  const int status = pclose(pipe);
  ran.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return ran;
}

}  // namespace gridseal::test
