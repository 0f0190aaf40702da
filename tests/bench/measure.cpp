// Time and memory of a whole process. Usage: measure TIMES COMMAND [ARGUMENT...]
// Runs the command so often, its output unseen, and prints the median of the wall time in milliseconds and
// the most memory that was resident in kilobytes. Ends with 1 as soon as the command fails.
#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

extern char** environ;

int main(int argc, char** argv) {
  const long times = argc > 2 ? std::strtol(argv[1], nullptr, 10) : 0;
  if (times < 1) {
    std::fprintf(stderr, "usage: measure TIMES COMMAND [ARGUMENT...]\n");
    return 2;
  }
  posix_spawn_file_actions_t quiet;
  posix_spawn_file_actions_init(&quiet);
  posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&quiet, 2, "/dev/null", O_WRONLY, 0);
  std::vector<double> walls;
  long most = 0;
  for (long i = 0; i < times; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    pid_t child = 0;
    if (posix_spawnp(&child, argv[2], &quiet, nullptr, argv + 2, environ) != 0) return 1;
    int status = 0;
    rusage used{};
    if (wait4(child, &status, 0, &used) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 0) return 1;
    walls.push_back(
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count());
    most = std::max(most, used.ru_maxrss);
  }
  std::nth_element(walls.begin(), walls.begin() + static_cast<std::ptrdiff_t>(walls.size() / 2), walls.end());
  std::printf("%.1f %ld\n", walls[walls.size() / 2], most);
  return 0;
}
