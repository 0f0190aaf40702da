# What the architectures have in common. The libraries are those of Debian's multiarch:
#   dpkg --add-architecture arm64 && apt-get update && apt-get install crossbuild-essential-arm64 libarchive-dev:arm64 …
# and programs that were built are run by qemu-user, in tests and to write their man pages.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_C_COMPILER ${GRIDSEAL_TRIPLET}-gcc)
set(CMAKE_CXX_COMPILER ${GRIDSEAL_TRIPLET}-g++)
set(CMAKE_LIBRARY_ARCHITECTURE ${GRIDSEAL_TRIPLET})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(ENV{PKG_CONFIG_LIBDIR} "/usr/lib/${GRIDSEAL_TRIPLET}/pkgconfig:/usr/share/pkgconfig")
