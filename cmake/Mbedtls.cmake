# gridseal_mbedtls: TLS, X.509 and cryptography of mbedTLS 2.28 or 3.6. Debian 12 ships no pkg-config file for it.

find_path(MBEDTLS_INCLUDE mbedtls/version.h REQUIRED)
find_library(MBEDTLS_LIBRARY mbedtls REQUIRED)
find_library(MBEDX509_LIBRARY mbedx509 REQUIRED)
find_library(MBEDCRYPTO_LIBRARY mbedcrypto REQUIRED)
mark_as_advanced(MBEDTLS_INCLUDE MBEDTLS_LIBRARY MBEDX509_LIBRARY MBEDCRYPTO_LIBRARY)

add_library(gridseal_mbedtls INTERFACE)
target_include_directories(gridseal_mbedtls SYSTEM INTERFACE ${MBEDTLS_INCLUDE})
target_link_libraries(gridseal_mbedtls INTERFACE ${MBEDTLS_LIBRARY} ${MBEDX509_LIBRARY} ${MBEDCRYPTO_LIBRARY})
