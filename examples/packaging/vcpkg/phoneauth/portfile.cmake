set(VCPKG_BUILD_TYPE release) # header-only

vcpkg_download_distfile(ARCHIVE
    URLS "@url@"
    FILENAME "phoneauth-${VERSION}.tar.gz"
    SHA512 @sha512@
)
vcpkg_extract_source_archive(SOURCE_PATH ARCHIVE "${ARCHIVE}")

# Without the feature, what is installed must not depend on whether Asio is found.
if("asio" IN_LIST FEATURES)
    set(asio -DPHONEAUTH_REQUIRE=asio)
else()
    set(asio -DPHONEAUTH_ASIO_INCLUDE_DIR=OFF)
endif()

vcpkg_cmake_configure(
    SOURCE_PATH "${SOURCE_PATH}"
    OPTIONS
        -DPHONEAUTH_BUILD_TESTS=OFF
        -DPHONEAUTH_BUILD_EXAMPLES=OFF
        -DPHONEAUTH_HIREDIS_INCLUDE_DIR=OFF
        ${asio}
)
vcpkg_cmake_install()
vcpkg_cmake_config_fixup(CONFIG_PATH share/cmake/phoneauth)
vcpkg_fixup_pkgconfig()

file(INSTALL "${CMAKE_CURRENT_LIST_DIR}/usage" DESTINATION "${CURRENT_PACKAGES_DIR}/share/${PORT}")
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE")
