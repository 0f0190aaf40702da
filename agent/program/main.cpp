// The one program of the packages: gridseald or gridseal-images when it is called so, gridseal otherwise.
#include <string_view>

int gridseal_main(int argc, char** argv);
int gridseald_main(int argc, char** argv);
int gridseal_images_main(int argc, char** argv);

int main(int argc, char** argv) {
  const std::string_view name = argc > 0 ? argv[0] : "";
  if (name.ends_with("gridseald")) return gridseald_main(argc, argv);
  if (name.ends_with("gridseal-images")) return gridseal_images_main(argc, argv);
  return gridseal_main(argc, argv);
}
