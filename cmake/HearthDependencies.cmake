# Every dependency comes from the distribution. A missing one stops here with the package to install.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

function(hearth_pkg target module package)
  pkg_check_modules(${target} IMPORTED_TARGET GLOBAL ${module})
  if(NOT ${target}_FOUND)
    message(FATAL_ERROR "${module} not found: apt-get install ${package} (scripts/install-deps installs everything)")
  endif()
endfunction()

hearth_pkg(UV libuv libuv1-dev)
hearth_pkg(PQ libpq libpq-dev)
hearth_pkg(CURL libcurl libcurl4-openssl-dev)
hearth_pkg(ARGON2 libargon2 libargon2-dev)
hearth_pkg(SYSTEMD libsystemd libsystemd-dev)
hearth_pkg(CRYPTO libcrypto libssl-dev)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
find_package(tl-expected REQUIRED)

include(HearthLlhttp)

if(HEARTH_BUILD_TESTS)
  find_package(GTest REQUIRED)
  find_library(CMOCKA_LIBRARY cmocka REQUIRED)
endif()
