// The one program of the packages: gridseald when it is called so, gridseal otherwise.
#include <string_view>

int gridseal_main(int argc, char** argv);
int gridseald_main(int argc, char** argv);

int main(int argc, char** argv) {
  const std::string_view name = argc > 0 ? argv[0] : "";
  return name.ends_with("gridseald") ? gridseald_main(argc, argv) : gridseal_main(argc, argv);
}
