dnl Lets phpize, and so PIE, build the extension with Cargo: phpize && ./configure && make && make install.

PHP_ARG_ENABLE([squeeze_graph],
  [whether to enable squeeze_graph],
  [AS_HELP_STRING([--enable-squeeze_graph], [Enable squeeze_graph])],
  [yes])

if test "$PHP_SQUEEZE_GRAPH" != "no"; then
  AC_PATH_PROG([CARGO], [cargo], [no])
  if test "$CARGO" = "no"; then
    AC_MSG_ERROR([cargo was not found. Install Rust from https://rustup.rs and run ./configure again.])
  fi
  AC_PATH_PROG([CLANG], [clang], [no])
  if test "$CLANG" = "no"; then
    AC_MSG_ERROR([clang was not found. It reads PHP's headers; on Debian: apt-get install clang libclang-dev])
  fi
  dnl $PHP_PHP_CONFIG may be a bare name; the build needs a path.
  AC_PATH_PROG([PHP_CONFIG_PATH], [$PHP_PHP_CONFIG], [no])
  if test "$PHP_CONFIG_PATH" = "no"; then
    PHP_CONFIG_PATH="$PHP_PHP_CONFIG"
  fi
  dnl Without a folder to make, configure complains about its own mkdir.
  PHP_ADD_BUILD_DIR([modules])
  PHP_SUBST([CARGO])
  PHP_SUBST([PHP_CONFIG_PATH])
  PHP_ADD_MAKEFILE_FRAGMENT([Makefile.frag])
fi
